from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from reader.errors import Upstream
from reader.ingest.work import digest_feed, discover_page, preview_feed
from reader.models.entry import Known

from .test_parse_formats import RSS, URL

NOW = 1_790_000_000.0


def test_a_digest_crosses_to_another_process_and_knows_what_is_new() -> None:
    first = digest_feed(RSS.encode(), URL, URL, "application/xml", {}, NOW)
    assert pickle.loads(pickle.dumps(first)) == first
    assert (first.title, first.format, len(first.entries), first.same) == ("The & Gazette", "rss 2.0", 3, [])
    assert first.times == [1055217600.0] and first.hub == "https://hub.example/"
    known = {one.uid: Known(one.digest, one.keys) for one in first.entries}
    again = digest_feed(RSS.encode(), URL, URL, "application/xml", known, NOW)
    assert again.entries == [] and again.same == [one.uid for one in first.entries]
    changed = digest_feed(RSS.replace("long", "longer").encode(), URL, URL, None, known, NOW)
    assert [one.guid for one in changed.entries] == ["tag:1"] and len(changed.same) == 2


@pytest.mark.parametrize(("hour", "seconds"), [(12, 5400), (23, 7200), (0, 5400), (22, 5400)])
def test_ttl_and_skip_hours_are_one_hint(hour: int, seconds: int) -> None:
    midnight = NOW // 86_400 * 86_400
    assert digest_feed(RSS.encode(), URL, URL, None, {}, midnight + hour * 3600).hint_seconds == seconds


def test_errors_cross_too() -> None:
    with pytest.raises(Upstream) as caught:
        digest_feed(b"<html>", URL, URL, None, {}, NOW)
    assert caught.value.kind == "not_a_feed"
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.kind, str(copy), copy.status) == ("not_a_feed", str(caught.value), None)


def test_a_preview() -> None:
    preview = preview_feed(RSS.encode(), URL, None, NOW)
    assert pickle.loads(pickle.dumps(preview)) == preview
    assert (preview.entries, preview.newest_at, preview.per_week) == (3, 1055217600.0, None)
    assert preview.titles == ['First things first "now"', "Kein Datum"]


def test_a_page_crosses_too() -> None:
    page = discover_page(b"<title>x</title><link rel=alternate type=application/rss+xml href=/f>", URL, None)
    assert pickle.loads(pickle.dumps(page)) == page and page.feeds[0].url == "https://gazette.example/f"


def test_what_the_web_process_imports_is_light() -> None:
    code = (
        "import sys, reader.ingest.fetch, reader.ingest.ttl, reader.ingest.discover\n"
        "import reader.ingest.icon, reader.ingest.work, reader.ingest.clean\n"
        "heavy = {'feedparser', 'lxml', 'selectolax', 'nh3', 'magic', 'charset_normalizer'} & set(sys.modules)\n"
        "sys.exit(f'{heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
