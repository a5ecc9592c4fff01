"""What is wrong with a field, in words. Never echoes the input: it may hold anything, a password too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Context = Mapping[str, Any]

SENTENCES: dict[str, str | Callable[[Context], str]] = {
    "missing": "This is missing.",
    "string_type": "This is a text.",
    "string_unicode": "This holds characters that cannot be stored. Send it without them.",
    "string_pattern_mismatch": "This does not have the shape it needs.",
    "string_too_short": lambda c: f"This has at least {_count(c['min_length'], 'character')}.",
    "string_too_long": lambda c: f"This has at most {_count(c['max_length'], 'character')}.",
    "int_type": "This is a whole number.",
    "int_parsing": "This is a whole number.",
    "int_parsing_size": "This number is too large.",
    "int_from_float": "This is a whole number.",
    "float_type": "This is a number.",
    "float_parsing": "This is a number.",
    "finite_number": "This is a finite number.",
    "bool_type": "This is true or false.",
    "bool_parsing": "This is true or false.",
    "list_type": "This is a list.",
    "too_long": lambda c: f"This has at most {_count(c['max_length'], 'item')}.",
    "too_short": lambda c: f"This has at least {_count(c['min_length'], 'item')}.",
    "greater_than": lambda c: f"This is more than {c['gt']}.",
    "greater_than_equal": lambda c: f"This is at least {c['ge']}.",
    "less_than": lambda c: f"This is less than {c['lt']}.",
    "less_than_equal": lambda c: f"This is at most {c['le']}.",
    "literal_error": lambda c: f"This is one of {c['expected']}.",
    "dict_type": "Send a JSON object, with Content-Type: application/json.",
    "model_attributes_type": "Send a JSON object, with Content-Type: application/json.",
    "model_type": "Send a JSON object, with Content-Type: application/json.",
    "extra_forbidden": "There is no such field.",
}


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def in_words(errors: Sequence[Any]) -> dict[str, str]:
    """Name of each field → one sentence. A field of a list is named as in ids.3, the body as a whole as ""."""
    out: dict[str, str] = {}
    for error in errors:
        where = [str(part) for part in error["loc"]]
        if where and where[0] in ("body", "query", "path", "header", "cookie"):
            where = where[1:]
        out.setdefault(".".join(where), sentence(error["type"], error.get("ctx") or {}, error["msg"]))
    return out


def sentence(kind: str, context: Context, fallback: str) -> str:
    found = SENTENCES.get(kind)
    if found is None:
        return fallback.removeprefix("Value error, ").rstrip(".") + "."
    return found if isinstance(found, str) else found(context)
