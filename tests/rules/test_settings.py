"""docs/settings.md lists every setting with its variable, default and meaning, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from reader.secret_files import SECRETS
from reader.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `EVANTR_([A-Z_]+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)


def shown(value: object) -> str:
    """A default as the page writes it."""
    if value in ("", ()):
        return "empty"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    return f"`{value}`"


def expected() -> dict[str, tuple[str, str]]:
    out = {}
    for name, field in Settings.model_fields.items():
        assert field.default is not PydanticUndefined, f"{name} has no default"
        assert field.description, f"{name} has no description"
        out[name.upper()] = (shown(field.default), field.description)
    return out


def test_page_lists_every_setting() -> None:
    found = {name: (default, meaning) for name, default, meaning in ROW.findall(PAGE.read_text())}
    assert found == expected()


def test_page_lists_every_secret_that_can_lie_in_a_file() -> None:
    rows = re.findall(r"^\| `EVANTR_([A-Z_]+)_FILE` \| `EVANTR_([A-Z_]+)` \|$", PAGE.read_text(), re.MULTILINE)
    assert {of for _, of in rows} == {name.upper() for name in SECRETS}
    assert all(file == of for file, of in rows)
    assert set(Settings.model_fields) >= SECRETS
    named = {f"{name}_file" for name in SECRETS}
    assert not named & set(Settings.model_fields), "a setting of its own would be taken for the file of another"
