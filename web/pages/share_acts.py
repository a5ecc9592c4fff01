"""Sharing, by form: share, note, another stream, take back, like, comment. Each answers 303."""

from __future__ import annotations

from starlette.responses import Response

from reader.models.reading import Done
from web.forms import Form
from web.kit import Visit
from web.routing import post


async def share(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    done = await visit.services.sharing.share(
        visit.actor, form.need("entry"), stream_id=form.number("stream"), note=form.text("note")
    )
    return visit.back(form.text("back"), Done(done.label, done.undo))


async def edit(visit: Visit) -> Response:
    """The card of one's own share: a note, another stream, or take it back."""
    form, share_id, sharing = await Form.of(visit.request), visit.id(), visit.services.sharing
    if form.text("act") == "unshare":
        return visit.back(form.text("back"), await sharing.unshare(visit.actor, share_id))
    note, stream_id = form.text("note"), form.number("stream")
    share = await sharing.note(visit.actor, share_id, note)
    if stream_id is not None and stream_id != share.stream_id:
        # Into the other one first: should this end here, it is shared twice and not lost.
        moved = await sharing.share(visit.actor, share_id, stream_id=stream_id, note=note)
        await sharing.unshare(visit.actor, share_id)
        return visit.back(form.text("back"), Done(moved.label, None))
    return visit.back(form.text("back"), Done("Note kept" if share.note else "Without a note", None))


async def like(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.talk.like(visit.actor, visit.id(), form.text("on") == "1")
    return visit.back(form.text("back"))


async def comment(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.talk.comment(visit.actor, visit.id(), form.text("text"), form.number("parent"))
    return visit.back(form.text("back"))


async def delete_comment(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.talk.delete_comment(visit.actor, visit.id())
    return visit.back(form.text("back"), Done("Comment deleted", None))


ROUTES = [
    post("/do/share", share),
    post("/do/share/{id}/note", edit),
    post("/do/share/{id}/like", like),
    post("/do/share/{id}/comment", comment),
    post("/do/comment/{id}/delete", delete_comment),
]
