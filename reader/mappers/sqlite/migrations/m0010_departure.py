"""Accounts that are being removed, and names that nobody may take again."""

SQL = """
-- Set once, when removal begins: from then on the account is absent for everybody.
ALTER TABLE user ADD COLUMN leaving_at REAL;
CREATE INDEX user_leaving ON user (leaving_at) WHERE leaving_at IS NOT NULL;
-- SHA-256 of the names of removed accounts: whoever took one would speak in the name of who left.
CREATE TABLE reserved_name (digest BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
