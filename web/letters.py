"""Dead letters and lines of the audit, as a page writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reader.models.operations import AuditLine, DeadLetter, SettingInForce
from web.dates import Times
from web.operations import plain


@dataclass(frozen=True, slots=True)
class LetterRow:
    key: str
    what: str
    queue: str
    error: str
    attempts: int
    when: str
    story: tuple[str, ...]
    args: str


def rows(dead: Iterable[DeadLetter], times: Times) -> list[LetterRow]:
    return [
        LetterRow(
            letter.key,
            f"{letter.name} {about(letter.args)}".strip(),
            letter.queue,
            letter.error,
            letter.attempts,
            times.near(letter.died_at),
            letter.story,
            letter.args,
        )
        for letter in dead
    ]


def about(args: str) -> str:
    """What a job is about, from its arguments: "feed 12", "https://gazette.example/"."""
    try:
        values = json.loads(args)
    except ValueError:
        return ""
    if not isinstance(values, dict):
        return ""
    for name, value in values.items():
        if name.endswith("_id"):
            return f"{name.removesuffix('_id')} {value}"
        if isinstance(value, str) and value:
            return value[:200]
    return ""


@dataclass(frozen=True, slots=True)
class Back:
    """A form that puts a setting back to what it was before."""

    queue: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    when: str
    who: str
    what: str
    before: str
    after: str
    back: Back | None


def audit(lines: Iterable[AuditLine], settings: Sequence[SettingInForce], times: Times) -> list[AuditRow]:
    """The newest change of each setting that is still in force can be put back."""
    now = {f"{each.queue}: {each.name}": each for each in settings}
    out = []
    for line in lines:
        setting = now.pop(line.what, None)
        out.append(
            AuditRow(line.id, times.near(line.at), line.user, line.what, line.before, line.after, _back(line, setting))
        )
    return out


def _back(line: AuditLine, setting: SettingInForce | None) -> Back | None:
    if setting is None:
        return None
    before = line.before.partition(" ")[0]
    return Back(setting.queue, setting.name, before) if before and before != plain(setting.value) else None
