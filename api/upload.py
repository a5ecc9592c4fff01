"""A file that was sent: as the body itself, or in a form."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.requests import Request

from reader.errors import Invalid


@dataclass(frozen=True, slots=True)
class Upload:
    """``type`` is the content type that came with it, for its charset."""

    name: str
    body: bytes
    type: str | None


async def read_upload(request: Request, name: str) -> Upload:
    """The file; of a form its first one (the field is called "file"). Raises Invalid where there is none."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "multipart/form-data":
        return Upload(name, await request.body(), kind or None)
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Invalid("Choose a file first.", {"file": "Choose a file first."})
        return Upload(file.filename, await file.read(), file.content_type)
