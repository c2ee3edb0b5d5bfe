"""Plain text and subtitles."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.parsing.text.dates import date_in_name, date_in_words
from desktop_rag.types import Lines
from tests.parsing.reading import metadata, pairs, place, read, segments, texts

_SAMPLES = Path(__file__).parents[2] / "samples"

lines_of_text = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\f"), max_size=30), max_size=30
)


def test_paragraphs_have_their_lines() -> None:
    found = segments(read("a.txt", "\n\none\ntwo  \n\n \nthree\n"))
    assert [(segment.text, segment.locator) for segment in found] == [
        ("one\ntwo", Lines(3, 4)),
        ("three", Lines(7, 7)),
    ]


@given(lines_of_text)
def test_no_line_of_a_text_is_lost(lines: list[str]) -> None:
    found = pairs(read("a.txt", "\n".join(lines)))
    expected = [(number, " ".join(line.split())) for number, line in enumerate(lines, 1) if line.strip()]
    assert [(number, " ".join(line.split())) for number, line in found] == expected


def test_a_form_feed_begins_a_paragraph() -> None:
    assert texts(read("a.txt", "end of page 1\n\fpage 2\nmore\n")) == ["end of page 1", "page 2\nmore"]


def test_a_very_long_line_is_cut_at_blanks_and_keeps_its_place() -> None:
    words = [f"word{number}" for number in range(20_000)]
    found = segments(read("a.txt", "first\n\n" + " ".join(words)))
    assert {place(segment) for segment in found[1:]} == {Lines(3, 3)}
    assert max(len(segment.text) for segment in found) <= 16_000
    assert " ".join(segment.text for segment in found[1:]).split() == words


def test_a_long_log_without_a_blank_line_is_many_segments() -> None:
    lines = [f"2024-05-01 12:00:{number} something happened" for number in range(5000)]
    items = read("a.log", "\n".join(lines))
    assert len(segments(items)) > 10
    assert pairs(items) == list(enumerate(lines, 1))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("boiler.txt", "invoice 2024-0117, €214.50"),
        ("pension.txt", "Zoë Małecka"),
        ("cafe.txt", "crème brûlée at “Chez Amélie” costs €7.50"),
        ("ryokan.txt", "四月十二日から三泊、山田屋に予約しました"),
    ],
)
def test_every_encoding_is_read(name: str, words: str) -> None:
    assert words in "\n".join(texts(read(name, (_SAMPLES / "txt" / name).read_bytes())))


def test_subtitles_are_what_is_said() -> None:
    items = read(
        "a.srt",
        "1\n00:00:01,000 --> 00:00:02,500\n<i>Two</i> eggs,\n{\\an8}please.\n\n2\n00:00:03,0 --> 00:00:04,0\n3\n",
    )
    assert pairs(items) == [(3, "Two eggs,"), (4, "please."), (8, "3")]


def test_web_subtitles_drop_notes_styles_and_cue_names() -> None:
    text = (
        "WEBVTT - made by hand\n\nNOTE not\nsaid\n\nSTYLE\n::cue {}\n\n"
        "intro\n00:01.000 --> 00:02.000 align:left\n<v Mara>Come in!\n"
    )
    assert pairs(read("a.vtt", text)) == [(11, "Mara: Come in!")]


def test_subtitles_without_times_are_text() -> None:
    assert texts(read("a.srt", "just some words\n")) == ["just some words"]


def test_a_file_named_after_a_day_was_written_on_it() -> None:
    assert metadata(read("2024-05-01 minutes.txt", "x")).created == datetime(2024, 5, 1).astimezone()


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2022_03_04.md", datetime(2022, 3, 4).astimezone()),
        ("20240501.txt", datetime(2024, 5, 1).astimezone()),
        ("2024-13-01.md", None),
        ("2024-05_01.md", None),
        ("12024-05-01.md", None),
        ("minutes.md", None),
    ],
)
def test_dates_in_names(name: str, day: datetime | None) -> None:
    assert date_in_name(name) == day


def test_dates_in_words() -> None:
    assert date_in_words("[[2024-05-01]]") == datetime(2024, 5, 1).astimezone()
    assert date_in_words("<2024-05-01 Wed>") == datetime(2024, 5, 1).astimezone()
    assert date_in_words("2024-05-01 14:30:05.25 +0200") == datetime.fromisoformat("2024-05-01T14:30:05+02:00")
    assert date_in_words("May 3, 2024") == datetime(2024, 5, 3).astimezone()
    assert date_in_words("2024-99-01") is None
    assert date_in_words("{{date}}") is None


@given(st.text(max_size=40))
def test_any_words_are_a_date_or_none(text: str) -> None:
    found = date_in_words(text)
    assert found is None or found.tzinfo is not None


def test_real_texts_keep_every_line(shared_data: Path) -> None:
    paths = [path for path in shared_data.rglob("*.txt") if path.stat().st_size < 200_000]
    assert paths
    for path in paths:
        items = read(path.name, path.read_bytes())
        numbers = [number for number, _ in pairs(items)]
        assert len(numbers) == len(set(numbers)), path
