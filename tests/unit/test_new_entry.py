"""An entry crosses processes whole."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace

from reader.models.entry import Enclosure, NewEntry
from tests.contract.mappers.make import new_entry


def test_it_comes_out_as_it_went_in() -> None:
    entry = replace(
        new_entry("a", 1.0), guid="g", story=b"s", keys=b"k", changes=3, enclosures=(Enclosure("u", None, 1),)
    )
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert len(entry.__reduce__()[1]) == len(fields(NewEntry)), "a new field has to cross too"
