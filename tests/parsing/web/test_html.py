"""HTML: what is read of a page, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.web.html import html_segments, page_text, parse_html
from desktop_rag.types import Metadata, Segment

SAMPLE = Path(__file__).parents[2] / "samples" / "html" / "bees.html"


def _parse(data: bytes) -> tuple[list[Metadata], list[Segment]]:
    items = list(parse_html(Source("page.html", "text/html", Limits(), data=data)))
    return (
        [item for item in items if isinstance(item, Metadata)],
        [item for item in items if isinstance(item, Segment)],
    )


def test_article_is_kept_and_boilerplate_dropped() -> None:
    metadata, segments = _parse(SAMPLE.read_bytes())
    text = "\n".join(segment.text for segment in segments)
    assert metadata[0] == Metadata(
        title="Keeping bees on a flat roof",
        author="Ines Marlow",
        created=datetime(2023, 6, 14, 9, tzinfo=UTC),
        language="en",
    )
    assert "morning sun" in text
    for dropped in ("Log in", "Cookie", "tracking", "hidden words"):
        assert dropped not in text


def test_tables_become_rows_below_their_heading() -> None:
    _, segments = _parse(SAMPLE.read_bytes())
    rows = [segment for segment in segments if segment.form == "row"]
    assert [row.text for row in rows] == ["Item: Two hives; Price: £340", "Item: Veil and gloves; Price: £62"]
    assert {row.context for row in rows} == {"Columns: Item, Price"}
    assert rows[0].headings[-1] == "What the first year costs"


def test_without_boilerplate_removal_everything_visible_is_kept() -> None:
    page = (
        "<p>Dear Jo,</p><div>see you <b>at</b> eight<br>by the pier</div><ul><li>torch<li>rope</ul><style>p{}</style>"
    )
    assert [segment.text for segment in html_segments(page, boilerplate=False)] == [
        "Dear Jo,", "see you at eight\nby the pier", "- torch", "- rope",
    ]  # fmt: skip


def test_marks_in_a_paragraph_of_their_own_survive() -> None:
    page = "<p>\ufdd0</p><p>quoted</p><p>\ufdd2</p>"
    assert [segment.text for segment in html_segments(page, boilerplate=False)] == ["\ufdd0", "quoted", "\ufdd2"]


def test_heading_without_text_is_found_by_itself() -> None:
    segments = list(html_segments("<h1>Only a title</h1><h2>And another</h2>", boilerplate=False))
    assert [segment.text for segment in segments] == ["Only a title", "And another"]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1251"])
def test_charset_of_the_page_is_used(charset: str) -> None:
    word = "пример" if charset == "windows-1251" else "Größe"
    data = f'<html><head><meta charset="{charset}"></head><body><p>{word}</p></body></html>'.encode(charset)
    assert word in page_text(data)


def test_deep_nesting_ends_well() -> None:
    page = "<div>" * 3000 + "bottom" + "</div>" * 3000
    assert all(isinstance(segment, Segment) for segment in html_segments(page, boilerplate=False))


def test_empty_page_has_no_segments() -> None:
    assert _parse(b"") == ([], [])
    assert _parse(b"<html><body></body></html>")[1] == []
