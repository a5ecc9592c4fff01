"""Business rules per entity: write, then enqueue, then publish."""
