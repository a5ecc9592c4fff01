"""Shares of the last hours are looked at again by upkeep."""

SQL = "CREATE INDEX share_created ON share (created_at) WHERE parent_id IS NOT NULL;"
