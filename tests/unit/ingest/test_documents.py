"""Documents with the values that a parser must find in them, through the batch command ``parse``.

documents/*.txt: ``#### name``, lines ``@url`` and ``@type`` (and ``@charset``: what the bytes are in), the document,
``#### =`` and a part of the answer as JSON; entries are given one for one, each with the fields that matter. A field
"x~" holds what field x must contain.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from workers.batch import perform

FOLDER = Path(__file__).parent / "documents"


class Case(NamedTuple):
    name: str
    body: bytes
    url: str
    content_type: str | None
    expected: dict[str, Any]


def cases() -> list[Case]:
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        parts = re.split(r"^#### (.*)\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
        for name, text, equals, expected in zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True):
            assert equals == "=", f"{path.name}: {name}"
            found.append(_case(f"{path.stem}: {name}", text, json.loads(expected)))
    return found


def _case(name: str, text: str, expected: dict[str, Any]) -> Case:
    settings = {"url": "https://example.org/feeds/main.xml", "charset": "utf-8", "type": ""}
    while text.startswith("@"):
        line, _, text = text.partition("\n")
        key, _, settings_value = line[1:].partition(" ")
        settings[key] = settings_value
    body = text.removesuffix("\n").encode(settings["charset"], "surrogateescape")
    return Case(name, body, settings["url"], settings["type"] or None, expected)


def parsed(body: bytes, url: str, content_type: str | None = None) -> dict[str, Any]:
    line = {"id": 1, "body": base64.b64encode(body).decode(), "url": url, "content_type": content_type}
    answer: dict[str, Any] = json.loads(perform("parse", json.dumps(line)))
    return answer


CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_document(case: Case) -> None:
    answer = parsed(case.body, case.url, case.content_type)
    if "error" in case.expected:
        assert answer["error"]["kind"] == case.expected["error"]
        return
    assert "error" not in answer, answer["error"]
    _compare("", answer, {key: value for key, value in case.expected.items() if key != "entries"})
    if "entries" in case.expected:
        assert len(answer["entries"]) == len(case.expected["entries"])
        for number, (got, wanted) in enumerate(zip(answer["entries"], case.expected["entries"], strict=True)):
            _compare(f"entries[{number}].", got, wanted)


def _compare(where: str, got: dict[str, Any], wanted: dict[str, Any]) -> None:
    for key, value in wanted.items():
        if key == "feed":
            _compare("feed.", got["feed"], value)
        elif key.endswith("~"):
            assert value in (got[key[:-1]] or ""), f"{where}{key[:-1]}: {got[key[:-1]]}"
        else:
            assert got[key] == value, f"{where}{key}"
