from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from desktop_rag.errors import ModelError
from desktop_rag.models.onnx.onnx_model import OnnxModel
from desktop_rag.models.onnx.text_reading import READER, UNREAD, TextReader, TokenSpan, best_span
from desktop_rag.models.store.catalogue import Bundled, bundled_file, find_bundled, load_catalogue

READ = TextReader()
LETTER = "Dear Ms Holt, thank you for your order. The total of invoice BK-77 is EUR 184.50, due on 3 May 2024."
GARDEN = "The roses are pruned in March, and the hedge is cut in June."


def test_the_answer_is_marked_and_what_does_not_answer_is_known() -> None:
    letter, garden = READ.read("How much is invoice BK-77?", [("Mail", LETTER), ("Garden", GARDEN)])
    assert "184.50" in LETTER[letter.begin : letter.end]
    assert letter.score > 0 > garden.score
    assert letter.likelihood > 0.5 > garden.likelihood
    assert letter.strength > garden.strength


def test_it_leaves_memory_when_it_is_not_used_and_comes_back() -> None:
    loads: list[str] = []

    @contextmanager
    def loading(name: str) -> Iterator[None]:
        loads.append(name)
        yield

    model = OnnxModel(READER, bundled_file(find_bundled(READER).weights), loading=loading, kept_s=0.3)
    inputs = {name: np.ones((1, 8), np.int32) for name in ("input_ids", "token_type_ids", "attention_mask")}
    first = model.run(inputs)
    for _ in range(5):
        time.sleep(0.1)
        model.run(inputs)
    assert loads == [READER]
    deadline = time.monotonic() + 30
    while model.loaded and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not model.loaded
    assert all(np.array_equal(one, other) for one, other in zip(first, model.run(inputs), strict=True))
    assert loads == [READER, READER]


def test_an_answer_is_made_of_whole_words() -> None:
    text = "The shop is run by Katarzyna Brzezinska-Wojciechowska since 2011."
    (reading,) = READ.read("Who runs the shop?", [("", text)])
    assert not text[reading.begin - 1 : reading.begin].isalnum()
    assert not text[reading.end : reading.end + 1].isalnum()


def test_nothing_of_the_context_is_an_answer() -> None:
    (reading,) = READ.read("What is it called?", [("The Blue Lantern", "It opens at nine.")])
    assert 0 <= reading.begin < reading.end <= len("It opens at nine.")


def test_passages_of_any_length_and_none() -> None:
    texts = [("", ""), ("", "   "), ("c " * 400, GARDEN), ("", "word " * 2_000), ("", GARDEN)]
    readings = READ.read("When are the roses pruned? " * 40, texts)
    assert readings[:2] == [UNREAD, UNREAD]
    assert all(
        0 <= reading.begin <= reading.end <= len(text) for reading, (_, text) in zip(readings, texts, strict=True)
    )
    assert READ.read("question", []) == []


def test_what_a_passage_is_read_with_does_not_change_it_much() -> None:
    alone = READ.read("When are the roses pruned?", [("", GARDEN)])[0]
    among = READ.read("When are the roses pruned?", [("", LETTER * 3), ("", GARDEN), ("", "Short.")])[1]
    assert (alone.begin, alone.end) == (among.begin, among.end)
    assert abs(alone.score - among.score) < 1.5


def test_the_best_span_is_the_best_sum_in_order() -> None:
    starts = np.array([0.0, 5.0, 1.0, 0.0], np.float32)
    ends = np.array([9.0, 0.0, 2.0, 1.0], np.float32)
    assert best_span(starts, ends) == TokenSpan(0, 0, 9.0, 2.0)
    ends[0] = 0.0
    assert best_span(starts, ends) == TokenSpan(1, 2, 7.0, 6.0)
    assert best_span(starts[:0], ends[:0]) is None


def test_an_answer_is_no_longer_than_an_answer() -> None:
    starts, ends = np.zeros(100, np.float32), np.zeros(100, np.float32)
    starts[0], ends[99], ends[10] = 5.0, 50.0, 1.0
    found = best_span(starts, ends)
    assert found is not None
    assert found.last - found.first < 30


def test_missing_damaged_and_changed_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(ModelError, match=r"model\.onnx is missing"):
        TextReader(path).load()
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"model\.onnx is damaged"):
        TextReader(path).load()
    weights = bundled_file(find_bundled(READER).weights)
    data = bytearray(weights.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="SHA-256"):
        OnnxModel(READER, path, sha256=find_bundled(READER).sha256).load()


@pytest.mark.parametrize("model", load_catalogue().bundled, ids=lambda model: model.name)
def test_the_bundled_files_are_what_the_list_says(model: Bundled) -> None:
    data = bundled_file(model.weights).read_bytes()
    assert hashlib.sha256(data).hexdigest() == model.sha256
    assert len(data) <= 24_000_000
    assert bundled_file(model.tokenizer).is_file()
    assert (bundled_file(model.weights).parent / "README.md").is_file()
    assert (bundled_file(model.weights).parent / "LICENSE").is_file()
