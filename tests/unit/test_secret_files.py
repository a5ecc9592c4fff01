"""Secrets that lie in files: what is read, and what each mistake is told as."""

from __future__ import annotations

from pathlib import Path

import pytest

from reader.secret_files import BadSecretFile, hidden
from reader.settings import Settings

URL = "mongodb://evantr:s3cret@mongo-1:27017/evantr?replicaSet=rs0"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where EVANTR_STORE_FILE points; the file is not there yet."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "store"
    monkeypatch.setenv("EVANTR_STORE_FILE", str(path))
    return path


@pytest.mark.parametrize("around", ["", "\n", "\r\n", "  \n\n"])
def test_a_line_break_at_the_end_does_not_count(file: Path, around: str) -> None:
    file.write_bytes((URL + around).encode())
    assert Settings().store == URL


def test_what_is_given_to_the_program_itself_wins(file: Path) -> None:
    file.write_text(URL)
    assert Settings(store="mongodb://here/x").store == "mongodb://here/x"


def test_an_empty_variable_beside_it_is_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(URL)
    monkeypatch.setenv("EVANTR_STORE", "")
    assert Settings().store == URL


def test_it_may_be_named_in_the_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("evt_1\n")
    (tmp_path / ".env").write_text(f"EVANTR_ADMIN_TOKEN_FILE={tmp_path / 'token'}\n")
    assert Settings().admin_token == "evt_1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (URL.encode() + b"\nsecond\n", "more than one line"),
        (b"x" * 10_001, "too large"),
        (b"\xff\xfe", "no text in UTF-8"),
    ],
)
def test_mistakes_are_told_without_the_secret(file: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSecretFile) as caught:
        Settings()
    assert said in str(caught.value)
    assert "EVANTR_STORE_FILE" in str(caught.value) and str(file) in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_both_at_once_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(URL)
    monkeypatch.setenv("EVANTR_STORE", "mongodb://elsewhere/x")
    with pytest.raises(BadSecretFile, match="EVANTR_STORE and EVANTR_STORE_FILE are both set"):
        Settings()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (URL, "mongodb://…@mongo-1:27017/evantr?replicaSet=rs0"),
        ("nats://a:b@one:4222,nats://c:d@two:4222", "nats://…@two:4222"),
        ("mongodb://here/evantr", "mongodb://here/evantr"),
        ("someone@example.org", "someone@example.org"),
        ("", ""),
    ],
)
def test_addresses_are_shown_without_what_opens_them(address: str, shown: str) -> None:
    assert hidden(address) == shown
