"""Frozen dataclasses: what the system is about. No behaviour that needs a database, a clock or a network."""
