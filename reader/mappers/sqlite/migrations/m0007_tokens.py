"""Rights of personal tokens: words separated by spaces, none by default."""

SQL = """
ALTER TABLE token ADD COLUMN rights TEXT NOT NULL DEFAULT '';
"""
