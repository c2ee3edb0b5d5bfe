"""HTML: web pages (navigation and the like dropped), bodies of mails and chapters of books (all of it kept)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.media.embedded_pictures import InnerPictures, data_pictures
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.dates import date_in_words
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.web.html_text import TreeReader
from desktop_rag.types import Metadata, ParseItem, Problem, Segment, Whole

if TYPE_CHECKING:
    from lxml.etree import _Element

_CHARSET = re.compile(
    rb"""<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I
)
_CHARSET_WITHIN = 8192
_ENOUGH = 0.1
"""Share of the visible text that the article must have; with less, the page is no article and all of it is kept."""
_MOST_ELEMENTS = 100_000
"""A page of more elements is data rather than an article, and would take minutes to be searched for one."""
_AUTHOR = ("author", "article:author", "dc.creator", "dcterms.creator")
_DATE = ("article:published_time", "date", "dc.date", "dcterms.created", "datepublished", "last-modified")
_LONGEST_DATE = 40
_TITLE = ("og:title", "dc.title", "title")


def parse_html(source: Source) -> Iterator[ParseItem]:
    """Metadata and readable text of a saved page, and the pictures saved in it. Raises ``Damaged`` if there is no HTML
    in it."""
    data, problem = source.read_text_bytes()
    text = page_text(data)
    tree = page_tree(text)
    if tree is None:
        if text.strip():
            raise Damaged(
                say("parsing.contains-no-readable-html", name=source.name), say("parsing.open-browser-save-again")
            )
        return
    yield _metadata(tree)
    yield from _segments(text, tree, boilerplate=True)
    pictures = InnerPictures(source)
    for number, (image, described) in enumerate(data_pictures(tree), 1):
        yield from pictures.data(image, f"picture {number}", described, Whole())
    yield from pictures.problems()
    if _is_cut(tree):
        yield Problem(
            "over-cap", say("parsing.nested-too-deeply-read-completely", name=source.name), say("parsing.save-text-pdf")
        )
    if problem is not None:
        yield problem


def html_segments(data: bytes | str, *, boilerplate: bool, declared: str = "") -> Iterator[Segment]:
    """The segments of a page, all located by ``Whole``; with ``boilerplate``, menus, footers and the like are dropped.

    ``declared`` is the charset a container names for ``data``; a page's own marks decide where there is none.
    """
    text = data if isinstance(data, str) else page_text(data, declared)
    tree = page_tree(text)
    if tree is not None:
        yield from _segments(text, tree, boilerplate=boilerplate)


def page_text(data: bytes, declared: str = "") -> str:
    """The text of a page's bytes, by the charset that a container or the page itself declares."""
    found = _CHARSET.search(data[:_CHARSET_WITHIN])
    return decode(data, declared or (found[1].decode("ascii") if found else ""))


def page_tree(text: str) -> _Element | None:
    """The tree of a page's text; None when there is none in it."""
    from lxml import etree, html

    if not text.strip():
        return None
    # A declaration of the encoding is void once the page is text, and lxml refuses the two together.
    clean = re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1)
    # Without "huge" a text of 10 MB would be dropped without a word; the limits on what is read hold all the same.
    parser = html.HTMLParser(huge_tree=True, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(clean, parser=parser, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _is_cut(tree: _Element) -> bool:
    """Whether the library has left out the rest of the page, as it does below some thousand levels."""
    return bool(tree.getroottree().parser.error_log.filter_from_fatals())


def _segments(text: str, tree: _Element, *, boilerplate: bool) -> Iterator[Segment]:
    body = tree.find("body")
    everything = list(TreeReader().segments(tree if body is None else body))
    if not boilerplate:
        yield from everything
        return
    large = any(True for _ in islice(tree.iter(), _MOST_ELEMENTS, None))
    article = None if large else _article(text)
    kept = [] if article is None else list(TreeReader().segments(article))
    enough = sum(len(segment.text) for segment in kept) >= _ENOUGH * sum(len(segment.text) for segment in everything)
    yield from kept if kept and enough else everything


def _article(text: str) -> _Element | None:
    """The main content as trafilatura finds it, or None."""
    import logging

    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    found = trafilatura.bare_extraction(
        text, favor_recall=True, include_comments=False, include_tables=True, with_metadata=False, fast=True
    )
    return getattr(found, "body", None)


def _metadata(tree: _Element) -> Metadata:
    meta: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("name") or element.get("property") or element.get("itemprop") or ""
        content = " ".join((element.get("content") or "").split())
        if name and content:
            meta.setdefault(name.lower(), content)
    title = " ".join((tree.findtext(".//title") or "").split())
    return Metadata(
        title=title or _first(meta, _TITLE),
        author=_first(meta, _AUTHOR),
        created=_date(_first(meta, _DATE)),
        language=(tree.get("lang") or "").partition("-")[0].lower(),
    )


def _first(meta: dict[str, str], names: tuple[str, ...]) -> str:
    return next((meta[name] for name in names if name in meta), "")


def _date(text: str) -> datetime | None:
    return date_in_words(text[:_LONGEST_DATE]) if text else None
