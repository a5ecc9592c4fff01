"""Words of entries, for search."""

SQL = """
-- Contentless: the words only; what they stand in is entry's. rowid = entry.id.
CREATE VIRTUAL TABLE entry_words USING fts5(
    title, body, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2'
);
-- Entries with an id up to "left" are still to be indexed, from the newest down.
CREATE TABLE search_fill (one INTEGER PRIMARY KEY CHECK (one = 1), left INTEGER NOT NULL);
INSERT INTO search_fill (one, left) SELECT 1, coalesce(max(id), 0) FROM entry;
"""
