"""The parts of the cleaner (reader/ingest/clean.py): what may stay, how tags are rewritten, what needs the tree."""
