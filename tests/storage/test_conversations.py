"""Conversations last until they are deleted, and hold no text of the passages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop_rag.errors import QueryError
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.conversations import TITLE_LENGTH, ConversationStore
from desktop_rag.types import Answer, Chunk, Citation, Document, Hit, Lines, Sentence, Turn, Usage

NOW = datetime(2024, 5, 3, 10, 30, tzinfo=UTC)
HIT = Hit(
    Chunk(5, 2, 0, "the whole passage", "its context", Lines(1, 2)), Document(2, "note", "text/plain", "Bridges"),
    "/files/bridge.txt", Lines(1, 2), "the whole passage", 0.7,
)  # fmt: skip
ANSWER = Answer(
    "When?", "In 1904 [1].", (Citation(1, "built in 1904", "/files/bridge.txt", Lines(1, 1)),), (0.9,), "Model", (HIT,),
    0.9, sentences=(Sentence(0, 12, (1,), "supported", 0.9),), usage=Usage("Model", 100, 50, 9, 0.5, 20.0),
)  # fmt: skip


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def conversations(catalog: Catalog) -> ConversationStore:
    return ConversationStore(catalog)


def test_turns_come_back_as_they_were_but_for_the_passages(tmp_path: Path, conversations: ConversationStore) -> None:
    number = conversations.create("When was it built?", NOW)
    conversations.add_turn(number, Turn(NOW, "When?", ANSWER))
    later = Catalog(tmp_path / "catalog.sqlite", read_only=True)
    (turn,) = ConversationStore(later).turns(number)
    later.close()
    assert (turn.asked_at, turn.question) == (NOW, "When?")
    assert turn.answer.citations == ANSWER.citations
    assert turn.answer.sentences == ANSWER.sentences
    assert turn.answer.usage == ANSWER.usage
    (hit,) = turn.answer.hits
    assert (hit.path, hit.locator, hit.chunk.id, hit.score, hit.document.title) == (
        "/files/bridge.txt", Lines(1, 2), 5, 0.7, "Bridges",
    )  # fmt: skip
    assert (hit.text, hit.chunk.text, hit.chunk.context) == ("", "", "")


def test_the_latest_conversation_is_listed_first(conversations: ConversationStore) -> None:
    one, two, three = (conversations.create(f"Talk {n}", NOW + timedelta(minutes=n)) for n in range(3))
    conversations.add_turn(one, Turn(NOW + timedelta(hours=1), "More?", ANSWER))
    assert [talk.id for talk in conversations.list()] == [one, three, two]
    assert [talk.id for talk in conversations.list(1)] == [one]
    first = conversations.get(one)
    assert (first.began, first.changed, first.turns) == (NOW, NOW + timedelta(hours=1), 1)


def test_titles_are_searched_renamed_and_kept_short(conversations: ConversationStore) -> None:
    number = conversations.create(f"Rent\nof the flat {'x' * 500}", NOW)
    conversations.create("Bridges 100%", NOW)
    assert conversations.get(number).title.startswith("Rent of the flat xxx")
    assert len(conversations.get(number).title) == TITLE_LENGTH
    assert [talk.id for talk in conversations.list(containing="rENT")] == [number]
    assert [talk.title for talk in conversations.list(containing="%")] == ["Bridges 100%"]
    conversations.rename(number, " House ")
    assert conversations.get(number).title == "House"
    with pytest.raises(QueryError):
        conversations.rename(number, " \n")


def test_a_deleted_conversation_is_gone_and_its_number_is_not_given_again(
    catalog: Catalog, conversations: ConversationStore
) -> None:
    number = conversations.create("Talk", NOW)
    conversations.add_turn(number, Turn(NOW, "When?", ANSWER))
    conversations.delete(number)
    assert conversations.list() == []
    assert catalog.reader().execute("SELECT count(*) FROM turns").fetchone() == (0,)
    assert conversations.create("Another", NOW) != number


def test_a_conversation_that_is_not_there_is_said_to_be_missing(conversations: ConversationStore) -> None:
    for act in (
        lambda: conversations.turns(7), lambda: conversations.get(7), lambda: conversations.delete(7),
        lambda: conversations.rename(7, "Title"), lambda: conversations.add_turn(7, Turn(NOW, "When?", ANSWER)),
    ):  # fmt: skip
        with pytest.raises(QueryError, match="no conversation 7"):
            act()


def test_turns_of_many_threads_are_all_kept(conversations: ConversationStore) -> None:
    number = conversations.create("Talk", NOW)
    threads = [
        threading.Thread(target=conversations.add_turn, args=(number, Turn(NOW, f"Question {n}", ANSWER)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {turn.question for turn in conversations.turns(number)} == {f"Question {n}" for n in range(8)}


def test_answers_are_rated_and_the_rating_can_be_taken_back(conversations: ConversationStore) -> None:
    number, other = conversations.create("Talk", NOW), conversations.create("Another", NOW)
    for talk in (number, other, number):
        conversations.add_turn(talk, Turn(NOW, "When?", ANSWER))
    conversations.rate(number, 1, -1)
    assert [turn.rating for turn in conversations.turns(number)] == [0, -1]
    assert [turn.rating for turn in conversations.turns(other)] == [0]
    assert conversations.get(number).changed == NOW
    conversations.rate(number, 1, 1)
    conversations.rate(number, 1, 0)
    assert [turn.rating for turn in conversations.turns(number)] == [0, 0]


@pytest.mark.parametrize(("turn", "rating"), [(1, 1), (-1, 1), (0, 2)])
def test_what_cannot_be_rated_is_told(conversations: ConversationStore, turn: int, rating: int) -> None:
    number = conversations.create("Talk", NOW)
    conversations.add_turn(number, Turn(NOW, "When?", ANSWER))
    with pytest.raises(QueryError):
        conversations.rate(number, turn, rating)
    with pytest.raises(QueryError):
        conversations.rate(number + 1, turn, rating)
    assert [turn.rating for turn in conversations.turns(number)] == [0]
