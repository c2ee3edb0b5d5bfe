"""``doctor`` on libraries that are well, and on those that are not."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, RunJson


def test_repair_mends_what_no_other_command_can_open(run: Run, run_json: RunJson, home: Path) -> None:
    notes = home / "notes"
    notes.mkdir()
    (notes / "boat.txt").write_text("The boat is moored at the second jetty.", encoding="utf-8")
    assert run("index", notes)[0] == 0
    catalog = home / "library" / "catalog.sqlite"
    catalog.write_bytes(b"no database " * 1000)
    code, _, said = run("search", "boat")
    assert code == 5
    assert "doctor --repair" in said
    code, found = run_json("doctor", "--repair")
    assert code == 0
    assert found["ok"]
    assert "1 chosen folder is known" in found["repaired"][1]
    assert run("index")[0] == 0
    assert "second jetty" in run("search", "boat")[1]
    code, found = run_json("doctor", "--repair")
    assert (code, found["repaired"]) == (0, [])


def test_doctor_counts_connections(run: Run) -> None:
    code, said, _ = run("doctor")
    assert code == 0
    assert "connections made: 0" in said
