"""People and a program for every test here."""

from tests.helpers.app import ada, anyone, bob, world

__all__ = ["ada", "anyone", "bob", "world"]
