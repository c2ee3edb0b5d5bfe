"""The same as with tiny models, on real weights: ``pytest -m models``, with DESKTOP_RAG_MODELS naming their folder.

That is the folder that ``desktop-rag models list`` names. What is not in it is skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.paths import resources_dir
from desktop_rag.types import TimeSpan
from tests.tiny.clip import draw

VARIABLE = "DESKTOP_RAG_MODELS"
pytestmark = [
    pytest.mark.models,
    pytest.mark.slow,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"needs models: {VARIABLE} names the folder they are in"),
]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A library of the samples and two drawings, with the real models."""
    monkeypatch.setattr("desktop_rag.engine.library.ModelStore", lambda _: ModelStore(Path(os.environ[VARIABLE])))
    files = tmp_path / "drawings"
    files.mkdir()
    for name, caption in (("1.png", "a red circle on white"), ("2.png", "a blue square on green")):
        (files / name).write_bytes(draw(caption, side=400))
    with Engine(tmp_path / "library") as opened:
        opened.index([resources_dir() / "samples", files])
        yield opened


def _needs(role: ModelRole) -> None:
    if ModelStore(Path(os.environ[VARIABLE])).chosen(role) is None:
        pytest.skip(f"there is no model for {role}")


def test_a_chat_model_answers_from_the_samples(engine: Engine) -> None:
    _needs("chat")
    answer = engine.ask("How much is the refurbished board shear?", remember=True)
    assert answer.usage is not None, answer.note
    assert any(sentence.support == "supported" for sentence in answer.sentences), answer.text
    assert answer.citations
    again = engine.ask("And who sold it?", conversation=answer.conversation)
    assert again.usage is not None
    assert engine.ask("What is the capital of Mongolia?").mode == "nothing found"


def test_an_image_model_finds_pictures(engine: Engine) -> None:
    _needs("image")
    for caption, name in (("a red circle", "1.png"), ("a blue square", "2.png")):
        assert Path(engine.search(caption).hits[0].path).name == name
    hits = engine.search("When is the rent due?", limit=5).hits
    assert all(hit.why.picture_score < hit.score or hit.document.kind != "image" for hit in hits)


def test_a_speech_model_hears_the_memo(engine: Engine) -> None:
    _needs("speech")
    heard = [
        hit for hit in engine.search("the pipe above the bench has burst").hits if isinstance(hit.locator, TimeSpan)
    ]
    assert heard
    assert any("insurance" in hit.text.lower() or "pipe" in hit.text.lower() for hit in heard), [h.text for h in heard]


def test_another_embedder_takes_over(engine: Engine) -> None:
    _needs("embedding")
    assert engine.status().model != "all-MiniLM-L6-v2"
    assert engine.search("how much money do we get for the bicycle", mode="dense").hits
