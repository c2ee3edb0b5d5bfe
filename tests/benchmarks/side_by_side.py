"""Desktop RAG beside LlamaIndex, LangChain and txtai: same notes, same model weights, same questions, same machine."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.corpora import Corpus, load
from tests.benchmarks.environment import EnvironmentFailed, python
from tests.benchmarks.measure import CommandFailed, disk_mib, percentile, run
from tests.benchmarks.report import Section, Target, Value

TITLE = "Side by side: SQuAD notes, the bundled model"
OURS = "Desktop RAG"
FRAMEWORKS = {"LlamaIndex": "llamaindex", "LangChain": "langchain", "txtai": "txtai"}
MODES = ("hybrid", "dense")
_MORE_IS_BETTER = ("recall@1", "recall@5")
_LESS_IS_BETTER = ("index s", "index CPU s", "cold s", "p50 ms", "p95 ms", "index MiB", "query MiB", "disk MiB")
AHEAD = (
    *(Target(figure, 1, below=True) for figure in _MORE_IS_BETTER),
    *(Target(figure, 1) for figure in _LESS_IS_BETTER),
)
"""What the ratios of the others' hybrid search to ours are when we are ahead; where not, the row says so."""


def measure(section: Section) -> None:
    """A row for every framework and mode, and one with the ratios to ours in the same mode."""
    corpus = load("squad")
    if section.quick:
        corpus = corpus.part(questions=200, passages=400)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        work = Path(folder)
        corpus.write(work / "notes")
        (work / "questions.json").write_text(json.dumps([q.text for q in corpus.questions]), encoding="utf-8")
        ours = _framework(section, OURS, Path(sys.executable), "desktoprag", corpus, work)
        try:
            others_python = python()
        except EnvironmentFailed as problem:
            section.add_failure(", ".join(FRAMEWORKS), str(problem).splitlines()[-1])
            return
        for name, module in FRAMEWORKS.items():
            theirs = _framework(section, name, others_python, module, corpus, work)
            for mode, figures in theirs.items() if ours else ():
                section.add(f"{name} {mode} ÷ ours", _ratios(figures, ours[mode]), *(AHEAD if mode == "hybrid" else ()))


def _framework(
    section: Section, name: str, interpreter: Path, module: str, corpus: Corpus, work: Path
) -> dict[str, dict[str, Value]]:
    """Index once and search in each mode; the figures by mode, which are also added as rows. Failures become notes."""
    store, out, questions = work / module, work / "out.json", work / "questions.json"
    command: list[str | Path] = [interpreter, "-m", f"tests.benchmarks.others.{module}"]
    rows: dict[str, dict[str, Value]] = {}
    try:
        indexing = run([*command, "index", work / "notes", store, out])
        indexed = json.loads(out.read_text(encoding="utf-8"))
        for mode in MODES:
            querying = run([*command, "query", mode, store, questions, out, str(time.time())])
            queried = json.loads(out.read_text(encoding="utf-8"))
            times = [seconds * 1000 for seconds in queried["times_s"]]
            at_1, at_5 = (recall(corpus, queried["found"], top) for top in (1, 5))
            rows[mode] = {
                "recall@1": at_1,
                "recall@5": at_5,
                "index s": indexed["seconds"],
                "index CPU s": indexing.cpu_s,
                "cold s": queried["cold_s"],
                "p50 ms": percentile(times, 50),
                "p95 ms": percentile(times, 95),
                "index MiB": indexing.peak_mib,
                "query MiB": querying.peak_mib,
                "disk MiB": disk_mib(store),
                "chunks": indexed["chunks"],
            }
            section.add(f"{name} {mode}", rows[mode])
    except CommandFailed as problem:
        section.add_failure(name, str(problem).splitlines()[-1])
    return rows


def recall(corpus: Corpus, found: list[list[str]], top: int) -> float:
    """The share of the wanted notes that are among the first ``top`` found; each question counts the same."""
    shares = [
        len(set(names[:top]) & set(question.notes)) / len(question.notes)
        for names, question in zip(found, corpus.questions, strict=True)
    ]
    return sum(shares) / len(shares)


def _ratios(theirs: dict[str, Value], ours: dict[str, Value]) -> dict[str, Value]:
    """Theirs divided by ours: above 1 they need more, or find more."""
    ratios: dict[str, Value] = {}
    for name in (*_MORE_IS_BETTER, *_LESS_IS_BETTER):
        mine, other = ours[name], theirs[name]
        if isinstance(mine, float) and isinstance(other, float) and mine:
            ratios[name] = other / mine
    return ratios
