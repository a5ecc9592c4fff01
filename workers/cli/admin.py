"""admin queues|managers|jobs|dead|set: watching and steering a running Evantr over its API."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from workers.cli.admin_client import Server, say_json, segment, span, table
from workers.cli.common import EPILOG, Fail, Function, settings_with

META = "evantr.admin"


def _options(function: Function) -> Function:
    for option in (
        click.option("--url", help="Where Evantr is (default: EVANTR_ADMIN_URL, else http://127.0.0.1:8000)."),
        click.option("--token", help="Token of an administrator (default: EVANTR_ADMIN_TOKEN)."),
        click.option("--json", "as_json", is_flag=True, help="Print the API's answer."),
    ):
        function = option(function)
    return function


def with_server(function: Function) -> Function:
    """Adds --url, --token and --json, before or after the name of the command; the command gets ``server``."""

    @_options
    @functools.wraps(function)
    def command(url: str | None, token: str | None, as_json: bool, **arguments: Any) -> Any:
        given = click.get_current_context().meta.get(META, {})
        settings = settings_with(log_level="warning")
        server = Server.of(settings, url or given.get("url"), token or given.get("token"))
        return function(server=server, as_json=as_json or given.get("as_json", False), **arguments)

    return command


@click.group(epilog=EPILOG)
@_options
@click.pass_context
def admin(context: click.Context, url: str | None, token: str | None, as_json: bool) -> None:
    """Watch and steer a running Evantr: queues, managers, jobs, dead letters, settings.

    Speaks to its API with the token of an administrator; `evantr token add NAME` makes one.
    """
    context.meta[META] = {"url": url, "token": token, "as_json": as_json}


def _repeat(every: float | None, draw: Callable[[], str]) -> None:
    """Prints once, or again and again until Ctrl-C."""
    while True:
        text = draw()
        if every is not None:
            click.clear()
        click.echo(text)
        if every is None:
            return
        time.sleep(every)


_watch = click.option(
    "--watch", "every", type=click.FloatRange(0.5, 3600), is_flag=False, flag_value=2.0, default=None,
    help="Draw it anew every so many seconds (2 if none are named).",
)  # fmt: skip


@admin.command(epilog=EPILOG)
@_watch
@with_server
def queues(server: Server, as_json: bool, every: float | None) -> None:
    """Queues: what waits and runs, how many may, how fast, what failed."""
    if as_json:
        return say_json(server.get("/admin/queues"))
    return _repeat(every, lambda: _queues(server.get("/admin/overview")))


def _queues(overview: dict[str, Any]) -> str:
    head = ("QUEUE", "CLASS", "WAITING", "RUNNING", "ALLOWED", "MOST", "OLDEST", "A MINUTE", "FAILED", "DEAD")
    rows = [
        (
            q["name"], q["priority"], q["waiting"] + q["delayed"], q["running"], q["allowed"],
            q["settings"]["max_running"], span(q["oldest_age"]), f"{q['done_per_minute']:.0f}", q["failed"], q["dead"],
        )
        for q in overview["queues"]
    ]  # fmt: skip
    return f"{table(head, rows, 'cdefghij')}\n\n{_updater(overview['updater'])}"


def _updater(updater: dict[str, Any]) -> str:
    late = f", the latest by {span(updater['late_seconds'])}" if updater["due"] else ""
    due = f"{updater['due']} feeds are due{late}."
    if updater["holder"] is None:
        return f"No updater leads. {due}"
    since = f" since {_clock(updater['since'])}" if updater["since"] else ""
    return f"The updater is process {updater['pid']} on {updater['host']}{since}. {due}"


@admin.command(epilog=EPILOG)
@_watch
@with_server
def managers(server: Server, as_json: bool, every: float | None) -> None:
    """Managers and their CPU processes: jobs, memory, how late their loops run."""
    if as_json:
        return say_json(server.get("/admin/managers"))
    return _repeat(every, lambda: _managers(server.get("/admin/managers")["managers"]))


def _managers(found: list[dict[str, Any]]) -> str:
    if not found:
        return "No process has reported lately."
    rows: list[tuple[object, ...]] = []
    for m in found:
        does = m["role"] + (", updater" if m["leads"] else "") + (", ends" if m["draining"] else "")
        running = sum(q["running"] for q in m["queues"])
        memory, share = f"{m['memory'] / 1e6:.0f} MB", f"{m['cpu_share'] * 100:.0f} %"
        rows.append((f"{m['host']} {m['pid']}", running, memory, f"{m['lag_ms']:.0f} ms", share, does))
        for cpu in m["cpu"]:
            busy = f"runs {cpu['running']}" if cpu["running"] else f"idle for {span(cpu['seconds_idle'])}"
            rows.append((f"  cpu {cpu['pid']}", cpu["jobs"], f"{cpu['memory'] / 1e6:.0f} MB", "", "", busy))
    return table(("PROCESS", "JOBS", "MEMORY", "LATE", "CPU", "DOES"), rows, "bcde")


@admin.command(epilog=EPILOG)
@click.option("--queue", help="Only of this queue.")
@click.option("--state", help="Only in this state, such as failed.")
@click.option("--limit", type=click.IntRange(1, 500), default=30, show_default=True)
@click.option("--story", is_flag=True, help="Tell how each went.")
@with_server
def jobs(server: Server, as_json: bool, queue: str | None, state: str | None, limit: int, story: bool) -> None:
    """The last jobs of all managers, the newest first."""
    found = server.get("/admin/jobs", queue=queue, state=state, limit=limit)
    if as_json:
        return say_json(found)
    if not found["jobs"]:
        return click.echo("No such job has run since the managers started.")
    for job in found["jobs"]:
        said = f"  {job['error']}" if job["error"] else ""
        took = f"{job['seconds']:.1f} s" if job["seconds"] >= 1 else f"{job['seconds'] * 1000:.0f} ms"
        what = f"{job['name']} {job['args']}"
        click.echo(f"{_clock(job['started'])}  {job['queue']:<9}  {job['state']:<9}  {took:>8}  {what}{said}")
        for line in job["lines"] if story else ():
            click.echo(f"    {line}")
    return None


@admin.group(epilog=EPILOG, invoke_without_command=True)
@click.pass_context
def dead(context: click.Context) -> None:
    """Dead letters: jobs that were given up. Without a further word: list them."""
    if context.invoked_subcommand is None:
        context.invoke(list_dead)


@dead.command("list", epilog=EPILOG)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--story", is_flag=True, help="Tell how each came to it.")
@with_server
def list_dead(server: Server, as_json: bool, limit: int = 50, story: bool = False) -> None:
    """List dead letters, the newest first: key, job, error."""
    found = server.get("/admin/dead", limit=limit)
    if as_json:
        return say_json(found)
    if not found["dead"]:
        return click.echo("There are no dead letters.")
    for letter in found["dead"]:
        args = json.dumps(letter["args"], ensure_ascii=False)
        click.echo(f"{letter['key']}  {_day(letter['died_at'])}  {letter['queue']}: {letter['name']} {args}")
        click.echo(f"    {letter['error']} ({letter['attempts']} attempts)")
        for line in letter["story"] if story else ():
            click.echo(f"    {line}")
    if found["next"]:
        click.echo(f"There are more than these {limit}: --limit")
    return None


def _one_or_all(function: Function) -> Function:
    @click.argument("key", required=False)
    @click.option("--all", "everything", is_flag=True, help="All of them.")
    @functools.wraps(function)
    def command(key: str | None, everything: bool, **arguments: Any) -> Any:
        if (key is None) != everything:
            raise click.UsageError("Name one dead letter by its key, or say --all.")
        return function(key=key, **arguments)

    return command


@dead.command(epilog=EPILOG)
@_one_or_all
@with_server
def retry(server: Server, as_json: bool, key: str | None) -> None:
    """Let the job KEY run again, with all its attempts; or all of them."""
    if key is None:
        done = server.post("/admin/dead/retry")
        return say_json(done) if as_json else click.echo(f"{done['changed']} jobs are tried again.")
    letter = server.post(f"/admin/dead/{segment(key)}/retry")
    return say_json(letter) if as_json else click.echo(f"{letter['name']} {key} is tried again.")


@dead.command(epilog=EPILOG)
@_one_or_all
@with_server
def drop(server: Server, as_json: bool, key: str | None) -> None:
    """Forget the dead letter KEY, or all of them."""
    if key is None:
        done = server.post("/admin/dead/drop")
        return say_json(done) if as_json else click.echo(f"{done['changed']} jobs are dropped.")
    letter = server.delete(f"/admin/dead/{segment(key)}")
    return say_json(letter) if as_json else click.echo(f"{letter['name']} {key} is dropped.")


@admin.command("set", epilog=EPILOG)
@click.argument("queue", required=False)
@click.argument("name", required=False)
@click.argument("value", required=False)
@with_server
def set_(server: Server, as_json: bool, queue: str | None, name: str | None, value: str | None) -> None:
    """Change the setting NAME of QUEUE (or of "cpu") in all running managers; VALUE "default" takes the change back.

    Without VALUE it shows what is in force and where that comes from.
    """
    if queue is None or name is None or value is None:
        return _show_settings(server, as_json, queue, name)
    new = server.patch(f"/admin/settings/{segment(queue)}/{segment(name)}", {"value": _number(value)})
    return say_json(new) if as_json else click.echo(f"{queue} {name} is {_plain(new)}, {_source(new)}.")


def _number(text: str) -> float | None:
    if text == "default":
        return None
    try:
        return float(text)
    except ValueError:
        raise click.UsageError(f"VALUE is a number, or “default”; this is “{text}”.") from None


def _show_settings(server: Server, as_json: bool, queue: str | None, name: str | None) -> None:
    found = server.get("/admin/settings")
    chosen = [s for s in found["settings"] if queue in (None, s["queue"]) and name in (None, s["name"])]
    if not chosen:
        raise Fail(f"There is no setting {name or ''} of {queue}. See: evantr admin set".replace("  ", " "))
    if as_json:
        return say_json({**found, "settings": chosen})
    rows = [(s["queue"], s["name"], _plain(s), _source(s), s["meaning"]) for s in chosen]
    click.echo(table(("QUEUE", "NAME", "VALUE", "FROM", "MEANING"), rows))
    if found["file_error"]:
        click.echo(f"\n{found['file_error']}")
    return None


def _plain(setting: dict[str, Any]) -> str:
    return f"{setting['value']:.0f}" if setting["value"] == int(setting["value"]) else f"{setting['value']:g}"


def _source(setting: dict[str, Any]) -> str:
    return {"default": "the default", "file": "the settings file", "store": "changed live"}[setting["source"]]


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
