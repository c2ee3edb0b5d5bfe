"""Hits, turns and a scripted model for the tests of answers in a model's words."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from desktop_rag.models.llama.messages import ChatEnd, ChatMessage, ChatPiece
from desktop_rag.types import Answer, Chunk, Document, Hit, Lines, Mail, Person, Turn

SENT = datetime(2024, 5, 3, 12, tzinfo=UTC)


def hit(text: str, number: int = 1, *, score: float = 0.5, sender: str = "", title: str = "", context: str = "") -> Hit:
    """A passage of its own document: a note, or a mail if there is a ``sender``."""
    mail = Mail(sender=Person(sender), subject=title) if sender else None
    document = Document(number, "mail" if sender else "note", "text/plain", title, created=SENT, mail=mail)
    chunk = Chunk(number, number, 0, text, context, Lines(1, 1))
    return Hit(chunk, document, f"/files/{number}.txt", Lines(1, 1), text, score)


def turn(question: str, text: str, hits: Sequence[Hit] = (), *, asked: str = "") -> Turn:
    return Turn(SENT, question, Answer(question, text, (), (), "model", tuple(hits), asked=asked))


def count(texts: Sequence[str]) -> list[int]:
    """A token a word, about."""
    return [len(text.split()) for text in texts]


class FakeChat:
    """Says what it was told to say, and notes what it was asked."""

    name = "Fake"

    def __init__(
        self, *pieces: str, context: int = 4096, fault: Exception | None = None, stop_after: int | None = None
    ) -> None:
        self.pieces = pieces
        self.asked: list[Sequence[ChatMessage]] = []
        self.markers = 0
        self.aside = False
        self.settings: tuple[float, int, tuple[str, ...]] = (1.0, 1, ())
        self._context = context
        self._fault = fault
        self._stop_after = stop_after

    @property
    def context(self) -> int:
        return self._context

    def count(self, texts: Sequence[str]) -> list[int]:
        return count(texts)

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        markers: int = 0,
        max_tokens: int = 512,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        aside: bool = False,
        cancelled: threading.Event | None = None,
    ) -> Iterator[ChatPiece | ChatEnd]:
        self.asked.append(messages)
        self.markers = markers
        self.aside = aside
        self.settings = (temperature, seed, tuple(stop))
        said = 0
        for piece in self.pieces[:max_tokens]:
            if self._stop_after == said and cancelled is not None:
                cancelled.set()
                break
            yield ChatPiece(piece)
            said += 1
        if self._fault is not None:
            raise self._fault
        stopped = cancelled is not None and cancelled.is_set()
        reason = "cancelled" if stopped else "length" if said < len(self.pieces) else "stop"
        yield ChatEnd(10, 4, said, 0.1, 20.0, reason)  # type: ignore[arg-type]
