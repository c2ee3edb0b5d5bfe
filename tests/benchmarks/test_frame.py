"""The benchmark's own arithmetic and its corpora."""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

import pytest

from tests.benchmarks.corpora import Corpus, Passage, Question, load, sentence_pool, synthetic_paragraphs
from tests.benchmarks.measure import MIB, CommandFailed, disk_mib, percentile, run
from tests.benchmarks.report import Section, Target, write_json
from tests.benchmarks.side_by_side import recall

CORPUS = Corpus(
    "small",
    tuple(Passage(f"Lake-{number:03d}", "Lake", f"Text {number}.") for number in range(10)),
    (Question("One note?", ("Lake-001.md",)), Question("Two notes?", ("Lake-002.md", "Lake-003.md"))),
)


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 95), percentile(values, 100)) == (50.0, 95.0, 100.0)
    assert percentile([7.0], 50) == 7.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_recall_counts_each_question_the_same() -> None:
    found = [["Lake-001.md", "Lake-009.md"], ["Lake-008.md", "Lake-003.md"]]
    assert recall(CORPUS, found, 1) == 0.5
    assert recall(CORPUS, found, 2) == 0.75


def test_a_part_keeps_the_notes_that_its_questions_need(tmp_path: Path) -> None:
    part = CORPUS.part(questions=2, passages=5)
    names = {passage.file_name for passage in part.passages}
    assert len(names) == 5
    assert all(set(question.notes) <= names for question in part.questions)
    part.write(tmp_path / "notes")
    assert (tmp_path / "notes" / "Lake-002.md").read_text(encoding="utf-8") == "# Lake\n\nText 2.\n"


@pytest.mark.usefixtures("shared_data")
def test_synthetic_paragraphs_are_different_and_the_same_every_time() -> None:
    pool = sentence_pool(load("squad"))
    paragraphs = list(synthetic_paragraphs(pool, 500))
    assert len(set(paragraphs)) == 500
    assert paragraphs[:50] == list(islice(synthetic_paragraphs(pool, 50), 50))
    assert all(590 <= len(paragraph) <= 910 for paragraph in paragraphs)


def test_a_command_is_measured_with_its_children() -> None:
    child = "import time; block = bytearray(100 * 1024 * 1024); time.sleep(0.5)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('done')"
    measured = run([sys.executable, "-c", program])
    assert measured.stdout.strip() == "done"
    assert measured.seconds >= 0.5
    assert measured.peak_mib >= 100 or sys.platform != "linux"


def test_a_failed_command_says_why() -> None:
    with pytest.raises(CommandFailed, match="no such store"):
        run([sys.executable, "-c", "raise SystemExit('no such store')"])


def test_disk_space_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"x" * MIB)
    assert 1.0 <= disk_mib(tmp_path) < 1.1


def test_missed_targets_are_named_and_other_sections_kept(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    write_json([Section("memory", "Memory")], path)
    section = Section("queries", "Queries")
    section.add("warm", {"p50 ms": 30.0, "hits": 9.5}, Target("p50 ms", 25, below=True), Target("hits", 9))
    write_json([section], path)
    sections = json.loads(path.read_text(encoding="utf-8"))["sections"]
    assert list(sections) == ["memory", "queries"]
    assert sections["queries"]["rows"][0]["missed"] == ["warm: p50 ms is 30.0, wanted ≤ 25"]
    assert section.table().row_count == 1
