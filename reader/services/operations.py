"""What administrators see and steer: queues, managers, dead letters, settings, history. Each change is audited."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from reader.clock import Clock
from reader.errors import Invalid, NotFound
from reader.gateways.accounts import AccountGateway
from reader.gateways.operations import OperationsGateway
from reader.gateways.queue_settings import checked
from reader.models.operations import (
    AuditLine,
    DeadLetter,
    HistoryPoint,
    JobStory,
    ManagerStatus,
    Overview,
    QueueStatus,
    SettingInForce,
)
from reader.models.user import Actor
from reader.services.access import Access

log = structlog.get_logger(__name__)

PAGE_MOST = 500
ALL_AT_ONCE = 200
DAY = 86_400.0


class OperationsService:
    def __init__(self, access: Access, operations: OperationsGateway, accounts: AccountGateway, clock: Clock) -> None:
        self._access = access
        self._operations = operations
        self._accounts = accounts
        self._clock = clock

    # ---- looking

    async def overview(self, actor: Actor) -> Overview:
        """Everything at a glance; processes that have vanished are left out."""
        self._access.operator(actor)
        return await self._operations.overview()

    async def queues(self, actor: Actor) -> Sequence[QueueStatus]:
        """User queues first, each summed over all managers."""
        self._access.operator(actor)
        return await self._operations.queues()

    async def managers(self, actor: Actor) -> Sequence[ManagerStatus]:
        self._access.operator(actor)
        return await self._operations.managers()

    async def jobs(self, actor: Actor, limit: int = 100) -> Sequence[JobStory]:
        """The last jobs of all managers with their story, the newest first."""
        self._access.operator(actor)
        stories = [story for manager in await self._operations.managers() for story in manager.last_jobs]
        return sorted(stories, key=lambda story: story.started, reverse=True)[: max(1, min(limit, PAGE_MOST))]

    async def history(self, actor: Actor, since: float | None = None) -> Sequence[HistoryPoint]:
        """Points of five minutes since then (the last day without it), in order of time."""
        self._access.operator(actor)
        earliest = self._clock.now() - DAY
        return await self._operations.history(earliest if since is None else max(since, earliest))

    async def audit(self, actor: Actor, *, before: int | None = None, limit: int = 50) -> Sequence[AuditLine]:
        """The newest first; ``before``: id of the last line of the page before."""
        self._access.operator(actor)
        return await self._operations.audit(before, max(1, min(limit, PAGE_MOST)))

    # ---- settings

    async def settings(self, actor: Actor) -> Sequence[SettingInForce]:
        """Every setting with its value in force, where that comes from, its range and meaning."""
        self._access.operator(actor)
        return (await self._operations.in_force()).listed()

    async def settings_file(self, actor: Actor) -> tuple[str, str | None]:
        """(path of the settings file, why it cannot be used or None)."""
        self._access.operator(actor)
        return str(self._operations.settings_file), self._operations.file_error

    async def set_setting(self, actor: Actor, queue: str, name: str, value: object) -> SettingInForce:
        """Change a setting of all running managers. None takes the change back: file or default is in force again.

        Raises Invalid in words for an unknown queue or setting, or a value out of its range.
        """
        self._access.operator(actor)
        number = None if value is None else checked(queue, name, value)
        before = await self._setting(queue, name)
        line = await self._line(
            actor,
            f"{queue}: {name}",
            f"{before.value:g} {before.unit}",
            "as in file or environment" if number is None else f"{number:g} {before.unit}",
        )
        await self._operations.change(queue, name, number, line)
        log.info("operations.set", user_id=actor.user_id, queue=queue, setting=name, value=number)
        return await self._setting(queue, name)

    async def _setting(self, queue: str, name: str) -> SettingInForce:
        for each in (await self._operations.in_force()).listed():
            if (each.queue, each.name) == (queue, name):
                return each
        raise Invalid(f"There is no setting “{name}” of “{queue}”.", {"name": "unknown"})

    # ---- dead letters

    async def dead(
        self, actor: Actor, *, before: tuple[float, str] | None = None, limit: int = 50
    ) -> Sequence[DeadLetter]:
        """The newest first; ``before``: (died_at, key) of the last one of the page before."""
        self._access.operator(actor)
        return await self._operations.dead(before, max(1, min(limit, PAGE_MOST)))

    async def dead_letter(self, actor: Actor, key: str) -> DeadLetter:
        self._access.operator(actor)
        letter = await self._operations.dead_letter(key)
        if letter is None:
            raise NotFound("There is no such dead letter.")
        return letter

    async def retry(self, actor: Actor, key: str) -> DeadLetter:
        """Let the job run again, with all its attempts; raises NotFound, or Invalid for a kind that is no more."""
        letter = await self.dead_letter(actor, key)
        if not await self._operations.retry(letter):
            raise Invalid(f"This Evantr knows no jobs of the kind “{letter.name}”. Drop the letter instead.")
        await self._note(actor, "dead letter: retry", _words(letter), "")
        return letter

    async def retry_all(self, actor: Actor) -> int:
        """All that can be; returns how many."""
        self._access.operator(actor)
        retried, before = 0, None
        while letters := await self._operations.dead(before, ALL_AT_ONCE):
            before = (letters[-1].died_at, letters[-1].key)
            for letter in letters:
                retried += await self._operations.retry(letter)
        await self._note(actor, "dead letters: retry all", f"{retried} jobs", "")
        return retried

    async def drop(self, actor: Actor, key: str) -> DeadLetter:
        """Forget it; raises NotFound."""
        self._access.operator(actor)
        dropped = await self._operations.drop([key])
        if not dropped:
            raise NotFound("There is no such dead letter.")
        await self._note(actor, "dead letter: drop", _words(dropped[0]), "")
        return dropped[0]

    async def drop_all(self, actor: Actor) -> int:
        """Those that are there at the moment; returns how many."""
        self._access.operator(actor)
        dropped = 0
        while letters := await self._operations.dead(None, ALL_AT_ONCE):
            dropped += len(await self._operations.drop([letter.key for letter in letters]))
        await self._note(actor, "dead letters: drop all", f"{dropped} jobs", "")
        return dropped

    # ---- audit

    async def _note(self, actor: Actor, what: str, before: str, after: str) -> None:
        await self._operations.note(await self._line(actor, what, before, after))
        log.info("operations.act", user_id=actor.user_id, what=what, about=before)

    async def _line(self, actor: Actor, what: str, before: str, after: str) -> AuditLine:
        name = "the system"
        if actor.signed_in:
            user = await self._accounts.get(actor.user_id)
            name = user.name if user is not None else f"user {actor.user_id}"
        return AuditLine(0, self._clock.now(), actor.user_id, name, what, before, after)


def _words(letter: DeadLetter) -> str:
    return f"{letter.name} {letter.args}"
