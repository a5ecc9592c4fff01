"""What upkeep and cards look for among shares."""

SQL = """
-- The entry of a share that was taken back was emptied, because undo had expired.
ALTER TABLE share ADD COLUMN wiped INTEGER NOT NULL DEFAULT 0;
CREATE INDEX share_unwiped ON share (removed_at) WHERE removed_at IS NOT NULL AND wiped = 0;
-- Who shared a story among the streams that somebody follows.
DROP INDEX share_story;
CREATE INDEX share_story ON share (story, feed_id);
"""
