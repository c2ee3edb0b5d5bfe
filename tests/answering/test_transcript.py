"""A conversation on paper."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from desktop_rag.answering.transcript import markdown
from desktop_rag.types import Citation, Conversation, Lines, Sentence, Turn
from tests.answering.passages import turn

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2024, 5, 3, 10, 30, tzinfo=UTC)
TALK = Conversation(1, "When was the <b>bridge</b> built?", BEGAN, BEGAN, 1)


def one(text: str, *citations: Citation) -> Turn:
    told = turn("When was it built?", text)
    return replace(told, answer=replace(told.answer, citations=citations))


def test_questions_answers_and_sources_stand_in_order() -> None:
    citation = Citation(1, "The bridge was\nbuilt in 1904.", "/files/bridge.txt", Lines(3, 4), "Bridges")
    text = markdown(TALK, [one("In 1904 [1].", citation), one("Of stone.")], BERLIN)
    assert text.startswith("# When was the \\<b\\>bridge\\</b\\> built?\n\n*03.05.2024, 12:30 CEST*\n")
    assert (
        "## When was it built?\n\nIn 1904 \\[1\\].\n\n"
        "- \\[1\\] Bridges, `/files/bridge.txt`, lines 3-4: “The bridge was built in 1904.”"
    ) in text
    assert text.index("In 1904") < text.index("Of stone.")


def test_nothing_in_it_loads_formats_or_links() -> None:
    citation = Citation(1, "![x](http://evil.example/x.png) <script>", "/files/`a`.txt", Lines(1, 1))
    text = markdown(TALK, [one("[click](http://evil.example) <img src=x>", citation)], BERLIN)
    assert not re.search(r"(?<!\\)[\[\]<]", text)
    assert "`` /files/`a`.txt ``" in text


def test_what_was_stopped_doubted_or_completed_is_said() -> None:
    told = one("It was Emil.")
    answer = replace(
        told.answer, stopped=True, asked="Who built the bridge?", note="Only mails were looked at.",
        sentences=(Sentence(0, 12, (), "unsupported"),),
    )  # fmt: skip
    text = markdown(TALK, [replace(told, answer=answer)], BERLIN)
    for said in ("Searched for: Who built", "Not in the sources: It was Emil.", "Stopped before", "Only mails"):
        assert said in text
