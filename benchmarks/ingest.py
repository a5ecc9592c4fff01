"""Ingest of 1,000 feeds: parse, identify and clean, against bare lxml doing the least that could be done.

Floors, feed by feed in turn with ours: an lxml parse of the document with a dict of texts per entry (recovering, for
the ill-formed), and one lxml.html round trip of each entry's HTML. The figures are the medians of a few rounds; a round
runs in a process of its own, so that its memory can be told.
"""

from __future__ import annotations

import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median
from time import process_time

from benchmarks.corpus import ENTRIES, NEWEST, Document, documents
from benchmarks.report import Figure, progress

ROUNDS = 3
TARGET = 2.0


@dataclass
class Round:
    """Seconds of CPU for the whole corpus; ``memory``: MB that the process grew by while ours ran."""

    parse: float = 0.0
    clean: float = 0.0
    floor_xml: float = 0.0
    floor_html: float = 0.0
    entries: int = 0
    memory: float = 0.0


def bench_ingest() -> list[Figure]:
    """The figures of all rounds."""
    show = progress("ingest")
    rounds = []
    for number in range(ROUNDS):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            rounds.append(pool.submit(one_round).result())
        show((number + 1) / ROUNDS)
    parse, clean = median(r.parse for r in rounds), median(r.clean for r in rounds)
    xml, html = median(r.floor_xml for r in rounds), median(r.floor_html for r in rounds)
    ratio = median((r.parse + r.clean) / (r.floor_xml + r.floor_html) for r in rounds)
    found, wanted = min(r.entries for r in rounds), rounds[0].entries and len(list(documents())) * ENTRIES
    return [
        Figure("ingest of 1,000 feeds, against both floors", ratio, "×", None, None, TARGET),
        Figure("parse and identify 1,000 feeds", parse, "s", xml, parse / xml, None),
        Figure("clean 20,000 entries", clean, "s", html, clean / html, None),
        Figure("entries of the corpus that are not found", wanted - found, "", None, None, 0),
        Figure("memory that ingest of 1,000 feeds takes", max(r.memory for r in rounds), "MB", None, None, None),
    ]


def one_round() -> Round:
    """One pass over the corpus. The first documents warm every part up and do not count."""
    corpus = list(documents())
    result = Round()
    for document in corpus[:20]:
        _ours(document, Round())
        _floors(document, Round())
    before = _peak()
    for number, document in enumerate(corpus):
        for step in (_ours, _floors) if number % 2 else (_floors, _ours):
            step(document, result)
    result.memory = _peak() - before
    return result


def _ours(document: Document, result: Round) -> None:
    from reader.ingest.identify import finish, identify
    from reader.ingest.parse import parse

    start = process_time()
    parsed = parse(document.body, url=document.url, content_type=document.content_type, now=NEWEST)
    identified = identify(parsed, feed_url=document.url, now=NEWEST).entries
    middle = process_time()
    done = finish(identified, document.url)
    result.parse += middle - start
    result.clean += process_time() - middle
    result.entries += len(done)


def _floors(document: Document, result: Round) -> None:
    import lxml.html
    from lxml import etree

    start = process_time()
    root = etree.fromstring(document.body, etree.XMLParser(recover=document.damage is not None))
    found = [
        {child.tag: child.text for child in element}
        for element in root.iter()
        # What lxml recovered may hold bytes that it cannot hand out as text.
        if not document.damage and isinstance(element.tag, str) and element.tag.rpartition("}")[2] in ("item", "entry")
    ]
    middle = process_time()
    for html in document.html:
        lxml.html.tostring(lxml.html.fragment_fromstring(html, create_parent="div"))
    result.floor_xml += middle - start
    result.floor_html += process_time() - middle
    assert found or document.damage


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
