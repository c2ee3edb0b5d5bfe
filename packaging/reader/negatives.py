"""Passages that look right and are not: what the program's own search finds for a question, beside its answer."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_rag.engine.engine import Engine
from reader.examples import Data, says

_LOOKED_AT = 30
_KEPT = 12


def hard_negatives(data: Data, cache: Path) -> dict[str, list[str]]:
    """For each question that is answered, by its text: ids of passages that were found and do not say the answer, best
    first. Kept in ``cache``."""
    if not cache.exists():
        found = _find(data)
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(found), encoding="utf-8")
    kept: dict[str, list[str]] = json.loads(cache.read_text(encoding="utf-8"))
    return kept


@contextmanager
def library_of(data: Data, folder: Path) -> Iterator[tuple[Engine, dict[str, str]]]:
    """An engine over the passages as notes, made below ``folder``, and the passages' ids by the notes' names."""
    notes = folder / "notes"
    notes.mkdir(parents=True)
    numbered = {f"{number:05d}.md": id for number, id in enumerate(data.passages)}
    for file, id in numbered.items():
        passage = data.passages[id]
        (notes / file).write_text(f"# {passage.context}\n\n{passage.text}\n", encoding="utf-8")
    with Engine(folder / "library") as engine:
        engine.add_root(notes)
        engine.index()
        yield engine, numbered


def _find(data: Data) -> dict[str, list[str]]:
    with tempfile.TemporaryDirectory() as name:
        with library_of(data, Path(name)) as (engine, numbered):
            found = {}
            for question in data.questions:
                if not question.answers:
                    continue
                hits = engine.search(question.text, limit=_LOOKED_AT).hits
                ids = list(dict.fromkeys(numbered[Path(hit.path).name] for hit in hits))
                wrong = [
                    id for id in ids if id != question.passage and not says(data.passages[id].text, question.answers)
                ]
                found[question.text] = wrong[:_KEPT]
        return found
