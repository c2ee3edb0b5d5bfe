"""What teaches the bundled reader: its examples, its loss, a run that is stopped and taken up, the file it writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_rag.models.store.catalogue import bundled_file
from desktop_rag.paths import resources_dir

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
SETTINGS: dict[str, Any] = {
    "seed": 3,
    "held_out_articles": 1,
    "everyday_notes": 6,
    "questions_a_step": 4,
    "steps": 6,
    "negatives": 1,
    "hardest": 4,
    "rate": 1e-3,
    "head_rate": 1e-3,
    "warm_up": 0.1,
    "decay": 0.01,
    "most_tokens": 96,
    "context_shown": 0.5,
}

torch = pytest.importorskip("torch", reason="training needs torch")


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(PACKAGING))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "reader"]:
        del sys.modules[name]


def _tokenizer() -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(bundled_file("all-MiniLM-L6-v2/tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def test_invented_notes_hold_their_answers_and_are_the_same_each_time() -> None:
    from reader.everyday import everyday
    from reader.examples import spans_of

    data = everyday(80, seed=5)
    assert data == everyday(80, seed=5)
    assert data != everyday(80, seed=6)
    for question in data.questions:
        text = data.passages[question.passage].text
        assert bool(spans_of(text, question.answers)) == bool(question.answers), question
    assert 0.2 < sum(not question.answers for question in data.questions) / len(data.questions) < 0.6


def test_nothing_of_the_sample_library_is_learnt() -> None:
    import json

    from reader.everyday import everyday

    asked = {question.text for question in everyday(300, seed=11).questions}
    samples = json.loads((resources_dir() / "samples-questions.json").read_text(encoding="utf-8"))
    assert not asked & {entry["question"] for entry in samples}


def test_rows_mark_every_place_of_the_answer() -> None:
    from reader.batches import encode

    text = "In 1066 the Normans came; by 1066 all was ready."
    row = encode(_tokenizer(), "When did they come?", "History", text, ["1066"], 96)
    places = [(row.offsets[first - row.head][0], row.offsets[last - row.head][1]) for first, last in row.answers]
    assert [text[begin:end] for begin, end in places] == ["1066", "1066"]
    assert row.types[0] == 0
    assert row.types[row.head] == 1
    assert encode(_tokenizer(), "When?", "", text, [], 96).answers == ()


def test_of_a_long_text_the_part_with_the_answer_is_read() -> None:
    from reader.batches import encode

    text = "word " * 400 + "The key is under the mat. " + "word " * 400
    row = encode(_tokenizer(), "Where is the key?", "", text, ["under the mat"], 96)
    assert len(row.ids) <= 96
    ((first, last),) = row.answers
    assert text[row.offsets[first - row.head][0] : row.offsets[last - row.head][1]] == "under the mat"


def test_the_loss_is_least_where_the_answer_is() -> None:
    from reader.batches import batch, encode
    from reader.loss import span_loss

    tokenizer = _tokenizer()
    right = encode(tokenizer, "When?", "", "It began in 1066.", ["1066"], 64)
    wrong = encode(tokenizer, "When?", "", "Nothing is said of it here at all.", [], 64)
    made = batch([[right, wrong], [wrong]])
    start, end = torch.zeros(made.ids.shape), torch.zeros(made.ids.shape)
    ((first, last),) = right.answers
    blind = float(span_loss(start, end, made))
    start[0, first] = end[0, last] = 9.0
    start[1:, 0] = end[1:, 0] = 9.0
    knowing = float(span_loss(start, end, made))
    assert knowing < 0.1 < blind
    start[1, wrong.head + 1] = 30.0  # sure of a passage that does not answer
    assert float(span_loss(start, end, made)) > blind


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Begins or takes up a run on invented notes, from random weights."""
    import reader.train as train
    from reader.everyday import everyday
    from reader.network import Reader

    def fresh(_: Path) -> Reader:
        torch.manual_seed(1)
        return Reader()

    notes = everyday(6, 3)
    monkeypatch.setattr(train, "training_data", lambda *_: (notes, {}))
    monkeypatch.setattr(train, "official_path", lambda: tmp_path)
    monkeypatch.setattr(Reader, "from_official", staticmethod(fresh))
    return lambda folder: train.Training(folder, "cpu", SETTINGS)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(training: Any, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    one = training(whole)
    one.run()
    assert one.done == 6
    training(parts).run(until=0.0)  # one step
    two = training(parts)
    assert two.done == 1
    two.run()
    assert two.done == 6
    for name, value in one.reader.state_dict().items():
        assert torch.allclose(value, two.reader.state_dict()[name], atol=1e-5), name


def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    import onnx

    from desktop_rag.models.onnx.text_reading import TextReader
    from reader.batches import batch, encode
    from reader.export import build
    from reader.network import Reader

    torch.manual_seed(2)
    network = Reader().eval()
    with torch.no_grad():  # random weights say the same of every token: make them say more
        network.head.weight.mul_(50)
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    path = tmp_path / "model.onnx"
    onnx.save(build(tensors, quantized=False), path)
    texts = ["The roses are pruned in March, and the hedge in June.", "Nothing."]
    rows = [[encode(_tokenizer(), "When are they pruned?", "Garden", text, [], 96)] for text in texts]
    made = batch(rows)
    with torch.no_grad():
        start, end = network(made.ids, made.types, made.mask)
    readings = TextReader(path).read("When are they pruned?", [("Garden", text) for text in texts])
    for index, ((row,), reading, text) in enumerate(zip(rows, readings, texts, strict=True)):
        nowhere = float(start[index, 0] + end[index, 0])
        assert reading.strength - reading.score == pytest.approx(nowhere, abs=0.01)
        sums = [
            float(start[index, first] + end[index, last])
            for first in range(row.head, len(row.ids) - 1)
            for last in range(first, len(row.ids) - 1)
        ]
        assert reading.strength == pytest.approx(max(sums), abs=0.01)
        assert 0 <= reading.begin < reading.end <= len(text)
