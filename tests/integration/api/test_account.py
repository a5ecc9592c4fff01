"""Accounts over HTTP: sign-in, sign-up, sessions, tokens, invitations, preferences."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from api.deps import COOKIE
from reader.models.user import Actor
from tests.helpers.app import ORIGIN, PASSWORD, Person, World, open_world

SIGN_IN = {"name": "ada", "password": PASSWORD}


def set_cookie(answer: httpx.Response) -> str:
    [cookie] = answer.headers.get_list("set-cookie")
    return str(cookie)


async def test_sign_in_sets_a_guarded_cookie(ada: Person, anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post("/api/v1/session", json=SIGN_IN)
    assert answer.status_code == 200
    assert answer.json()["name"] == "ada"
    cookie = set_cookie(answer).lower()
    assert cookie.startswith("evantr_session=")
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    assert "secure" not in cookie and "domain" not in cookie
    assert (await anyone.get("/api/v1/me")).json()["name"] == "ada"


@pytest.mark.parametrize("case", ["setting", "proxy"])
async def test_the_cookie_is_secure_behind_tls(tmp_path: Path, store: str, case: str) -> None:
    settings = {"cookie_secure": True} if case == "setting" else {"trusted_proxies": "10.0.0.0/8"}
    async with open_world(tmp_path, store=store, **settings) as world:
        await world.person("ada")
        async with world.client(address="10.1.2.3", headers={"X-Forwarded-Proto": "https"}) as client:
            assert "; secure" in set_cookie(await client.post("/api/v1/session", json=SIGN_IN)).lower()


async def test_a_session_is_new_at_each_sign_in_and_the_old_one_ends(
    world: World, ada: Person, anyone: httpx.AsyncClient
) -> None:
    await anyone.post("/api/v1/session", json=SIGN_IN)
    first = anyone.cookies[COOKIE]
    await anyone.post("/api/v1/session", json=SIGN_IN)
    assert anyone.cookies[COOKIE] != first
    async with world.client(session=first) as old:
        assert (await old.get("/api/v1/me")).status_code == 401


async def test_a_planted_cookie_is_not_taken_over(ada: Person, anyone: httpx.AsyncClient) -> None:
    planted = "x" * 43
    answer = await anyone.post("/api/v1/session", json=SIGN_IN, headers={"Cookie": f"{COOKIE}={planted}"})
    assert planted not in set_cookie(answer)


async def test_signing_out_ends_the_session_on_the_server(world: World, ada: Person) -> None:
    answer = await ada.http.delete("/api/v1/session")
    assert answer.status_code == 204
    assert 'evantr_session=""' in set_cookie(answer)
    async with world.client(session=ada.secret) as old:
        assert (await old.get("/api/v1/me")).status_code == 401


async def test_a_session_ends_after_long_idleness(world: World, ada: Person) -> None:
    world.hands.ahead += 91 * 86_400
    assert (await ada.http.get("/api/v1/me")).status_code == 401


async def test_changing_the_password_ends_all_sessions_but_gives_a_new_one(world: World, ada: Person) -> None:
    answer = await ada.http.post("/api/v1/me/password", json={"old": PASSWORD, "new": "another battery"})
    assert answer.status_code == 204
    assert (await ada.http.get("/api/v1/me")).status_code == 200
    async with world.client(session=ada.secret) as old:
        assert (await old.get("/api/v1/me")).status_code == 401
    async with world.client() as client:
        assert (await client.post("/api/v1/session", json=SIGN_IN)).status_code == 401
        changed = {"name": "ada", "password": "another battery"}
        assert (await client.post("/api/v1/session", json=changed)).status_code == 200


async def test_a_program_that_changes_the_password_gets_no_cookie(ada: Person) -> None:
    answer = await ada.program.post("/api/v1/me/password", json={"old": PASSWORD, "new": "another battery"})
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers
    assert (await ada.program.get("/api/v1/me")).status_code == 200
    assert (await ada.http.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    ("old", "new", "field"), [("wrong one here", "another battery", "old"), (PASSWORD, "short", "new")]
)
async def test_a_password_change_that_will_not_do(ada: Person, old: str, new: str, field: str) -> None:
    answer = await ada.http.post("/api/v1/me/password", json={"old": old, "new": new})
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]


async def test_wrong_passwords_and_unknown_names_look_the_same(ada: Person, anyone: httpx.AsyncClient) -> None:
    answers = [
        await anyone.post("/api/v1/session", json={"name": name, "password": "wrong wrong"}) for name in ("ada", "eve")
    ]
    assert [a.status_code for a in answers] == [401, 401]
    details = [{k: v for k, v in a.json().items() if k != "request_id"} for a in answers]
    assert details[0] == details[1]
    assert details[0]["detail"] == "That name and password do not match."


async def test_guessing_is_paused_for_that_address_only(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    wrong = {"name": "ada", "password": "wrong wrong"}
    codes = [(await anyone.post("/api/v1/session", json=wrong)).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    blocked = await anyone.post("/api/v1/session", json=SIGN_IN)
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) == 600
    async with world.client(address="127.0.0.2") as elsewhere:
        assert (await elsewhere.post("/api/v1/session", json=SIGN_IN)).status_code == 200
    world.hands.ahead += 601
    assert (await anyone.post("/api/v1/session", json=SIGN_IN)).status_code == 200


async def test_a_forged_forwarded_address_does_not_help_guessing(ada: Person, anyone: httpx.AsyncClient) -> None:
    wrong = {"name": "ada", "password": "wrong wrong"}
    codes = [
        (await anyone.post("/api/v1/session", json=wrong, headers={"X-Forwarded-For": f"10.0.0.{n}"})).status_code
        for n in range(12)
    ]
    assert codes[-1] == 429


async def test_behind_a_trusted_proxy_each_client_counts_by_itself(tmp_path: Path, store: str) -> None:
    async with open_world(tmp_path, store=store, trusted_proxies="10.0.0.0/8") as world:
        await world.person("ada")
        wrong = {"name": "ada", "password": "wrong wrong"}
        async with world.client(address="10.0.0.1") as proxy:
            for _ in range(11):
                last = await proxy.post("/api/v1/session", json=wrong, headers={"X-Forwarded-For": "192.0.2.1"})
            assert last.status_code == 429
            other = await proxy.post(
                "/api/v1/session", json=SIGN_IN, headers={"X-Forwarded-For": "192.0.2.1, 192.0.2.2"}
            )
            assert other.status_code == 200


async def test_passwords_that_differ_after_72_bytes_are_different(world: World, anyone: httpx.AsyncClient) -> None:
    made = {"name": "ada", "password": "p" * 80 + "right"}
    assert (await anyone.post("/api/v1/accounts", json=made)).status_code == 201
    async with world.client() as client:
        wrong = {"name": "ada", "password": "p" * 80 + "wrong"}
        assert (await client.post("/api/v1/session", json=wrong)).status_code == 401


async def test_the_first_account_is_the_administrators(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post("/api/v1/accounts", json={"name": "ada", "password": PASSWORD, "admin": False})
    assert answer.status_code == 201
    assert answer.json()["admin"] is True
    assert (await anyone.get("/api/v1/me")).json()["name"] == "ada"


async def test_sign_up_is_closed_by_default(ada: Person, anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post("/api/v1/accounts", json={"name": "eve", "password": PASSWORD})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_open_sign_up_makes_no_administrators(tmp_path: Path, store: str) -> None:
    async with open_world(tmp_path, store=store, signup="open") as world:
        await world.person("ada", admin=True)
        async with world.client() as client:
            form = {"name": "eve", "password": PASSWORD, "admin": True, "new_user_is_admin": 1, "id": 1}
            answer = await client.post("/api/v1/accounts", json=form)
            assert (answer.status_code, answer.json()["admin"]) == (201, False)
            assert (await client.get("/api/v1/invitations")).status_code == 403
            again = await client.post("/api/v1/accounts", json={"name": "EVE", "password": PASSWORD})
            assert again.status_code == 409


async def test_an_invitation_works_once(tmp_path: Path, store: str) -> None:
    async with open_world(tmp_path, store=store, signup="invitation") as world:
        ada = await world.person("ada", admin=True)
        made = await ada.http.post("/api/v1/invitations")
        assert made.status_code == 201
        form = {"password": PASSWORD, "invitation": made.json()["code"]}
        async with world.client() as client:
            assert (await client.post("/api/v1/accounts", json={"name": "x", "password": PASSWORD})).status_code == 403
            assert (await client.post("/api/v1/accounts", json={**form, "name": "bob"})).status_code == 201
            assert (await client.post("/api/v1/accounts", json={**form, "name": "eve"})).status_code == 403
        [invitation] = (await ada.http.get("/api/v1/invitations")).json()["invitations"]
        assert invitation["used"] is True


async def test_names_and_passwords_that_will_not_do(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post("/api/v1/accounts", json={"name": "a b", "password": "short"})
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"name", "password"}
    assert "short" not in answer.text


async def test_tokens_are_shown_once_and_end_when_removed(world: World, ada: Person) -> None:
    made = await ada.http.post("/api/v1/tokens", json={"name": "newsboat"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    listed = await ada.http.get("/api/v1/tokens")
    assert secret not in listed.text
    assert [t["name"] for t in listed.json()["tokens"]] == ["test", "newsboat"]
    async with world.client(headers={"Authorization": f"Bearer {secret}"}) as program:
        assert (await program.get("/api/v1/me")).json()["name"] == "ada"
        assert (await ada.http.delete(f"/api/v1/tokens/{made.json()['id']}")).status_code == 204
        answer = await program.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", ["Bearer nonsense-nonsense", "Bearer ", "Basic YTpi", "evt_x", "", "Bearer \xff\xfe"]
)
async def test_a_wrong_token_is_refused_though_a_cookie_is_there(ada: Person, header: str) -> None:
    answer = await ada.http.get("/api/v1/me", headers={b"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "'; drop table users; --", "évantr", '"quoted-quoted-quoted"'])
async def test_a_nonsense_cookie_is_nobody(anyone: httpx.AsyncClient, cookie: str) -> None:
    headers = {b"Cookie": f"{COOKIE}={cookie}".encode()}
    assert (await anyone.get("/api/v1/me", headers=headers)).status_code == 401


async def test_the_session_is_found_among_other_cookies(world: World, ada: Person) -> None:
    header = {"Cookie": f"a=b; not_{COOKIE}=x; {COOKIE}={ada.secret}; z=1"}
    async with world.client(headers=header) as client:
        assert (await client.get("/api/v1/me")).status_code == 200


async def test_preferences_change_one_at_a_time(ada: Person) -> None:
    changed = await ada.http.patch("/api/v1/me", json={"theme": "dark", "text_size": 20})
    assert changed.status_code == 200
    preferences = (await ada.http.get("/api/v1/me")).json()["preferences"]
    assert (preferences["theme"], preferences["text_size"], preferences["density"]) == ("dark", 20, "balanced")


@pytest.mark.parametrize(
    "change",
    [{"theme": "pink"}, {"text_size": 15}, {"text_size": 18.5}, {"keys": "yes"}, {"timezone": "../../etc/passwd"}],
)
async def test_preferences_out_of_range_are_named(ada: Person, change: dict[str, object]) -> None:
    answer = await ada.http.patch("/api/v1/me", json=change)
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == list(change)


async def test_nobody_can_promote_themselves(world: World, bob: Person) -> None:
    answer = await bob.http.patch("/api/v1/me", json={"admin": True, "id": 1, "name": "ada", "theme": "dark"})
    assert answer.status_code == 200
    assert (answer.json()["admin"], answer.json()["name"]) == (False, "bob")
    me = await world.container.services.accounts.me(Actor(bob.user.id))
    assert (me.admin, me.name) == (False, "bob")


async def test_a_form_of_a_page_elsewhere_cannot_sign_anybody_in(ada: Person, anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post("/api/v1/session", json=SIGN_IN, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    ours = await anyone.post("/api/v1/session", json=SIGN_IN, headers={"Origin": ORIGIN.upper()})
    assert ours.status_code == 200


async def test_a_token_may_submit_jobs_only_if_it_was_made_so(world: World, ada: Person, bob: Person) -> None:
    plain = await bob.http.post("/api/v1/tokens", json={"name": "reader"})
    assert plain.json()["rights"] == []
    able = await bob.http.post("/api/v1/tokens", json={"name": "script", "rights": ["jobs", "jobs"]})
    assert (able.status_code, able.json()["rights"]) == (201, ["jobs"])
    assert [t["rights"] for t in (await bob.http.get("/api/v1/tokens")).json()["tokens"]] == [[], [], ["jobs"]]
    wrong = await bob.http.post("/api/v1/tokens", json={"name": "x", "rights": ["everything"]})
    assert wrong.status_code == 422
    # A token cannot make one that may more than itself.
    raised = await bob.program.post("/api/v1/tokens", json={"name": "x", "rights": ["jobs"]})
    assert raised.status_code == 403
