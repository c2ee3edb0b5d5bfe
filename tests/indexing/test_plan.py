"""What follows from what a scan saw; places inside places."""

from __future__ import annotations

import pytest

from desktop_rag.indexing.plan import plan
from desktop_rag.indexing.scan import Scan, ScannedFile
from desktop_rag.locators import join, nest
from desktop_rag.types import Cells, Entry, Lines, Locator, Message, Page, Whole

KNOWN = {"/r/a": (1, 1, "now"), "/r/b": (2, 2, "now"), "/r/sub/c": (3, 3, "old")}


def test_only_differences_are_read() -> None:
    seen = Scan({"/r/a": ScannedFile(1, 1), "/r/b": ScannedFile(2, 9), "/r/new": ScannedFile(5, 5)}, [])
    planned = plan(seen, KNOWN, "now")
    assert (planned.new, planned.changed, planned.gone) == (("/r/new",), ("/r/b",), ("/r/sub/c",))
    assert planned.unchanged == 1


def test_another_recipe_or_force_reads_again() -> None:
    seen = Scan({"/r/a": ScannedFile(1, 1), "/r/sub/c": ScannedFile(3, 3)}, [])
    assert plan(seen, KNOWN, "now").changed == ("/r/sub/c",)
    assert plan(seen, KNOWN, "now", force=True).changed == ("/r/a", "/r/sub/c")


def test_what_a_model_has_missed_is_read_again() -> None:
    seen = Scan({"/r/a": ScannedFile(1, 1), "/r/b": ScannedFile(2, 2)}, [])
    assert plan(seen, KNOWN, "now", missed={"/r/b"}).changed == ("/r/b",)


def test_what_could_not_be_listed_is_not_gone() -> None:
    assert plan(Scan({}, ["/r/sub"]), KNOWN, "now").gone == ("/r/a", "/r/b")
    missing = plan(Scan({}, [], missing=True), KNOWN, "now")
    assert (missing.gone, missing.unchanged) == ((), 3)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (Message(5), Message(1, "a.pdf"), Message(5, "a.pdf")),
        (Message(5, "a.pdf"), Page(2), Message(5, "a.pdf", Page(2))),
        (Message(5, "a.eml"), Message(1, "", Lines(1, 2)), Message(5, "a.eml", Message(1, "", Lines(1, 2)))),
        (Entry("x.docx"), Whole(), Entry("x.docx")),
        (Entry("x.zip", Entry("y.pdf")), Page(3), Entry("x.zip", Entry("y.pdf", Page(3)))),
    ],
)
def test_places_nest(outer: Message | Entry, inner: Locator, expected: Locator) -> None:
    assert nest(outer, inner) == expected


def test_places_join_where_no_border_lies_between() -> None:
    assert join(Lines(1, 2), Lines(4, 5)) == Lines(1, 5)
    assert join(Cells("A", 1, 1), Cells("A", 2, 2)) == Cells("A", 1, 2)
    assert join(Cells("A", 1, 1), Cells("B", 2, 2)) is None
    assert join(Page(1), Page(1)) == Page(1)
    assert join(Page(1), Page(2)) is None
    assert join(Message(1, "", Lines(1, 1)), Message(1, "", Lines(2, 2))) == Message(1, "", Lines(1, 2))
    assert join(Message(1), Message(2)) is None
