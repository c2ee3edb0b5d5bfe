"""Word and PowerPoint files of before 2007."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_rag.errors import Damaged, Encrypted, FileProblem, Unsupported
from desktop_rag.parsing.office.legacy import parse_doc, parse_ppt
from desktop_rag.parsing.source import Limits, Parser, Source
from desktop_rag.types import Attachment, Page, ParseItem, Problem, Segment, Whole
from tests.parsing.reading import metadata, segments, texts
from tests.parsing.real_files import read_all
from tests.samples.compound_file import compound_file

_SAMPLES = Path(__file__).parents[2] / "samples"
_TROUBLED = Path(__file__).parents[1] / "troubled"


def _read(parser: Parser, path: Path, limits: Limits | None = None) -> list[ParseItem]:
    return list(parser(Source(path.name, "", limits or Limits(), path=path)))


def test_a_word_document() -> None:
    columns = "Columns: Tea, Origin, Price, Since"
    hours, teas = ("Opening hours",), ("Teas",)
    assert segments(_read(parse_doc, _SAMPLES / "doc" / "handbook.doc")) == [
        Segment("The shop opens at eight in the morning and closes at half past six.", Whole(), hours),
        Segment("Tea: Assam; Origin: India; Price: 4.5; Since: 2021-05-01", Whole(), teas, form="row", context=columns),
        Segment(
            "Tea: Sencha; Origin: Japan; Price: 6.0; Since: 2022-11-15", Whole(), teas, form="row", context=columns
        ),
        Segment("See the list.", Whole(), teas),
        Segment("Čaj \U0001f375", Whole(), teas),
        Segment("On Sundays at ten.", Whole()),
    ]


def test_word_2003_xml() -> None:
    assert texts(_read(parse_doc, _TROUBLED / "word2003-xml.doc")) == [
        "The shop opens at eight in the morning and closes at half past six."
    ]


def test_a_presentation() -> None:
    first, second = Page(1, label="slide"), Page(2, label="slide")
    assert segments(_read(parse_ppt, _SAMPLES / "ppt" / "handbook.ppt")) == [
        Segment("The shop opens at eight in the morning and closes at half past six.", first, ("Opening hours",)),
        Segment("On Sundays at ten.", first, ("Opening hours", "Notes")),
        Segment("Assam costs 4.50\nSencha costs 6.00", second, ("Teas",)),
        Segment("Comment by Mira Okafor: Agreed with the landlord in 2023.", second, ("Teas",)),
    ]


def test_a_presentation_without_its_directory_gives_its_words_and_says_so() -> None:
    items = _read(parse_ppt, _TROUBLED / "no-directory.ppt")
    assert "The shop opens at eight in the morning and closes at half past six." in texts(items)
    assert {item.locator for item in segments(items)} == {Whole()}
    assert [item.code for item in items if isinstance(item, Problem)] == ["damaged"]


def test_a_cap_on_slides() -> None:
    items = _read(parse_ppt, _SAMPLES / "ppt" / "handbook.ppt", Limits(pages=1))
    assert {item.locator for item in segments(items)} == {Page(1, label="slide")}
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]


@pytest.mark.parametrize(
    ("parser", "name", "error"),
    [
        (parse_doc, "protected.doc", Encrypted),
        (parse_doc, "word95.doc", Unsupported),
        (parse_ppt, "protected.ppt", Encrypted),
    ],
)
def test_clear_refusals(parser: Parser, name: str, error: type[FileProblem]) -> None:
    with pytest.raises(error, match=name) as raised:
        _read(parser, _TROUBLED / name)
    assert raised.value.hint


@pytest.mark.parametrize("parser", [parse_doc, parse_ppt])
def test_damage_is_told(parser: Parser) -> None:
    for data in (b"", b"plain", compound_file({"WordDocument": b""})[:1000]):
        with pytest.raises(Damaged, match=r"x\.doc"):
            list(parser(Source("x.doc", "", Limits(), data=data)))
    with pytest.raises(Unsupported):
        list(parser(Source("x.doc", "", Limits(), data=compound_file({"Other": b"x"}))))


def test_real_files(shared_data: Path) -> None:
    folder = shared_data / "documents" / "tika_documents"
    words, refused = read_all(parse_doc, folder.glob("*.doc"))
    assert len(words) >= 38
    assert sorted(problem.code for problem in refused.values()) == ["damaged", "encrypted", "encrypted", "unsupported"]
    slides, refused = read_all(parse_ppt, folder.glob("*.ppt"))
    assert len(slides) >= 21
    assert {problem.code for problem in refused.values()} == {"encrypted"}
    assert metadata(words["testWORD.doc"]).title == "Sample Word Document"
    embedded = slides["testPPT_embeded.ppt"]
    assert [item.name for item in embedded if isinstance(item, Attachment)] == ["object1.xls", "object2.doc"]


@pytest.mark.parametrize("stem", ["testWORD_various", "testWORD_override_list_numbering", "testWORD_3imgs"])
def test_old_and_new_word_give_the_same_text(shared_data: Path, stem: str) -> None:
    from desktop_rag.parsing.office.docx import parse_docx

    folder = shared_data / "documents" / "tika_documents"
    old = set(" ".join(texts(_read(parse_doc, folder / f"{stem}.doc"))).split())
    written = [item for item in _read(parse_docx, folder / f"{stem}.docx") if getattr(item, "form", "") != "picture"]
    new = set(" ".join(texts(written)).split())
    assert len(old & new) >= 0.95 * len(old | new)
