"""Implementations of the PubSub port (reader/events.py)."""
