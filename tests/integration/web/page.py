"""A page as a test looks at it: parsed, and its forms sent as a browser without script would."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urljoin

import httpx
from lxml import html


class Page:
    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.text = answer.text
        self.root = html.document_fromstring(answer.text or "<html></html>")

    @classmethod
    def of(cls, text: str) -> Page:
        """A piece of markup by itself."""
        return cls(httpx.Response(200, text=text))

    def all(self, path: str) -> list[Any]:
        return cast(list[Any], self.root.xpath(path))

    def one(self, path: str) -> Any:
        found = self.all(path)
        assert len(found) == 1, f"{len(found)} of {path}"
        return found[0]

    def words(self, path: str) -> str:
        return " ".join(self.one(path).text_content().split())

    @property
    def titles(self) -> list[str]:
        return [a.text_content() for a in self.all("//li[contains(@class,'row')]/h2/a")]

    def form(
        self, path: str, button: str | None = None, **values: str | list[str]
    ) -> tuple[str, str, dict[str, object]]:
        """(method, address, fields) of a form, filled in; ``button``: the name of the one pressed."""
        form = self.one(path)
        assert form.tag == "form", form.tag
        fields: dict[str, object] = {}
        for field in form.xpath(".//input|.//select|.//textarea"):
            name, kind = field.get("name"), field.get("type", "text")
            if not name or (kind in ("checkbox", "radio") and field.get("checked") is None):
                continue
            if field.tag == "textarea":
                fields[name] = field.text or ""
            elif field.tag == "select":
                chosen = field.xpath("./option[@selected]") or field.xpath("./option[1]")
                fields[name] = chosen[0].get("value", "")
            else:
                fields[name] = field.get("value", "on" if kind in ("checkbox", "radio") else "")
        fields |= values
        if button:
            pressed = form.xpath(f".//button[@name='{button}']") or self.all(
                f"//button[@form='{form.get('id')}' and @name='{button}']"
            )
            fields[button] = pressed[0].get("value", "")
        return form.get("method", "get").lower(), urljoin(str(self.answer.url), form.get("action")), fields


async def open_page(client: httpx.AsyncClient, path: str, **headers: str) -> Page:
    return Page(await client.get(path, headers=headers))


async def send(
    client: httpx.AsyncClient, page: Page, path: str, button: str | None = None, **values: str | list[str]
) -> Page:
    """Sends a form of the page and follows where it leads."""
    method, address, fields = page.form(path, button, **values)
    if method == "get":
        return Page(await client.get(address, params={k: str(v) for k, v in fields.items()}))
    answer = await client.post(address, data=fields)
    if answer.status_code == 303:
        location = answer.headers["location"]
        assert location.startswith("/") and not location.startswith("//"), location
        for name, value in answer.cookies.items():
            client.cookies.set(name, value)
        return Page(await client.get(location))
    return Page(answer)
