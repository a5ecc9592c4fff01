"""What is SQLite alone: threads, files, migrations."""
