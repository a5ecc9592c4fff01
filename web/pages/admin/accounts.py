"""Who has an account here, and invitations."""

from __future__ import annotations

from starlette.responses import Response

from web.kit import Visit
from web.pages.admin import frame
from web.routing import get, post


async def show(visit: Visit) -> Response:
    accounts, actor = visit.services.accounts, visit.actor
    people = await accounts.overview(actor)
    base = visit.kit.container.settings.base_url or str(visit.request.base_url)
    now = visit.times.now
    return await frame.page(
        visit,
        "accounts.html",
        title="Accounts",
        section="accounts",
        overview=await visit.services.operations.overview(actor),
        people=people,
        invitations=[
            (invitation, invitation.used_by is None and invitation.expires_at > now)
            for invitation in await accounts.invitations(actor)
        ],
        signup=accounts.signup(actor),
        base=base.rstrip("/"),
    )


async def invite(visit: Visit) -> Response:
    form = await frame.form_of(visit)
    await visit.services.accounts.invite(visit.actor)
    return frame.back(visit, form, "Invitation made", "/admin/accounts")


async def revoke(visit: Visit) -> Response:
    form = await frame.form_of(visit)
    await visit.services.accounts.remove_invitation(visit.actor, form.text("code"))
    return frame.back(visit, form, "The invitation is taken back", "/admin/accounts")


ROUTES = [
    get("/admin/accounts", show),
    post("/do/admin/invite", invite),
    post("/do/admin/invitation/remove", revoke),
]
