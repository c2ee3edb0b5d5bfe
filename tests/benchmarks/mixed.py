"""One ranked list over notes, mails, pictures and sound: whether any kind drowns the others.

The image model has learnt coloured shapes and the speech model says one sentence (see ``tests/tiny``); both are run by
the real libraries. What is compared is the place of the right result among all kinds and among its own.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from unittest.mock import patch

from desktop_rag.engine.engine import Engine
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.retrieval.filters import Filters
from desktop_rag.types import Hit
from tests.benchmarks.corpora import load
from tests.benchmarks.libraries import scratch
from tests.benchmarks.measure import CHECKOUT
from tests.benchmarks.report import Section, Target
from tests.tiny.clip import CAPTIONS, draw, tiny_clip
from tests.tiny.whisper import tiny_whisper

TITLE = "One list: notes, mails, pictures and sound together"
LOST = 0.03
"""Share of the right results that other kinds may keep from their places."""
_NOTES, _MAILS, _SHOWN, _TOLD = 600, 200, 100, 20
_TOLD_COLOURS = frozenset(("red", "green"))
_MEMO = CHECKOUT / "resources" / "samples" / "Media" / "Voice memo 2024-02-19.flac"
_SAYS = "We meet at the market hall on Friday."


@dataclass(frozen=True)
class Asked:
    """A question and the names of the files that are right for it, all of one kind."""

    text: str
    kind: str
    right: frozenset[str]


def measure(section: Section) -> None:
    """A row for the questions of each kind, and one for those that a note and a picture answer alike."""
    shown, both = _captions()
    files = scratch() / "mixed"
    groups = _write(files, shown, both, 60 if section.quick else 150)
    with _models(), Engine(scratch() / "mixed-library") as engine:
        engine.index([files])
        for name, asked in groups.items():
            own = [engine.search(each.text, limit=10, filters=Filters(types=(each.kind,))).hits for each in asked]
            mixed = [engine.search(each.text, limit=10).hits for each in asked]
            section.add(
                name,
                {
                    "first of its kind": _share(asked, own, 1),
                    "first of all": _share(asked, mixed, 1),
                    "of the first three": _share(asked, mixed, 3),
                    "lost to other kinds": _share(asked, own, 3) - _share(asked, mixed, 3),
                    "pictures in ten": sum(hit.document.kind == "image" for hits in mixed for hit in hits) / len(asked),
                    "questions": len(asked),
                },
                Target("lost to other kinds", LOST, below=True),
            )
        found = [engine.search(caption, limit=3).hits for caption in both]
        kinds = [{hit.document.kind for hit in hits if _name(hit) in _pair(at)} for at, hits in enumerate(found)]
        section.add(
            "a note and a picture answer alike",
            {"both in three": sum(len(each) == 2 for each in kinds) / len(both), "questions": len(both)},
            Target("both in three", 1 - LOST),
        )


def _captions() -> tuple[list[str], list[str]]:
    """What pictures show, and what other pictures show that notes speak of, too: the latter in colours that the former
    have not, and with two of the four words at most in common with each other, else the next note would be as right."""
    chance, told = random.Random(1), list[str]()
    for caption in chance.sample(CAPTIONS, len(CAPTIONS)):
        words = _words(caption)
        if words & _TOLD_COLOURS and all(len(words & _words(other)) <= 2 for other in told):
            told.append(caption)
    return chance.sample([caption for caption in CAPTIONS if not _words(caption) & _TOLD_COLOURS], _SHOWN), told[:_TOLD]


def _words(caption: str) -> set[str]:
    return {word.rstrip("s") for word in caption.split()} - {"on"}


def _write(files: Path, shown: Sequence[str], both: Sequence[str], count: int) -> dict[str, list[Asked]]:
    """Fill the folder; returns the questions by what answers them."""
    files.mkdir()
    corpus = load("squad")
    passages = list(corpus.passages)
    random.Random(2).shuffle(passages)
    notes, mails = passages[:_NOTES], passages[_NOTES : _NOTES + _MAILS]
    for passage in notes:
        (files / passage.file_name).write_text(f"# {passage.title}\n\n{passage.text}\n", encoding="utf-8")
    for passage in mails:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "tom@example.org", passage.title
        mail["Date"] = "Mon, 04 Mar 2024 10:00:00 +0000"
        mail.set_content(passage.text)
        (files / f"{passage.file_name}.eml").write_bytes(bytes(mail))
    for number, caption in enumerate([*shown, *both]):
        (files / f"IMG_{number}.png").write_bytes(draw(caption, seed=number, side=256))
    for number, caption in enumerate(both):
        text = f"In the studio {caption} is painted over door number {number}."
        (files / f"door {number}.txt").write_text(text, encoding="utf-8")
    shutil.copy(_MEMO, files / "memo.flac")
    noted, mailed = ({passage.file_name for passage in part} for part in (notes, mails))
    asked = list(corpus.questions)
    random.Random(3).shuffle(asked)
    same = [caption for caption in shown if shown.count(caption) == 1]
    return {
        "a note answers": [
            Asked(each.text, "note", frozenset(each.notes)) for each in asked if set(each.notes) <= noted
        ][:count],
        "a mail answers": [
            Asked(each.text, "mail", frozenset(f"{name}.eml" for name in each.notes))
            for each in asked
            if set(each.notes) <= mailed
        ][:count],
        "a picture shows it": [
            Asked(caption, "image", frozenset({f"IMG_{number}.png"})) for number, caption in enumerate(same)
        ],
        "a recording says it": [
            Asked(text, "audio", frozenset({"memo.flac"}))
            for text in ("When do we meet at the market hall?", "the market hall on Friday", "Where do we meet?")
        ],
    }


def _share(asked: Sequence[Asked], found: Sequence[Sequence[Hit]], first: int) -> float:
    right = [any(_name(hit) in each.right for hit in hits[:first]) for each, hits in zip(asked, found, strict=True)]
    return sum(right) / max(1, len(right))


def _pair(at: int) -> set[str]:
    return {f"IMG_{_SHOWN + at}.png", f"door {at}.txt"}


def _name(hit: Hit) -> str:
    return Path(hit.path).name


@contextmanager
def _models() -> Iterator[None]:
    """What a person has who has installed both models; what is everyday to them are coloured shapes."""
    home = scratch() / "mixed-models"
    captions = tuple(random.Random(4).sample(CAPTIONS, 64))
    with (
        patch.dict(os.environ, {"XDG_DATA_HOME": str(home), "LOCALAPPDATA": str(home)}),
        patch("desktop_rag.retrieval.pictures.CAPTIONS", captions),
    ):
        model_store = ModelStore()
        model_store.import_model(tiny_clip(scratch() / "mixed-clip"))
        model_store.import_model(tiny_whisper(scratch() / "mixed-whisper", _SAYS))
        yield
