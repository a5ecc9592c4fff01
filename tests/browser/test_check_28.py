# ruff: noqa: E501  # one page in a line
"""Check 28 in a browser: what the cleaner writes, put into a page without any policy and parsed again, runs nothing."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, Dialog

from reader.ingest.clean import clean
from tests.helpers.payloads import some

COUNT = 600
PAGE = "<!doctype html><html><head><script>window.hits = []; window.hit = () => { hits.push(current) }</script></head><body></body></html>"
RUN = """
async ([htmls, label]) => {
  const shown = [];
  for (const [number, html] of htmls.entries()) {
    window.current = label + number;
    const box = document.createElement("div");
    document.body.append(box);
    box.innerHTML = html;                      // as a script would show it
    box.innerHTML = box.innerHTML;             // and again: mutations show now
    for (const node of box.querySelectorAll("*")) {
      for (const kind of ["mouseover", "focus", "click", "error", "load", "toggle", "pointerover"]) {
        if (kind !== "click" || !node.closest("a[href^=http]")) node.dispatchEvent(new Event(kind, { bubbles: false }));
      }
      if (node.tagName === "DETAILS") node.open = !node.open;
    }
    shown.push(box.innerHTML);
    await new Promise(done => setTimeout(done, 0));
    box.remove();
  }
  await new Promise(done => setTimeout(done, 300));
  return [window.hits, shown];
}
"""


def test_nothing_runs_without_a_policy(browser: Browser) -> None:
    vectors = some(COUNT)
    cleaned = [str(clean(vector, base="https://gazette.example/2003/")) for vector in vectors]
    context = browser.new_context()
    page = context.new_page()
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.route(
        "**/*",
        lambda route: (
            route.fulfill(body=PAGE, content_type="text/html")
            if route.request.is_navigation_request()
            else route.abort()
        ),
    )
    page.goto("http://attack.example/")
    control, _ = page.evaluate(RUN, [["<img src=x onerror=hit()>"], "control "])
    assert control, "the test itself sees what runs"
    hits, shown = page.evaluate(RUN, [cleaned, ""])
    assert [vectors[int(number)] for number in hits if number.isdigit()] == [] and dialogs == []
    # Served as a document, too: the parser of a page is not that of innerHTML.
    document = PAGE.replace(
        "<body>", "<body><script>current = 'page'</script>" + "\n".join(f"<div>{html}</div>" for html in cleaned)
    )
    page.route("**/page", lambda route: route.fulfill(body=document, content_type="text/html; charset=utf-8"))
    page.goto("http://attack.example/page")
    page.wait_for_timeout(500)
    assert json.loads(page.evaluate("JSON.stringify(hits)")) == []
    assert page.evaluate("document.querySelectorAll('body script').length") == 1
    # What the browser makes of it is what the cleaner wrote: no second reading finds other elements.
    again = [str(clean(html, base="https://gazette.example/2003/")) for html in shown]
    assert sum(a.count("<") != b.count("<") for a, b in zip(again, cleaned, strict=True)) == 0
    context.close()
