"""Libraries that several sections measure on, each made once in a run and in a process of its own."""

from __future__ import annotations

import atexit
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from desktop_rag.types import FileState
from tests.benchmarks.corpora import Corpus, load, sentence_pool, split_sentences, write_synthetic
from tests.benchmarks.measure import CommandFailed, run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from desktop_rag.models.onnx.text_embedding import TextEmbedder
    from desktop_rag.storage.catalog import Catalog


@dataclass(frozen=True)
class Built:
    """A library, the notes it was made of, and what making it took. ``seconds`` is without starting Python."""

    library: Path
    notes: Path
    chunks: int
    seconds: float
    peak_mib: float


@cache
def scratch() -> Path:
    """A folder for this run, deleted at its end."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def question_set(name: str, quick: bool) -> tuple[Corpus, Built]:
    """A question set and the library of its passages, embedded by the real model."""
    corpus = load(name)
    if quick:
        corpus = corpus.part(questions=100, passages=200)
    notes = scratch() / f"{name}-notes"
    corpus.write(notes)
    return corpus, build(notes, scratch() / f"{name}-library")


@cache
def synthetic(chunks: int) -> Built:
    """A library of about so many chunks. Their vectors are mixtures of real ones (see ``mixed_embeddings``)."""
    notes = scratch() / f"synthetic-{chunks}-notes"
    write_synthetic(notes, _pool(), chunks)
    return build(notes, scratch() / f"synthetic-{chunks}-library", mixed=True)


@cache
def watched(files: int) -> Built:
    """A library of so many notes of three sentences each, a thousand a folder; vectors as in ``synthetic``."""
    notes = scratch() / f"watched-{files}-notes"
    sentences = random.Random(files)
    for number in range(files):
        folder = notes / f"{number // 1000:03d}"
        if number % 1000 == 0:
            folder.mkdir(parents=True)
        text = " ".join(sentences.sample(_pool(), 3))
        (folder / f"note {number}.txt").write_text(f"{text} Entry {number}.\n", encoding="utf-8")
    return build(notes, scratch() / f"watched-{files}-library", mixed=True)


def build(notes: Path, library: Path, *, mixed: bool = False, complete: bool = True) -> Built:
    """Index a folder in a process of its own. Raises CommandFailed, unless not ``complete`` also if a file ends other
    than indexed."""
    out = scratch() / "built.json"
    pool = [_pool_file()] if mixed else []
    measured = run([sys.executable, "-m", __name__, notes, library, out, *pool])
    figures = json.loads(out.read_text(encoding="utf-8"))
    if complete and figures["states"] != [FileState.INDEXED]:
        raise CommandFailed(f"of the notes not all were indexed: {figures['states']} {figures['problems']}")
    return Built(library, notes, figures["chunks"], figures["seconds"], measured.peak_mib)


@cache
def _pool() -> list[str]:
    return sentence_pool(load("squad"))


@cache
def _pool_file() -> Path:
    """The sentences of the pool with their embeddings."""
    import numpy as np

    from desktop_rag.models.onnx.text_embedding import TextEmbedder

    path = scratch() / "pool.npz"
    np.savez(path, sentences=np.array(_pool()), vectors=TextEmbedder().embed(_pool()))
    return path


def mixed_embeddings(pool_file: Path) -> Callable[..., NDArray[np.float32]]:
    """A stand-in for ``TextEmbedder.embed`` that makes a paragraph's vector from those of its sentences.

    100,000 paragraphs would keep the model busy for most of an hour. The mean of its sentences' vectors is near what it
    would say, and spread like real vectors, which is what search is sensitive to. The first texts go through the model
    all the same, so that its memory shows.
    """
    import numpy as np

    from desktop_rag.models.onnx.text_embedding import TextEmbedder

    with np.load(pool_file) as file:
        known = dict(zip(file["sentences"].tolist(), file["vectors"], strict=True))
    real = TextEmbedder.embed
    warm = False

    def embed(
        self: TextEmbedder, texts: Sequence[str], between: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        nonlocal warm
        if not warm:
            warm = True
            return real(self, texts, between)
        mixtures = [
            [known[sentence] for line in text.splitlines() for sentence in split_sentences(line) if sentence in known]
            for text in texts
        ]
        unknown = [index for index, mixture in enumerate(mixtures) if not mixture]
        for index, vector in zip(unknown, real(self, [texts[index] for index in unknown]), strict=True):
            mixtures[index] = [vector]
        sums = np.stack([np.sum(mixture, axis=0) for mixture in mixtures])
        if between is not None:
            between(len(texts))
        vectors: NDArray[np.float32] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return vectors

    return embed


@contextmanager
def catalog(library: Path) -> Iterator[Catalog]:
    """The catalog of a library that no engine has open."""
    from desktop_rag.engine.engine import CATALOG_NAME
    from desktop_rag.storage.catalog import Catalog

    known = Catalog(library / CATALOG_NAME, read_only=True)
    try:
        yield known
    finally:
        known.close()


def chunk_texts(library: Path) -> list[str]:
    """Every text of a library as the model was given it."""
    with catalog(library) as known:
        rows = known.reader().execute("SELECT context, text FROM chunks ORDER BY id")
        return [f"{context}\n{text}" for context, text in rows]


def _main(notes: Path, library: Path, out: Path, pool_file: Path | None = None) -> None:
    from desktop_rag.engine.engine import Engine
    from desktop_rag.models.onnx.text_embedding import TextEmbedder

    embed = mixed_embeddings(pool_file) if pool_file else TextEmbedder.embed
    with patch.object(TextEmbedder, "embed", embed), Engine(library) as engine:
        start = time.perf_counter()
        report = engine.index([notes])
        seconds = time.perf_counter() - start
        chunks = engine.status().chunks
    problems = [str(problem) for problem in report.problems[:1]]
    figures = {"seconds": seconds, "chunks": chunks, "states": sorted(report.states), "problems": problems}
    out.write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    _main(*map(Path, sys.argv[1:]))
