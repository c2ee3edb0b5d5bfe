"""Markdown and its front matter, Obsidian vaults and Logseq graphs."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.parsing.text.markdown_inline import readable_markdown
from desktop_rag.types import Lines
from tests.parsing.reading import metadata, pairs, place, read, segments, texts

_SAMPLES = Path(__file__).parents[2] / "samples" / "md"

_PIECES = (
    "# ", "## ", "- ", "\t- ", "1. ", "> ", "```", "~~~", "    ", "| a | b |", "|---|---|", "---", "===", "***",
    "[[", "]]", "](", ")", "((", "))", "**", "_", "`", "``", "<b>", "<!--", "-->", "{{", "}}", "key:: v",
    "id:: 1", "#tag", "[^1]: ", "[a]: b", "%%", "&amp;", "&#10;", "\\", "!", "word", "more words", " ",
    ":LOGBOOK:", ":END:", "#+BEGIN_QUERY", "title: x",
)  # fmt: skip
any_markdown = st.lists(st.lists(st.sampled_from(_PIECES), max_size=6).map("".join), max_size=25).map("\n".join)


def test_a_note_as_people_write_them() -> None:
    items = read("2024-05-03 Roof.md", (_SAMPLES / "2024-05-03 Roof.md").read_bytes())
    about = metadata(items)
    assert (about.title, about.author) == ("Roof repair", "Mara Lindqvist")
    assert about.created == datetime(2024, 5, 3).astimezone()
    assert about.tags == ("house", "repair", "urgent")
    found = {segment.text: segment for segment in segments(items)}
    properties = next(text for text in found if "aliases:" in text)
    assert "aliases:\n- The leak\nroofer: Tomas Brandt" in properties
    assert "cover" not in properties
    assert found["Water came through the ceiling of the small bedroom again. #urgent"].locator == Lines(10, 10)
    row = found["Roofer: Brandt; Price: €1,840; Can start: 3 June"]
    assert (row.form, row.context, row.headings) == ("row", "Columns: Roofer, Price, Can start", ("Quotes",))
    assert "Roofer: Dachwerk GmbH; Can start: 17 June" in found
    assert "Warning: Scaffold\nThe permit takes two weeks, see\nhttps://example.org/permits." in found
    tasks = next(segment for text, segment in found.items() if "zinc" in text)
    assert tasks.text.split("\n") == [
        "- [ ] Call Tomas about the zinc gutter",
        "- [x] Send photos to the insurer (policy)",
        "  - Claim number HX_2291_b",
    ]
    code = found["area = 6.2 * 4.1  # square metres"]
    assert (code.form, code.headings, code.locator) == ("code", ("To do", "Measurements"), Lines(32, 32))
    assert {"Warranty", "Paint"} <= found.keys(), "headings with nothing below"


def test_a_page_of_a_graph() -> None:
    items = read("2024_05_07.md", (_SAMPLES / "2024_05_07.md").read_bytes())
    assert metadata(items).created == datetime(2024, 5, 7).astimezone()
    assert metadata(items).tags == ("allotment", "Garden plans")
    assert pairs(items) == [
        (1, "tags: allotment, Garden plans"),
        (6, "Sowed Kuri squash in the cold frame"),
        (7, ""),
        (8, "twelve pots, as in"),
        (9, "TODO label them"),
        (10, "Seed list"),
        (11, "Lent the spade to Ines until Sunday"),
    ]
    assert {segment.headings for segment in segments(items)[1:]} == {("Allotment",)}


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("see [[Page]] and [[Page|that one]]", "see Page and that one"),
        ("[[Page#Part]] but [[Page#^a1b2]]", "Page, Part but Page"),
        ("![[Picture.png|300]] ![[Note]]", "Picture.png Note"),
        ("[text](https://a.b/c_(d) \"T\") and ![alt](x.png)", "text and alt"),
        ("[![badge](b.svg)](https://a.b)", "badge"),
        ("<https://a.b/x_y_z> <me@a.b>", "https://a.b/x_y_z me@a.b"),
        ("**bold *both* bold** __b__ _i_ ~~gone~~ ==lit==", "bold both bold b i gone lit"),
        ("snake_case_name 2 * 3 * 4 a*b", "snake_case_name 2 * 3 * 4 a*b"),
        ("`**code** [[x]]` stays", "**code** [[x]] stays"),
        (r"\*not bold\* \[x\]", "*not bold* [x]"),
        ("a<br>b <b>c</b> List<String>", "ab c List<String>"),
        ("x &amp; y &lt;z&gt; &#65;", "x & y <z> A"),
        ("claim[^1] %%private%% ^blockid", "claim private"),
        ("((663a1b2c-0000-4000)) [ref](((663a1b2c-0000)))", " ref"),
        ("{{embed [[A]]}} {{query (todo now)}}", "A "),
        ("status:: waiting", "status: waiting"),
        ("id:: 663a", ""),
        ("the [rating:: 7] of it", "the rating: 7 of it"),
        ("`code over\ntwo lines` and\n*words\nin italics*", "code over\ntwo lines and\nwords\nin italics"),
        ("[a link](https://a.b\n'its title') here", "a link\n here"),
        ("a\\\nb  \nc<!-- no\ntext -->d &#10;e", "a\nb\nc\nd  e"),
        ("if a==b and c==d, ==mark it==", "if a==b and c==d, mark it"),
        ("![a map](../maps/old town.png){:height 30, :width 50}, {x}", "a map, {x}"),
        ("[text]([[Some Page]]) ![[Map.png|a *map*]]", "text a map"),
        ("{{title}} {{video https://a.b/v}}", "{{title}} https://a.b/v"),
        ("[!tip]- Brew\nfirst", "Tip: Brew\nfirst"),
        ("[!info]", "Info"),
        ("id:: 1\nstatus:: **done**\ncollapsed:: true\nplain:: ", "\nstatus: done\n\n"),
        ("[local](file:///a/b) <zotero://select/1>", "local zotero://select/1"),
        ("words[^note] and\n[^note]: what it says", "words and\nwhat it says"),
    ],
)  # fmt: skip
def test_markup_inside_a_line(written: str, reads: str) -> None:
    assert readable_markdown(written, {}) == reads


def test_a_link_by_reference_reads_as_its_text() -> None:
    items = read("a.md", "See [the list][teas] and [Teas], not [this].\n\n[teas]: https://a.b/c 'Teas'\n")
    assert texts(items)[0].split("\n")[0] == "See the list and Teas, not [this]."


def test_lines_that_logseq_keeps_for_itself_are_left_out() -> None:
    note = (
        "- TODO label\n  :LOGBOOK:\n  CLOCK: [2024-01-01]\n  :END:\n- #+BEGIN_QUERY\n  {:query [[x]] #hidden}\n"
        "  #+END_QUERY\n- #+BEGIN_QUOTE\n  words\n  #+END_QUOTE\n- `:LOGBOOK:` is kept\n"
    )
    items = read("a.md", note)
    assert [pair for pair in pairs(items) if pair[1]] == [
        (1, "TODO label"), (9, "words"), (11, ":LOGBOOK: is kept"),
    ]  # fmt: skip
    assert metadata(items).tags == ()


def test_quotations_and_lists_keep_the_marks_that_say_something() -> None:
    assert texts(read("a.md", "intro\n\n> - one\n>   1. **two**\n>\n> [a|b] `c`\n>> deep\n")) == [
        "intro", "- one\n  1. two\n\n[a|b] c\ndeep",
    ]  # fmt: skip
    assert texts(read("a.md", "intro\n\n> ## Head ##\n> more\n- \n* * *\n===\n")) == ["intro", "Head\nmore"]


def test_tags_are_found_outside_code_and_links() -> None:
    tags: dict[str, None] = {}
    readable_markdown(
        "#one `#two` https://a.b/#three issue #4 [below](#seven) (#five/six) #[[two words]] #ff0000 [#A]", tags
    )
    assert list(tags) == ["one", "five/six", "two words"]


def test_the_title_is_the_first_heading_unless_the_front_matter_says() -> None:
    assert metadata(read("a.md", "intro\n\n# The *title*\n")).title == "The title"
    assert metadata(read("a.md", "---\ntitle: Told\n---\n# Other\n")).title == "Told"
    assert metadata(read("a.md", "text\n")).title == ""
    assert metadata(read("a.md", "title:: Of a page\n\n- x\n")).title == "Of a page"


@pytest.mark.parametrize(
    "front",
    ["title: {{title}}\nx: [", "a: &a [*a]", "- a\n- b", "date: 2024-99-99", "[" * 30_000, "- " * 20_000, "\t: x"],
)
def test_broken_front_matter_is_survived(front: str) -> None:
    items = read("a.md", f"---\n{front}\n---\nThe text.\n")
    assert texts(items)[-1] == "The text."
    assert place(segments(items)[-1]).first == front.count("\n") + 4


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert texts(read("a.md", "---\nwords\n\nmore\n")) == ["words", "more"]


def test_an_underlined_paragraph_of_two_lines_is_text() -> None:
    assert texts(read("a.md", "one\ntwo\n---\nthree\n")) == ["one\ntwo", "three"]


def test_a_long_list_is_a_segment_for_each_item() -> None:
    items = read("a.md", "Shopping:\n\n" + "".join(f"- thing {number}\n  of kind {number}\n" for number in range(30)))
    assert len(segments(items)) > 3
    assert len(pairs(items)) == 61


def test_deep_outlines_are_kept_whole() -> None:
    lines = ["\t" * depth + f"- level {depth}" for depth in range(80)]
    assert [line for _, line in pairs(read("a.md", "\n".join(lines)))] == [f"level {depth}" for depth in range(80)]


@given(any_markdown)
def test_every_line_is_where_it_is_said_to_be(text: str) -> None:
    source = text.split("\n")
    for number, line in pairs(read("a.md", text)):
        words = re.findall(r"word|more words|\btag\b", line)
        assert all(word in source[number - 1] for word in words), (number, line, source)


@given(any_markdown)
def test_a_block_has_as_many_lines_as_before(text: str) -> None:
    assert readable_markdown(text, {}).count("\n") == text.count("\n")


@given(st.lists(st.lists(st.sampled_from(("word", "more", "x*y", "a_b", "3")), min_size=1).map(" ".join), max_size=20))
def test_plain_lines_come_back_as_they_are(lines: list[str]) -> None:
    assert [line for _, line in pairs(read("a.md", "\n\n".join(lines)))] == lines


_REPETITION = """
from tests.parsing.reading import read, texts

for piece in (
    "[", "![", "[[", "](", "`a", "``` ", "*a ", "_a ", "<!--", "~~a", "==a", "{{", ">", "- ", "((", "|a", "[a](<",
    "[a][", "[a:: b", "(a:: ", "[^a", "[[a|", "#[[", "%%", "^a", "![](a b", "a:: b\\n", ":LOGBOOK:\\n", "--",
    "#+BEGIN_QUERY\\n",
):
    items = read("a.md", piece * (15_000 // len(piece)) + "\\n\\nend\\n")
    assert texts(items)[-1].endswith("end"), piece
"""


def test_hostile_repetition_costs_little() -> None:
    """Read in a process that would be ended: a pattern that tries again and again would be at it for hours."""
    subprocess.run([sys.executable, "-c", _REPETITION], check=True, timeout=300)


def test_real_vaults(shared_data: Path) -> None:
    paths = sorted((shared_data / "notes").rglob("*.md"))
    assert len(paths) > 400
    for path in paths:
        items = read(path.name, path.read_bytes())
        numbers = [number for number, _ in pairs(items)]
        assert numbers == sorted(numbers), path
        prose = "\n".join(segment.text for segment in segments(items) if segment.form == "prose")
        assert not re.search(r"^\s*(collapsed|id):: ", prose, re.MULTILINE), path
    meeting = read("m.md", next(path for path in paths if path.name.endswith("Meeting with Steph.md")).read_bytes())
    assert texts(meeting)[-1] == "Discussed the book Out of Control on the topic of Emergence"
