"""Every implementation of a port passes the same tests."""
