"""The cleaned HTML of an entry made ready for a page: what scrolls sideways can be reached by keyboard."""

from __future__ import annotations

import re

from reader.models.entry import SafeHtml

# Every tag, not only the wanted ones: so a "<pre>" inside of an attribute's value is passed over with its tag. In text
# the cleaner wrote &lt;, so each "<" begins a tag or is in quotes.
TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:[^>"]|"[^"]*")*)>')
REGION = '<div class="scroll" tabindex="0" role="region" aria-label="Table">'


def reachable(html: SafeHtml) -> SafeHtml:
    """Code and tables get a tab stop; a table its own box that scrolls."""
    if "<pre" not in html and "<table" not in html:
        return html
    return SafeHtml(TAG.sub(_tag, html))


def _tag(match: re.Match[str]) -> str:
    closing, name, _ = match.groups()
    if name == "pre" and not closing:
        return f'<pre tabindex="0"{match[3]}>'
    if name == "table":
        return f"{match[0]}</div>" if closing else REGION + match[0]
    return match[0]
