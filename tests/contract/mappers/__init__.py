"""The mappers: tests import contracts and models alone, so that they say nothing of a database."""
