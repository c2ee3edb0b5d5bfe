"""Org and reStructuredText."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.parsing.text.org import readable_org
from desktop_rag.parsing.text.rst import readable_rst
from desktop_rag.types import Lines
from tests.parsing.reading import metadata, pairs, read, segments, texts

_SAMPLES = Path(__file__).parents[2] / "samples"

_PIECES = (
    "* ", "** ", "word", " ", "::", "   ", "====", "----", "| a | b |", "|---+---|", ":PROPERTIES:", ":END:",
    "#+BEGIN_SRC", "#+END_SRC", "#+TITLE: x", "# ", "[[a][b]]", "=x=", ".. note:: ", ".. code-block:: sh",
    ".. ", "`a <b>`_", "``x``", "|",
)  # fmt: skip
any_lines = st.lists(st.lists(st.sampled_from(_PIECES), max_size=5).map("".join), max_size=25).map("\n".join)


def test_an_org_file() -> None:
    items = read("choir.org", (_SAMPLES / "org" / "choir.org").read_bytes())
    about = metadata(items)
    assert (about.title, about.author, about.tags) == ("Choir", "Mara Lindqvist", ("music", "friends", "concert"))
    assert about.created == datetime(2024, 3, 9).astimezone()
    found = {segment.text: segment for segment in segments(items)}
    assert found["Rehearsals are on Thursdays at St Anne's hall."].locator == Lines(6, 6)
    concert = "SCHEDULED: <2024-05-25 Sat>\nWe sing the Missa brevis and two folk songs."
    assert found[concert].headings == ("TODO Spring concert",)
    row = found["Piece: Missa brevis; Minutes: 17; Soloist: Ines"]
    assert (row.form, row.context) == ("row", "Columns: Piece, Minutes, Soloist")
    assert "Piece: Loch Lomond; Minutes: 4" in found
    assert found["total = 3 * 45"].form == "code"
    assert "Sing as if nobody counts." in found
    assert "Dress code" in found, "a headline with nothing below"
    assert not any("5f1c" in text or "ask Ines" in text for text in found)


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("[[https://a.b][the page]] and [[Page]]", "the page and Page"),
        ("*bold* /italic/ _under_ +gone+ =a*b*c= ~x/y/z~", "bold italic under gone a*b*c x/y/z"),
        ("and/or 1/2/3 a_b_c 2*3*4", "and/or 1/2/3 a_b_c 2*3*4"),
        ("<https://a.b> on <2024-05-01 Wed>", "https://a.b on <2024-05-01 Wed>"),
        ("said[fn:1] so", "said so"),
        ("status:: open", "status: open"),
    ],
)
def test_markup_inside_a_line_of_org(written: str, reads: str) -> None:
    assert readable_org(written) == reads


def test_an_unclosed_drawer_and_block_lose_nothing() -> None:
    assert texts(read("a.org", ":notes:\nkept\n#+begin_src c\nint x;\n")) == [":notes:\nkept", "int x;"]


def test_a_restructuredtext_file() -> None:
    items = read("router.rst", (_SAMPLES / "rst" / "router.rst").read_bytes())
    about = metadata(items)
    assert (about.title, about.author) == ("Home network", "Mara Lindqvist")
    assert about.created == datetime(2024, 2, 11).astimezone()
    found = {segment.text: segment for segment in segments(items)}
    assert "The router stands in the hall cupboard. Its page is the admin page." in found
    run = found["Hold the button for ten seconds, then run:"]
    assert (run.locator, run.headings) == (Lines(15, 15), ("Home network", "Resetting it"))
    assert found["    ping 192.168.0.1\n      # twice"].form == "code"
    assert "Note: The old password is on the sticker.\n   Change it at once." in found
    assert found["   ethtool eth0"].form == "code"
    guest = next(segment for text, segment in found.items() if "apfelkuchen" in text)
    assert guest.headings == ("Home network", "Resetting it", "Guest access")
    assert "Spare parts" in found
    assert not any("alert" in text or "remark" in text or "caption" in text for text in found)


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("``a*b*`` and *it* and **bold**", "a*b* and it and bold"),
        (":ref:`the page <target>` :class:`Foo`", "the page Foo"),
        ("`text <https://a.b>`__ or `Title`_ or word_.", "text or Title or word."),
        ("as said [1]_ by |name|", "as said by name"),
        ("snake_case and __init__ and 2*3*4", "snake_case and __init__ and 2*3*4"),
    ],
)
def test_markup_inside_a_line_of_restructuredtext(written: str, reads: str) -> None:
    assert readable_rst(written) == reads


def test_included_files_are_not_read() -> None:
    assert texts(read("a.rst", ".. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n\nEnd.\n")) == [
        "End."
    ]


@given(any_lines)
@pytest.mark.parametrize("name", ["a.org", "a.rst"])
def test_every_line_is_where_it_is_said_to_be(name: str, text: str) -> None:
    source = text.split("\n")
    found = pairs(read(name, text))
    assert all(source[number - 1].count("word") >= line.count("word") for number, line in found)
    if "BEGIN" not in text and ".." not in text:
        numbers = {number for number, _ in found}
        headings = " ".join(part for segment in segments(read(name, text)) for part in segment.headings)
        for number, line in enumerate(source, 1):
            silent = line.startswith(("#", ":PRO")) or ":PROPERTIES:" in text
            assert "word" not in line or number in numbers or "word" in headings or silent


def test_real_org_pages(shared_data: Path) -> None:
    paths = sorted((shared_data / "notes").rglob("*.org"))
    assert paths
    for path in paths:
        assert not any(":PROPERTIES:" in line for _, line in pairs(read(path.name, path.read_bytes()))), path
