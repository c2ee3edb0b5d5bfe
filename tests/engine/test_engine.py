"""The main job on the sample library, through the one public API."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.errors import ConfigError, LibraryBusy, ModelError, QueryError
from desktop_rag.models.onnx.text_reading import TextReader
from desktop_rag.paths import resources_dir
from desktop_rag.types import Message, Page

QUESTIONS: list[dict[str, Any]] = json.loads((resources_dir() / "samples-questions.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "entry", [entry for entry in QUESTIONS if entry.get("demo")], ids=lambda entry: entry["question"]
)
def test_demo_questions_are_answered_from_the_right_file(engine: Engine, entry: dict[str, Any]) -> None:
    answer = engine.ask(entry["question"])
    quoted = " ".join(citation.quote for citation in answer.citations)
    assert all(expected in quoted for expected in entry["expect"])
    assert {Path(citation.path).name for citation in answer.citations} == set(entry["files"])
    assert answer.mode == "extractive"


@pytest.mark.parametrize(
    "entry", [entry for entry in QUESTIONS if entry.get("none")], ids=lambda entry: entry["question"]
)
def test_unanswerable_questions_are_refused(engine: Engine, entry: dict[str, Any]) -> None:
    answer = engine.ask(entry["question"])
    assert answer.mode == "nothing found"
    assert not answer.citations


def test_every_quote_stands_in_its_passage(engine: Engine) -> None:
    for entry in QUESTIONS:
        answer = engine.ask(entry["question"])
        for citation in answer.citations:
            assert any(citation.quote in hit.text for hit in answer.hits if hit.path == citation.path)
            for begin, end in citation.highlights:
                assert citation.quote[begin:end].strip()


def test_a_word_that_is_being_typed_finds_what_it_may_become(engine: Engine) -> None:
    assert engine.search("invoi", mode="keyword").hits == ()
    found = engine.search("invoi", mode="typing").hits
    assert found
    assert any("nvoice" in hit.text for hit in found)
    assert "TR-2024-018" in engine.search("parish register inv", mode="typing").hits[0].text


def test_evidence_is_found_among_the_passages(engine: Engine) -> None:
    asked = [entry for entry in QUESTIONS if entry.get("expect") and not entry.get("needs")]
    found = 0
    for entry in asked:
        text = " ".join(hit.text for hit in engine.search(entry["question"]).hits)
        found += all(expected in text for expected in entry["expect"])
    assert found >= 0.8 * len(asked)


@pytest.mark.parametrize(
    ("question", "path_part"),
    [
        ("board shear from:Osei", "Mail"),
        ("packing list type:mail", "Mail"),
        ("rent type:.xlsx folder:Home", "Budget.xlsx"),
        ("invoice folder:Invoices", "Invoices"),
        ("price name:Price*", "Price list"),
    ],
)
def test_filters_admit_only_what_they_say(engine: Engine, question: str, path_part: str) -> None:
    hits = engine.search(question).hits
    assert hits
    assert all(path_part in hit.path for hit in hits)


def test_date_filter_bounds_the_mails(engine: Engine) -> None:
    result = engine.search("board shear type:mail after:2024-03-05 before:2024-03-12")
    days = [hit.document.created.date().isoformat() for hit in result.hits if hit.document.created]
    assert days
    assert all("2024-03-05" <= day < "2024-03-12" for day in days)
    assert result.understood


def test_impossible_filter_is_explained(engine: Engine) -> None:
    with pytest.raises(QueryError):
        engine.search("rent after:nonsense")


@pytest.mark.parametrize(
    ("question", "expected"),
    [("TR-2024-018", "TR-2024-018"), ("TR-2024-017", "TR-2024-017"), ("07700 900418", "07700 900418")],
)
def test_exact_strings_come_first(engine: Engine, question: str, expected: str) -> None:
    assert expected in engine.search(question).hits[0].text


def test_quoted_phrase_must_match(engine: Engine) -> None:
    hits = engine.search('"cracked teapot"').hits
    assert hits
    assert all("cracked teapot" in hit.text for hit in hits)


def test_attachment_is_located_inside_its_mail(engine: Engine) -> None:
    hits = engine.search("Quote QT-2024-0318 Kestrel", per_document=10).hits
    inside = next(hit for hit in hits if hit.document.parent_id is not None)
    assert inside.path.endswith(".eml")
    assert isinstance(inside.locator, Message)
    assert inside.locator.part.endswith((".pdf", ".xlsx"))
    assert inside.locator.inner is not None
    assert inside.parent is not None


def test_pages_are_kept(engine: Engine) -> None:
    hits = engine.search("tenancy agreement deposit name:Tenancy").hits
    assert hits
    assert all(isinstance(hit.locator, Page) for hit in hits)


def test_mails_of_one_conversation_are_one_thread(engine: Engine) -> None:
    hits = engine.search("board shear name:*shear*.eml type:mail", limit=30, per_document=30).hits
    threads = {hit.document.thread_id for hit in hits if hit.document.kind == "mail"}
    assert len(threads) == 1


def test_only_filters_list_the_newest(engine: Engine) -> None:
    hits = engine.search("type:mail folder:Mail").hits
    days = [hit.document.created for hit in hits if hit.document.created]
    assert len(days) > 3
    assert days == sorted(days, reverse=True)


def test_second_owner_is_refused_and_reading_goes_on(engine: Engine) -> None:
    script = (
        "import sys; from pathlib import Path; from desktop_rag.engine.engine import Engine\n"
        "from desktop_rag.errors import LibraryBusy\n"
        "library = Path(sys.argv[1])\n"
        "try:\n    Engine(library); print('owned')\n"
        "except LibraryBusy as error:\n    print('busy')\n"
        "with Engine(library, read_only=True) as reader:\n"
        "    print(len(reader.search('board shear').hits) > 0, reader.status().busy)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(engine.library)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["busy", "True", "True"]


def test_read_only_refuses_to_write(engine: Engine, samples: Path) -> None:
    with Engine(engine.library, read_only=True) as reader, pytest.raises(LibraryBusy):
        reader.index([samples])


def test_missing_path_is_said(tmp_path: Path) -> None:
    with Engine(tmp_path / "library") as fresh, pytest.raises(ConfigError, match="does not exist"):
        fresh.index([tmp_path / "nowhere"])


def test_why_names_state_and_ranks(engine: Engine, samples: Path) -> None:
    known = engine.why(samples / "Home" / "Budget.xlsx", "cello lessons")
    assert known.reason == "It is indexed."
    assert any(rank.hybrid_rank for rank in known.chunks)
    waiting = engine.why(next((samples / "Media").glob("*.jpg")))
    assert waiting.file is not None
    assert waiting.file.state == "waiting"
    assert "outside" in engine.why(Path(__file__)).reason
    assert "This file does not exist and is not in the library" in engine.why(samples / "gone.txt").reason
    excluded = engine.why(samples / "Home" / "Budget.xlsx", "lessons from:Osei")
    assert excluded.excluded_by


def test_doctor_finds_all_well(engine: Engine) -> None:
    assert [check.name for check in engine.doctor() if not check.ok] == []


def test_the_answer_itself_is_given_and_marked(engine: Engine) -> None:
    answer = engine.ask("What is the telephone number of Daniel Osei?")
    assert answer.short == "01632 960377"
    assert answer.text.startswith(f"{answer.short} [1]")
    ((begin, end),) = answer.citations[0].highlights
    assert answer.citations[0].quote[begin:end] == answer.short
    assert answer.hits[0].why.reading is not None


def test_without_reading_sentences_are_quoted(engine: Engine) -> None:
    answer = engine.ask("Where is the spare key of the workshop hidden?", rerank=False)
    assert answer.short == ""
    assert "cracked teapot" in answer.citations[0].quote
    assert all(hit.why.reading is None for hit in answer.hits)


def test_what_is_typed_is_not_read(engine: Engine) -> None:
    for mode in ("typing", "keyword", "dense"):
        hits = engine.search("spare key of the workshop", mode=mode).hits
        assert hits
        assert all(hit.why.reading is None for hit in hits)
    assert engine.search("spare key of the workshop").hits[0].why.reading is not None


def test_a_reader_that_fails_leaves_the_order_of_the_search(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("The bundled model file is damaged.")

    question = "Where is the spare key of the workshop hidden?"
    plain = engine.search(question, rerank=False).hits
    monkeypatch.setattr(TextReader, "read", fail)
    assert engine.search(question).hits == plain
    assert "Passages were not read" in caplog.text
    assert not next(check for check in engine.doctor() if check.name == "reader").ok
