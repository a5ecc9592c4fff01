"""Accounts: the first one, sign-up, sign-in, preferences, passwords, tokens, invitations."""

from __future__ import annotations

import dataclasses
import re
import zoneinfo
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

import structlog

from reader.errors import Conflict, Forbidden, Invalid, NotFound
from reader.gateways.accounts import AccountGateway
from reader.models.user import RIGHTS, Actor, Invitation, Preferences, Token, User
from reader.services.access import Access
from reader.services.words import clean_title
from reader.settings import Settings

log = structlog.get_logger()

NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?", re.IGNORECASE)
PASSWORD_LEAST, PASSWORD_MOST = 8, 1024
TOKENS_MOST = 100

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("system", "light", "dark"),
    "density": ("compact", "balanced", "roomy"),
    "layout": ("beside", "place"),
    "marking": ("open", "scroll", "never"),
    "text_face": ("serif", "sans"),
}
RANGES = {"text_size": (16, 22), "text_width": (56, 76)}


class AccountService:
    def __init__(self, access: Access, accounts: AccountGateway, settings: Settings) -> None:
        self._access = access
        self._accounts = accounts
        self._settings = settings

    async def first_needed(self, actor: Actor) -> bool:
        """True while no account exists: the next visitor makes the administrator's."""
        self._access.anyone(actor)
        return await self._accounts.count() == 0

    async def create_first(self, actor: Actor, name: str, password: str) -> User:
        """Raises Conflict if there is an account already, Invalid for a name or password that will not do."""
        self._access.anyone(actor)
        _check_credentials(name, password)
        user = await self._accounts.create_first(name, password)
        log.info("account.first", user_id=user.id, name=user.name)
        return user

    def signup(self, actor: Actor) -> Literal["open", "invitation", "closed"]:
        self._access.anyone(actor)
        return self._settings.signup

    async def sign_up(self, actor: Actor, name: str, password: str, invitation: str | None) -> User:
        """Raises Forbidden when sign-up is closed, or needs an invitation that was not given or is used up."""
        self._access.anyone(actor)
        if self._settings.signup == "closed":
            raise Forbidden("This Evantr takes no new accounts.")
        if await self._accounts.count() == 0:
            raise Conflict("Make the first account on the welcome page.")
        _check_credentials(name, password)
        if self._settings.signup == "open":
            user = await self._accounts.create(name, password)
        else:
            made = await self._accounts.create_invited(name, password, invitation or "")
            if made is None:
                raise Forbidden("An account needs an invitation here, and this one is not valid any more.")
            user = made
        log.info("account.signed_up", user_id=user.id, name=user.name)
        return user

    async def sign_in(self, actor: Actor, name: str, password: str, *, address: str) -> tuple[User, str]:
        """(user, the session's secret). Forbidden on a mismatch; Limited after too many from one address."""
        self._access.anyone(actor)
        user = None
        if len(password) <= PASSWORD_MOST and NAME.fullmatch(name.strip()):
            user = await self._accounts.authenticate(name.strip(), password, address)
        if user is None:
            log.warning("account.sign_in_failed", address=address)
            raise Forbidden("That name and password do not match.", signed_out=True)
        return user, await self._accounts.start_session(user)

    async def start_session(self, actor: Actor) -> str:
        """The secret of a new session for somebody who just made the account."""
        user_id = self._access.user(actor)
        return await self._accounts.start_session(await self._user(user_id))

    async def sign_out(self, actor: Actor, secret: str) -> None:
        self._access.anyone(actor)
        await self._accounts.end_session(secret)

    async def me(self, actor: Actor) -> User:
        return await self._user(self._access.user(actor))

    async def _user(self, user_id: int) -> User:
        user = await self._accounts.get(user_id)
        if user is None:
            raise NotFound("There is no such account.")
        return user

    async def set_preferences(self, actor: Actor, changes: dict[str, object]) -> User:
        """Raises Invalid, with a reason per field, for unknown names and values out of range."""
        user = await self.me(actor)
        known = {f.name for f in dataclasses.fields(Preferences)}
        wrong = {
            k: _preference_problem(k, v) if k in known else "There is no such setting." for k, v in changes.items()
        }
        wrong = {k: problem for k, problem in wrong.items() if problem}
        if wrong:
            raise Invalid("Some settings were not taken.", {k: str(v) for k, v in wrong.items()})
        preferences = dataclasses.replace(user.preferences, **changes)  # type: ignore[arg-type]
        await self._accounts.set_preferences(user.id, preferences)
        return dataclasses.replace(user, preferences=preferences)

    async def change_password(self, actor: Actor, old: str, new: str) -> str:
        """Ends every session; returns the secret of a fresh one."""
        user = await self.me(actor)
        if not await self._accounts.check_password(user, old[:PASSWORD_MOST]):
            raise Invalid("That is not your password.", {"old": "That is not your password."})
        _check_password(new, "new")
        await self._accounts.set_password(user.id, new)
        log.info("account.password_changed", user_id=user.id)
        return await self._accounts.start_session(await self._user(user.id))

    async def tokens(self, actor: Actor) -> Sequence[Token]:
        return await self._accounts.tokens(self._access.user(actor))

    async def add_token(self, actor: Actor, name: str, rights: Sequence[str] = ()) -> tuple[Token, str]:
        """(token, its secret). The secret is shown this once. ``rights``: what it may beyond reading (RIGHTS); a
        token cannot make one that may more than itself."""
        user_id = self._access.user(actor)
        title = clean_title(name, "name", "The name", limit=100)
        if len(await self._accounts.tokens(user_id)) >= TOKENS_MOST:
            raise Invalid(f"You have {TOKENS_MOST} tokens. Remove one first.")
        chosen = _check_rights(rights)
        for right in chosen:
            self._access.right(actor, right)
        return await self._accounts.add_token(user_id, title, chosen)

    async def remove_token(self, actor: Actor, token_id: int) -> None:
        if not await self._accounts.remove_token(self._access.user(actor), token_id):
            raise NotFound("There is no such token.")

    async def invite(self, actor: Actor) -> Invitation:
        self._access.admin(actor)
        return await self._accounts.invite(self._access.user(actor))

    async def invitations(self, actor: Actor) -> Sequence[Invitation]:
        self._access.admin(actor)
        return await self._accounts.invitations(self._access.user(actor))

    async def remove_invitation(self, actor: Actor, code: str) -> None:
        """An own one that nobody has used; raises NotFound for any other."""
        self._access.operator(actor)
        if not await self._accounts.remove_invitation(self._access.user(actor), code):
            raise NotFound("There is no such invitation, or it is used.")
        log.info("account.invitation_removed", user_id=actor.user_id)

    async def overview(self, actor: Actor) -> list[tuple[User, int]]:
        """Every account with the number of its subscriptions, in order of age."""
        self._access.operator(actor)
        counts = await self._accounts.subscription_counts()
        return [(user, counts.get(user.id, 0)) for user in await self._accounts.list()]

    async def invitation(self, actor: Actor, code: str) -> Invitation:
        self._access.anyone(actor)
        found = await self._accounts.invitation(code)
        if found is None:
            raise NotFound("This invitation is not valid any more.")
        return found

    # ---- for the command line

    async def add_user(self, actor: Actor, name: str, password: str) -> User:
        """The first account made so is the administrator."""
        self._access.admin(actor)
        _check_credentials(name, password)
        return await self._accounts.create(name, password, admin_if_first=True)

    async def set_password(self, actor: Actor, name: str, password: str) -> None:
        self._access.admin(actor)
        _check_password(password, "password")
        await self._accounts.set_password((await self._named(name)).id, password)

    async def users(self, actor: Actor) -> Sequence[User]:
        self._access.admin(actor)
        return await self._accounts.list()

    async def add_token_for(self, actor: Actor, name: str, label: str, rights: Sequence[str] = ()) -> tuple[Token, str]:
        self._access.admin(actor)
        user = await self._named(name)
        title = clean_title(label, "name", "The name", limit=100)
        return await self._accounts.add_token(user.id, title, _check_rights(rights))

    async def _named(self, name: str) -> User:
        user = await self._accounts.by_name(name)
        if user is None:
            raise NotFound(f"There is no account named {name}.")
        return user


def _check_credentials(name: str, password: str) -> None:
    fields = {}
    if not NAME.fullmatch(name):
        fields["name"] = (
            "A name has 1 to 32 letters a to z, digits, - and _, and begins and ends with a letter or digit."
        )
    problem = _password_problem(password)
    if problem:
        fields["password"] = problem
    if fields:
        raise Invalid(" ".join(fields.values()), fields)


def _check_rights(rights: Sequence[str]) -> tuple[str, ...]:
    unknown = sorted(set(rights) - set(RIGHTS))
    if unknown:
        message = f"There is no right “{unknown[0]}”. There is: {', '.join(RIGHTS)}."
        raise Invalid(message, {"rights": message})
    return tuple(right for right in RIGHTS if right in rights)


def _check_password(password: str, field: str) -> None:
    problem = _password_problem(password)
    if problem:
        raise Invalid(problem, {field: problem})


def _password_problem(password: str) -> str | None:
    if len(password) < PASSWORD_LEAST:
        return f"A password has at least {PASSWORD_LEAST} characters."
    if len(password) > PASSWORD_MOST:
        return f"A password has at most {PASSWORD_MOST} characters."
    if any("\ud800" <= c <= "\udfff" for c in password):
        return "The password holds characters that cannot be stored."
    return None


def _preference_problem(name: str, value: object) -> str | None:
    checks: dict[str, Callable[[], str | None]] = {
        "keys": lambda: None if isinstance(value, bool) else "This is on or off.",
        "quiet": lambda: None if isinstance(value, bool) else "This is on or off.",
        "timezone": lambda: None if _is_zone(value) else "There is no such time zone.",
    }
    if name in CHOICES:
        return None if value in CHOICES[name] else f"This is one of {', '.join(CHOICES[name])}."
    if name in RANGES:
        low, high = RANGES[name]
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and low <= value <= high else f"This is a whole number from {low} to {high}."  # type: ignore[operator]
    return checks[name]()


def _is_zone(value: object) -> bool:
    return isinstance(value, str) and value in time_zones()


@cache
def time_zones() -> frozenset[str]:
    """All names of time zones. To gather them reads some hundred files."""
    return frozenset(zoneinfo.available_timezones())
