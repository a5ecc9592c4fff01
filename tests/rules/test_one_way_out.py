"""What leaves this machine goes through reader/ingest/fetch.py and its guard: no other code can open a connection."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.rules.test_imports import ROOT, sources

# Modules that can open a connection or look a name up, and the one place where each may be used.
ALLOWED: dict[str, tuple[str, ...]] = {
    "aiohttp": ("reader/ingest/fetch.py", "reader/ingest/connect.py", "reader/ingest/failures.py", "workers/demo/"),
    "httpx": ("workers/cli/admin_client.py",),  # the operator's own client of the operator's own server
    "socket": (
        "reader/ingest/connect.py",
        "reader/ingest/failures.py",
        "reader/process.py",
        "workers/farewell.py",
        "workers/serve.py",
        "workers/cpu_process.py",  # sizes the buffer of a pipe to a process of its own
    ),
    "ssl": ("reader/ingest/failures.py",),
    "subprocess": (),
    "http.server": ("workers/demo/",),  # a server, for the sites of the demonstration
}
FORBIDDEN = {
    "dns", "ftplib", "http.client", "imaplib", "nntplib", "poplib", "pycurl", "requests", "smtplib",
    "socketserver", "telnetlib", "tornado", "urllib.request", "urllib3", "websocket", "websockets", "xmlrpc",
}  # fmt: skip
CALLS = {"open_connection", "create_connection", "create_datagram_endpoint", "open_unix_connection", "sock_connect",
         "urlopen", "gethostbyname", "create_subprocess_exec", "create_subprocess_shell", "popen"}  # fmt: skip


def modules(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_other_way_out(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    tree = ast.parse(path.read_text())
    for name in modules(tree):
        top = name.partition(".")[0]
        assert name not in FORBIDDEN and top not in FORBIDDEN, f"{place} imports {name}"
        for key in {name, top, name.rpartition(".")[0]} & ALLOWED.keys():
            assert place.startswith(ALLOWED[key] or ("-",)), f"{place} imports {name}"
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    if place == "workers/ward.py":
        called.discard("create_subprocess_exec")  # processes of this very program
    assert not called & CALLS, f"{place} calls {called & CALLS}"


def test_feedparser_gets_text_and_never_an_address() -> None:
    """It would fetch what looks like a URL."""
    uses = [path for path in sources() if "feedparser.parse(" in path.read_text()]
    for path in uses:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "feedparser.parse":
                assert "StringIO" in ast.unparse(node.args[0]) or "BytesIO" in ast.unparse(node.args[0]), path
