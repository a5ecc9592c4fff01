"""Due feeds are found in the index alone: their rows lie scattered over the whole table."""

SQL = """
DROP INDEX feed_due;
CREATE INDEX feed_due ON feed (next_pull_at, id, lease_until, url) WHERE kind = 'site' AND state <> 'gone';
"""
