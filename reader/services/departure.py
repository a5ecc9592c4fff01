"""Leaving: one's own account, an account that an administrator removes, and names that were taken."""

from __future__ import annotations

import structlog

from reader.cache import Cache
from reader.clock import Clock
from reader.errors import Conflict, Forbidden, Invalid, Limited, NotFound
from reader.gateways.accounts import AccountGateway
from reader.gateways.departure import DepartureGateway
from reader.gateways.operations import OperationsGateway
from reader.models.operations import AuditLine
from reader.models.user import Actor, User
from reader.services.access import Access
from reader.services.accounts import PASSWORD_MOST

log = structlog.get_logger()

TRIES, PAUSE = 5, 600  # wrong passwords, and the seconds they count for
ONLY_ADMIN = "You are the only administrator. On the server, `evantr user remove` removes the account all the same."


class DepartureService:
    def __init__(
        self,
        access: Access,
        departure: DepartureGateway,
        accounts: AccountGateway,
        operations: OperationsGateway,
        cache: Cache,
        clock: Clock,
    ) -> None:
        self._access = access
        self._departure = departure
        self._accounts = accounts
        self._operations = operations
        self._cache = cache
        self._clock = clock

    async def leave(self, actor: Actor, password: str) -> None:
        """Removes the actor's own account and everything it holds. It is gone at once and cannot be brought back.

        Raises Invalid for a wrong password, Limited after too many of them, Conflict for the only administrator while
        there are other accounts.
        """
        user_id = self._access.user(actor)
        user = await self._accounts.get(user_id)
        if user is None:
            raise NotFound("There is no such account.")
        if await self._cache.increment(f"leave:1:{user_id}", PAUSE) > TRIES:
            raise Limited("Too many tries. Try again in 10 minutes.", PAUSE)
        if not await self._accounts.check_password(user, password[:PASSWORD_MOST]):
            raise Invalid("That is not your password.", {"password": "That is not your password."})
        others = [each for each in await self._accounts.list() if each.id != user_id]
        if user.admin and others and not any(each.admin for each in others):
            raise Conflict(ONLY_ADMIN)
        await self._departure.begin(user)

    async def remove(self, actor: Actor, name: str) -> User:
        """Removes somebody else's account, for administrators; the command line may remove every one."""
        self._access.operator(actor)
        user = await self._accounts.by_name(name)
        if user is None:
            raise NotFound(f"There is no account named {name}.")
        if user.id == actor.user_id:
            raise Forbidden("Remove your own account in your settings.")
        await self._departure.begin(user)
        admin = await self._accounts.get(actor.user_id) if actor.signed_in else None
        if admin is not None:  # the audit says which account, and no longer whose
            now = self._clock.now()
            await self._operations.note(
                AuditLine(0, now, admin.id, admin.name, "account removed", f"user {user.id}", "")
            )
        log.info("account.removed", by=actor.user_id, user_id=user.id)
        return user

    async def finish(self, actor: Actor, user_id: int) -> int:
        """Does at once what the job would do, for the command line; how many rows went."""
        self._access.admin(actor)
        return await self._departure.run(user_id)

    async def free(self, actor: Actor, name: str) -> bool:
        """The name of a removed account may be taken again; False when it was not reserved."""
        self._access.admin(actor)
        return await self._departure.release(name)
