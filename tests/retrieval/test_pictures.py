"""Pictures in one list with text: by what a question says, and by another picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from numpy.typing import NDArray

from desktop_rag.errors import ModelError
from desktop_rag.language import words
from desktop_rag.retrieval.dense import DenseSearch
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.passages import readable
from desktop_rag.retrieval.pictures import PictureSearch, as_passage
from desktop_rag.retrieval.query_bank import CAPTIONS
from desktop_rag.retrieval.question import AnalyzedQuestion, analyze
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.catalog import Catalog, NewChunk, NewDocument, NewPicture
from desktop_rag.storage.commit import FileOutcome, SeenFile, commit_documents
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.vectors import PICTURES, fingerprint
from desktop_rag.types import FileState, Space, Whole

THINGS = sorted({*words(" ".join(CAPTIONS)), "unicorn", "wombat"})
SIGHT = Space("eyes", "1", len(THINGS))
TEXTS = Space("texts", "1", len(THINGS))


NOW = datetime(2024, 9, 18, tzinfo=UTC)


def _asked(text: str) -> AnalyzedQuestion:
    return analyze(text, now=NOW)


def _vector(*things: str) -> NDArray[np.float32]:
    vector = np.full(len(THINGS), 0.02, np.float32)
    for thing in things:
        vector[THINGS.index(thing)] += 1.0
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class FakeEncoder:
    """A dimension for each word of the bank, and two words that it does not have."""

    ready = True
    broken = False
    wanted = 0

    def get_ready(self) -> None:
        self.wanted += 1

    def embed_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], float]:
        if self.broken:
            raise ModelError("It does not work.")
        return np.stack([_vector(*(word for word in words(text) if word in THINGS)) for text in texts]), 30.0


class FakeEmbedder:
    """The same for passages."""

    space = TEXTS

    def embed(self, texts: Sequence[str], between: object = None) -> NDArray[np.float32]:
        assert between is None
        return np.stack([_vector(*(word for word in words(text) if word in THINGS)) for text in texts])

    def embed_question(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector

    def load(self) -> None:
        raise NotImplementedError


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite")
    for name, text, shows, looks in (
        ("1.jpg", "IMG 1", ("unicorn",), 0b1111),
        ("2.jpg", "IMG 2", ("unicorn",), 0b1110),
        ("3.jpg", "IMG 3", ("dog", "beach"), -1),
        ("4.jpg", "IMG 4", ("dog",), 1 << 40),
        ("note.txt", "A dog was seen at the beach", None, 0),
        ("bread.txt", "Bread with butter", None, 0),
    ):
        _add(opened, name, text, shows, looks)
    yield opened
    opened.close()


def _add(catalog: Catalog, name: str, text: str, shows: tuple[str, ...] | None, looks: int) -> None:
    seen_text = FakeEmbedder().embed([text if shows is None else ""])
    (embedding,) = catalog.add_embeddings(fingerprint(TEXTS), [name.encode()], seen_text)
    picture = None
    if shows is not None:
        (seen,) = catalog.add_embeddings(fingerprint(SIGHT), [name.encode()], _vector(*shows)[None])
        picture = NewPicture(name.encode(), looks, seen)
    (number,) = catalog.reserve_chunk_ids(1)
    role = "body" if shows is None else "picture"
    chunk = NewChunk(number, 0, role, Whole(), name, text, len(words(text)), embedding, picture)  # type: ignore[arg-type]
    kind = "text" if shows is None else "image"
    document = NewDocument(1, None, kind, "x/y", name, name, FileState.INDEXED, [chunk])
    commit_documents(
        catalog, SeenFile(f"/r/{name}", "/r", 1, 1, name, "recipe"), [document], {}, FileOutcome(FileState.INDEXED)
    )


def _pictures(catalog: Catalog, sight: FakeEncoder | None = None) -> PictureSearch:
    search = CatalogSearch(catalog, fingerprint(SIGHT), PICTURES)
    return PictureSearch(search, DenseSearch(search, None), sight or FakeEncoder())


def _names(catalog: Catalog, numbers: Sequence[int]) -> list[str]:
    chunks = catalog.chunks(numbers)
    return [Path(catalog.paths_of(chunks[number].document_id)[0]).name for number in numbers]


def _retriever(catalog: Catalog, sight: FakeEncoder | None = None) -> Retriever:
    search = CatalogSearch(catalog, fingerprint(TEXTS))
    pictures = _pictures(catalog, sight)
    return Retriever(search, DenseSearch(search, None), FakeEmbedder(), lambda: pictures)


def test_a_picture_is_found_by_what_it_shows(catalog: Catalog) -> None:
    found = _pictures(catalog).by_words("a unicorn")
    assert _names(catalog, [number for number, _ in found]) == ["1.jpg", "2.jpg"]
    assert all(score > 0.7 for _, score in found)


def test_what_everyday_captions_fit_as_well_is_not_sure(catalog: Catalog) -> None:
    found = dict(_pictures(catalog).by_words("a dog"))
    by_name = {name: found[number] for number, name in zip(found, _names(catalog, list(found)), strict=True)}
    assert 0.55 < by_name["4.jpg"] < 0.7
    assert by_name["3.jpg"] < by_name["4.jpg"]
    assert _pictures(catalog).by_words("a wombat") == []


def test_a_picture_near_to_whatever_is_asked_answers_nothing(catalog: Catalog) -> None:
    _add(catalog, "blur.jpg", "IMG 5", (), 1 << 50)
    assert max(score for _, score in _pictures(catalog).by_words("How much was paid?")) < 0.5
    with pytest.MonkeyPatch.context() as without:
        without.setattr("desktop_rag.retrieval.pictures.DISTRACTORS", ())
        ((first, score), *_) = _pictures(catalog).by_words("How much was paid?")
        assert _names(catalog, [first]) == ["blur.jpg"]
        assert score > 0.7


def test_a_picture_finds_those_like_it(catalog: Catalog) -> None:
    found = _pictures(catalog).by_picture(_vector("dog", "beach"))
    assert _names(catalog, [number for number, _ in found])[:2] == ["3.jpg", "4.jpg"]
    assert found[0][1] == pytest.approx(1.0, abs=0.01)
    assert found[1][1] < 0.8


def test_text_and_pictures_share_one_list(catalog: Catalog) -> None:
    retriever = _retriever(catalog)
    ranked = retriever.rank(_asked("dog beach"))
    names = _names(catalog, [item.candidate.id for item in ranked])
    assert set(names[:2]) == {"note.txt", "3.jpg"}
    assert ranked[names.index("3.jpg")].picture_rank == 1
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)
    retriever.close()


def test_a_number_is_not_looked_for_in_pictures(catalog: Catalog) -> None:
    retriever = _retriever(catalog)
    assert not [item for item in retriever.rank(_asked("unicorn TR-2024-018")) if item.picture_rank]
    retriever.close()


def test_near_identical_pictures_are_one_passage(catalog: Catalog) -> None:
    retriever = _retriever(catalog)
    found = retriever.search(_asked("a unicorn"), limit=5)
    shown = [passage for passage in found.passages if passage.best.picture_rank]
    assert len(shown) == 1
    assert len(shown[0].repeated) == 1
    retriever.close()


def test_descriptions_that_are_alike_are_no_reason_to_hide_a_picture(catalog: Catalog) -> None:
    retriever = _retriever(catalog)
    ranked = retriever.rank(_asked("a dog"))
    same = [item for item in ranked if item.picture_rank]
    assert len(readable(same, 5, 3, {item.candidate.id: 0xFFFF * index for index, item in enumerate(same)})) == 2
    retriever.close()


def test_a_question_that_text_answers_does_not_wait_for_the_model(catalog: Catalog) -> None:
    sight = FakeEncoder()
    sight.ready = False
    retriever = _retriever(catalog, sight)
    asked = _asked("a dog was seen at the beach")
    assert not [item for item in retriever.rank(asked) if item.picture_rank]
    assert sight.wanted == 1
    pictures = structs.replace(asked, filters=Filters(types=("image",)))
    assert [item for item in retriever.rank(pictures) if item.picture_rank]
    assert [item for item in retriever.rank(_asked("a unicorn")) if item.picture_rank]
    retriever.close()


def test_a_model_that_fails_leaves_the_text(catalog: Catalog) -> None:
    sight = FakeEncoder()
    sight.broken = True
    retriever = _retriever(catalog, sight)
    ranked = retriever.rank(_asked("dog beach"))
    assert _names(catalog, [ranked[0].candidate.id]) == ["note.txt"]
    retriever.close()


@pytest.mark.parametrize(("probability", "score"), [(0.5, 0.614), (0.95, 0.81), (0.01, 0.31), (0.0, 0.0), (1.0, 1.0)])
def test_probabilities_become_scores(probability: float, score: float) -> None:
    assert as_passage(probability) == pytest.approx(score, abs=0.01)
