"""From errors to problems, and what is wrong with a field in words."""

from __future__ import annotations

import orjson
import pytest
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.exceptions import HTTPException

from api.bodies import parse_json
from api.errors import Problem, Refused, problem_of
from api.v1.marks import MarkAllIn, MarkIn
from api.words import in_words, sentence
from reader.errors import Away, Conflict, EvantrError, Forbidden, Invalid, Limited, NotFound, Upstream


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x"), 404),
        (Invalid("x", {"a": "b"}), 422),
        (Conflict("x"), 409),
        (Forbidden("x"), 403),
        (Forbidden("x", signed_out=True), 401),
        (Limited("x", 7), 429),
        (Upstream("dns", "x"), 502),
        (Away("x"), 503),
        (EvantrError("x"), 400),
        (Refused(413, "x"), 413),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.detail) == (status, "x")


def test_every_error_of_the_tree_is_known() -> None:
    names = {kind.__name__ for kind in EvantrError.__subclasses__()}
    assert {name for name in names if not name.startswith("_")} == {  # a module's own, seen nowhere else
        "NotFound", "Invalid", "Conflict", "Forbidden", "Limited", "Upstream", "Away",
    }  # fmt: skip


def test_headers_that_belong_to_a_problem() -> None:
    assert problem_of(Limited("x", 0)).headers == {"Retry-After": "1"}
    assert "WWW-Authenticate" in problem_of(Forbidden("x", signed_out=True)).headers
    assert problem_of(HTTPException(405, headers={"Allow": "GET"})).headers == {"Allow": "GET"}
    assert problem_of(Upstream("dns", "x")).type == "urn:evantr:problem:upstream-dns"


def test_unknown_errors_say_nothing_of_the_inside() -> None:
    problem = problem_of(RuntimeError("secret"))
    assert problem.status == 500
    assert "secret" not in problem.detail


def test_a_problem_can_always_be_written() -> None:
    problem = Problem(422, "a\ud800b", {"c\udfff": "\ud800"}, request_id="1")
    assert orjson.loads(problem.to_json())["detail"] == "a?b"


def words_for(model: type[BaseModel], value: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as raised:
        model.model_validate(value)
    return in_words(raised.value.errors())


def test_fields_in_words() -> None:
    assert words_for(MarkIn, {}) == {"ids": "This is missing."}
    assert words_for(MarkIn, {"ids": [1, "x"], "read": 1}) == {
        "ids.1": "This is a whole number.",
        "read": "This is true or false.",
    }
    assert words_for(MarkIn, {"ids": [0]}) == {"ids.0": "This is at least 1."}
    assert words_for(MarkIn, {"ids": [1] * 1001}) == {"ids": "This has at most 1,000 items."}
    assert words_for(MarkAllIn, {"scope": "x", "as_of": 1}) == {"scope": "This does not have the shape it needs."}
    assert words_for(MarkAllIn, 3) == {"": "Send a JSON object, with Content-Type: application/json."}


def test_whatever_pydantic_says_is_a_sentence_without_the_input() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        when: bytes

    assert words_for(Strict, {"when": 5}) == {"when": "Input should be a valid bytes."}
    assert sentence("unknown", {}, "Value error, so it is") == "so it is."


@pytest.mark.parametrize(
    "raw", [b"NaN", b"[1e999]", b'"\\ud800"', b'{"a": ["\\u0000"]}', b'{"\\u0000": 1}', b"", b"\xff"]
)
def test_json_that_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_json(raw)
    assert refused.value.status_code == 400


@pytest.mark.parametrize("raw", [b'"\\\\u0000"', b'{"a": "\\\\u0000 as text"}', b"1", b'"\\ud83d\\ude00"'])
def test_json_that_only_looks_bad(raw: bytes) -> None:
    assert parse_json(raw) == orjson.loads(raw)
