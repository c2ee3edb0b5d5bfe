"""The conversations of a library: what was asked and answered, kept in the catalog until the person deletes it.

An answer is kept with its quotes and with where its passages stand, without the text of the passages: that is in the
catalog as long as the file is, and should not outlive it here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from desktop_rag.errors import QueryError
from desktop_rag.messages import plain, say
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.storage_errors import storage_errors
from desktop_rag.types import Answer, Conversation, Hit, Turn

TITLE_LENGTH = 120
"""Characters of a title; what is longer is cut."""

_LIST = (
    "SELECT c.id, c.title, c.began, c.changed, (SELECT count(*) FROM turns t WHERE t.conversation_id = c.id)"
    " FROM conversations c "
)
_answers = msgspec.json.Decoder(Answer)


class ConversationStore:
    """Safe to use from several threads; as lasting as the catalog's transactions."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, title: str, now: datetime) -> int:
        """Begin a conversation; returns its number."""
        with self._catalog.transaction() as writer:
            return _create(writer, title, now.timestamp())

    def add_turn(self, conversation: int | None, turn: Turn, call_id: str = "") -> int:
        """Put a question and its answer at the end of a conversation, or of a new one, which it gives its title;
        returns the number of the conversation. With a ``call_id``, ``answer_to`` finds the answer. Raises
        ``QueryError`` when the conversation is gone."""
        moment = turn.asked_at.timestamp()
        with self._catalog.transaction() as writer:
            if conversation is None:
                conversation = _create(writer, turn.question, moment)
            elif not writer.execute(
                "UPDATE conversations SET changed = max(changed, ?) WHERE id = ?", (moment, conversation)
            ).rowcount:
                raise _missing(conversation)
            answer = replace(_without_passages(turn.answer), conversation=conversation)
            writer.execute(
                "INSERT INTO turns(conversation_id, asked_at, question, answer, call_id) VALUES (?, ?, ?, ?, ?)",
                (
                    conversation,
                    moment,
                    turn.question,
                    msgspec.json.encode(answer, enc_hook=plain).decode(),
                    call_id or None,
                ),
            )
        return conversation

    def answer_to(self, call_id: str) -> Answer | None:
        """The answer that was kept for a call; None when none was."""
        with storage_errors(self._catalog.path):
            row = self._catalog.reader().execute("SELECT answer FROM turns WHERE call_id = ?", (call_id,)).fetchone()
        return None if row is None else _answers.decode(row[0])

    def turns(self, conversation: int) -> list[Turn]:
        """All turns, the first first. Raises ``QueryError`` for a conversation that is not there."""
        self.get(conversation)
        with storage_errors(self._catalog.path):
            rows = self._catalog.reader().execute(
                "SELECT asked_at, question, answer, rating FROM turns WHERE conversation_id = ? ORDER BY id",
                (conversation,),
            )
            return [
                Turn(_moment(asked_at), question, _answers.decode(answer), rating)
                for asked_at, question, answer, rating in rows
            ]

    def rate(self, conversation: int, turn: int, rating: int) -> None:
        """Note what the person thinks of an answer: -1, 0 (nothing any more) or 1; ``turn`` counts from 0. Raises
        ``QueryError`` for one that is not there, and for another rating."""
        if rating not in (-1, 0, 1):
            raise QueryError(say("storage.answer-cannot-rated", rating=rating), say("storage.rate-1-0-1"))
        with self._catalog.transaction() as writer:
            changed = writer.execute(
                "UPDATE turns SET rating = ? WHERE ? >= 0 AND id ="
                " (SELECT id FROM turns WHERE conversation_id = ? ORDER BY id LIMIT 1 OFFSET ?)",
                (rating, turn, conversation, turn),
            ).rowcount
        if not changed:
            self.get(conversation)
            raise QueryError(say("storage.there-no-question-conversation", turn=turn + 1, conversation=conversation))

    def get(self, conversation: int) -> Conversation:
        """Raises ``QueryError`` for a conversation that is not there."""
        found = self._select("WHERE c.id = ?", (conversation,))
        if not found:
            raise _missing(conversation)
        return found[0]

    def rename(self, conversation: int, title: str) -> None:
        """Raises ``QueryError`` for a conversation that is not there, and for a title without a character to see."""
        if not title.strip():
            raise QueryError(say("storage.conversation-needs-title"), say("storage.give-few-words"))
        with self._change(conversation, "UPDATE conversations SET title = ? WHERE id = ?", _title(title)):
            pass

    def delete(self, conversation: int) -> None:
        """Forget a conversation and its turns. Raises ``QueryError`` for one that is not there."""
        with self._change(conversation, "DELETE FROM conversations WHERE id = ?"):
            pass

    def _select(self, rest: str, parameters: Sequence[object]) -> list[Conversation]:
        with storage_errors(self._catalog.path):
            rows = self._catalog.reader().execute(_LIST + rest, parameters).fetchall()
        return [
            Conversation(number, title, _moment(began), _moment(changed), turns)
            for number, title, began, changed, turns in rows
        ]

    @contextmanager
    def _change(self, conversation: int, statement: str, *values: object) -> Iterator[sqlite3.Connection]:
        """Run ``statement`` and what is inside in one transaction; ``QueryError`` if the conversation is not there."""
        with self._catalog.transaction() as writer:
            if not writer.execute(statement, (*values, conversation)).rowcount:
                raise _missing(conversation)
            yield writer

    def list(self, limit: int = 50, *, containing: str = "") -> list[Conversation]:
        """The conversations whose title has ``containing`` in it (case does not matter for ASCII), the latest first."""
        return self._select(
            "WHERE ? = '' OR instr(lower(c.title), lower(?)) ORDER BY c.changed DESC, c.id DESC LIMIT ?",
            (containing, containing, limit),
        )


def _create(writer: sqlite3.Connection, title: str, moment: float) -> int:
    row = writer.execute(
        "INSERT INTO conversations(title, began, changed) VALUES (?, ?, ?) RETURNING id",
        (_title(title), moment, moment),
    ).fetchone()
    return int(row[0])


def _missing(conversation: int) -> QueryError:
    return QueryError(
        say("storage.there-no-conversation", conversation=conversation),
        say("storage.may-deleted-list-conversations-see-those"),
    )


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _without_passages(answer: Answer) -> Answer:
    return replace(answer, hits=tuple(_place(hit) for hit in answer.hits))


def _place(hit: Hit) -> Hit:
    return replace(hit, text="", chunk=replace(hit.chunk, text="", context=""))
