from __future__ import annotations

import asyncio

import pytest

from reader.errors import Conflict
from reader.mappers import Mappers
from reader.models.user import Invitation, Preferences, Session
from tests.contract.mappers.make import add_user


async def test_names_are_unique_without_regard_to_case(mappers: Mappers) -> None:
    user = await mappers.users.create("Straße", "h", now=3.0, admin_if_first=False)
    assert (user.name, user.admin, user.created_at, user.preferences) == ("Straße", False, 3.0, Preferences())
    assert await mappers.users.by_name("STRASSE") == user
    assert await mappers.users.get(user.id) == user
    with pytest.raises(Conflict):
        await mappers.users.create("sTRASSE", "h", now=4.0, admin_if_first=False)
    assert await mappers.users.count() == 1


async def test_absent_people_are_none(mappers: Mappers) -> None:
    assert await mappers.users.get(99) is None
    assert await mappers.users.by_name("nobody") is None
    assert await mappers.users.session(b"x" * 32) is None
    assert await mappers.users.token(b"x" * 32) is None
    assert await mappers.users.invitation("x") is None


async def test_one_of_many_first_visitors_becomes_administrator(mappers: Mappers) -> None:
    made = await asyncio.gather(*(mappers.users.create(f"u{n}", "h", now=1.0, admin_if_first=True) for n in range(8)))
    assert sum(user.admin for user in made) == 1
    assert await mappers.users.list() == sorted(made, key=lambda user: user.id)


async def test_create_first_works_once(mappers: Mappers) -> None:
    results = await asyncio.gather(
        *(mappers.users.create_first(f"u{n}", "h", now=1.0) for n in range(4)), return_exceptions=True
    )
    assert sum(type(result) is Conflict for result in results) == 3
    assert [user.admin for user in await mappers.users.list()] == [True]


async def test_a_new_password_ends_all_sessions(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    for number, user in enumerate((ann, ann, bob)):
        await mappers.users.add_session(Session(bytes([number]) * 32, user.id, 1.0, 50.0))
    await mappers.users.set_password(ann.id, "new")
    changed = await mappers.users.get(ann.id)
    assert changed is not None
    assert changed.password_hash == "new"
    assert await mappers.users.session(bytes([0]) * 32) is None
    assert await mappers.users.session(bytes([1]) * 32) is None
    assert await mappers.users.session(bytes([2]) * 32) is not None


async def test_preferences_are_kept(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    wanted = Preferences(theme="dark", text_size=20, keys=False, timezone="Europe/Berlin")
    await mappers.users.set_preferences(ann.id, wanted)
    kept = await mappers.users.get(ann.id)
    assert kept is not None
    assert kept.preferences == wanted


async def test_a_session_is_found_extended_and_ended(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    session = Session(b"s" * 32, ann.id, 1.0, 10.0)
    await mappers.users.add_session(session)
    assert await mappers.users.session(session.token_hash) == (session, ann)
    await mappers.users.extend_session(session.token_hash, 20.0)
    found = await mappers.users.session(session.token_hash)
    assert found is not None
    assert found[0].expires_at == 20.0
    await mappers.users.end_session(session.token_hash)
    assert await mappers.users.session(session.token_hash) is None


async def test_expired_sessions_are_removed(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    for number in range(4):
        await mappers.users.add_session(Session(bytes([number]) * 32, ann.id, 1.0, 10.0 + number))
    assert await mappers.users.end_sessions_before(11.5) == 2
    assert await mappers.users.session(bytes([1]) * 32) is None
    assert await mappers.users.session(bytes([2]) * 32) is not None


async def test_tokens(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    token = await mappers.users.add_token(ann.id, "phone", b"t" * 32, now=5.0)
    assert (token.user_id, token.name, token.created_at, token.used_at) == (ann.id, "phone", 5.0, None)
    assert await mappers.users.token(b"t" * 32) == (token, ann)
    await mappers.users.touch_token(token.id, 9.0)
    assert [each.used_at for each in await mappers.users.tokens(ann.id)] == [9.0]
    assert list(await mappers.users.tokens(bob.id)) == []
    assert not await mappers.users.remove_token(bob.id, token.id)
    assert token.rights == ()
    able = await mappers.users.add_token(ann.id, "script", b"u" * 32, now=6.0, rights=("jobs",))
    assert able.rights == ("jobs",)
    assert await mappers.users.token(b"u" * 32) == (able, ann)
    assert await mappers.users.remove_token(ann.id, token.id)
    assert list(await mappers.users.tokens(ann.id)) == [able]
    assert not await mappers.users.remove_token(ann.id, token.id)


async def test_an_invitation_serves_one(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    await mappers.users.add_invitation(Invitation("code", ann.id, 1.0, 10.0))
    assert not await mappers.users.use_invitation("code", 7, 10.0)
    used = await asyncio.gather(*(mappers.users.use_invitation("code", n, 9.0) for n in range(2, 8)))
    assert sum(used) == 1
    invitation = await mappers.users.invitation("code")
    assert invitation is not None
    assert invitation.used_by == list(range(2, 8))[used.index(True)]
    await mappers.users.release_invitation("code", 99)
    assert not await mappers.users.use_invitation("code", 5, 9.0)
    await mappers.users.release_invitation("code", invitation.used_by)
    assert await mappers.users.use_invitation("code", 5, 9.0)
    assert [each.code for each in await mappers.users.invitations(ann.id)] == ["code"]
    assert not await mappers.users.use_invitation("other", 5, 9.0)


async def test_an_invitation_that_nobody_used_can_be_taken_back(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    for code in ("free", "used"):
        await mappers.users.add_invitation(Invitation(code, ann.id, 1.0, 10.0))
    assert await mappers.users.use_invitation("used", bob.id, 5.0)
    assert not await mappers.users.remove_invitation("free", bob.id)
    assert not await mappers.users.remove_invitation("used", ann.id)
    assert not await mappers.users.remove_invitation("unknown", ann.id)
    assert await mappers.users.remove_invitation("free", ann.id)
    assert not await mappers.users.remove_invitation("free", ann.id)
    assert [each.code for each in await mappers.users.invitations(ann.id)] == ["used"]
