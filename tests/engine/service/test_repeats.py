"""A call that is made again, because the engine died during it, has its effect once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_rag.engine.service.opening import start_engine
from desktop_rag.errors import ConfigError, QueryError
from desktop_rag.storage.call_journal import CallJournal
from desktop_rag.storage.catalog import Catalog
from desktop_rag.types import AnswerEvent, Finished

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

_DIES = """
import os, signal
from pathlib import Path
from desktop_rag.storage.call_journal import CallJournal
begin, done = CallJournal.begin, CallJournal.done
def die_once(call_id):
    mark = Path("{folder}", call_id)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
def begin_and_die(self, call_id):
    known = begin(self, call_id)
    if "WHEN" == "begun":
        die_once(call_id)
    return known
def done_and_die(self, call_id, reply):
    if "WHEN" == "performed":
        die_once(call_id)
    done(self, call_id, reply)
    if "WHEN" == "noted":
        die_once(call_id)
CallJournal.begin, CallJournal.done = begin_and_die, done_and_die
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["begun", "performed", "noted"])
def test_an_engine_that_dies_between_effect_and_reply(
    when: str, library: Path, notes: Path, tmp_path: Path, patched: Callable[[str], Path]
) -> None:
    marks = patched(_DIES.replace("WHEN", when))
    backup = tmp_path / "library.backup"
    heard: list[AnswerEvent] = []
    with start_engine(library) as client:
        client.index([notes])
        answer = client.listening(on_event=heard.append).ask("Where is the boat moored?", remember=True)
        assert "second jetty" in answer.text
        (talk,) = client.conversations()
        assert (talk.id, talk.turns) == (answer.conversation, 1)
        finished = [event.answer.conversation for event in heard if isinstance(event, Finished)]
        assert set(finished) == {talk.id}
        client.ask("And the kiln?", conversation=talk.id)
        assert len(client.turns(talk.id)) == 2

        assert client.backup(backup).files == 1
        assert client.check_backup(backup).files == 1
        with pytest.raises(ConfigError, match="exists"):
            client.backup(backup)

        client.delete_conversation(talk.id)
        assert client.conversations() == []
        if when != "begun":  # else it is taken for one that had its effect
            with pytest.raises(QueryError):
                client.delete_conversation(talk.id)

        assert client.remove_root(notes) in (0, 1)
        assert (client.status().files, client.status().roots) == (0, ())
        if when != "begun":
            with pytest.raises(ConfigError):
                client.remove_root(notes)
    killed = [mark for mark in marks.iterdir() if len(mark.name) == 32]
    assert len(killed) >= 5


def test_what_is_old_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("desktop_rag.storage.call_journal.time.time", lambda: now)
    catalog = Catalog(tmp_path / "catalog.sqlite")
    journal = CallJournal(catalog)
    assert journal.begin("one") is None
    begun = journal.begin("one")
    assert begun is not None
    assert (begun.began, begun.reply) == (now, None)
    journal.done("one", b"reply")
    journal.begin("two")
    journal.failed("two")
    now += 23 * 3600
    again = journal.begin("one")
    assert again is not None
    assert again.reply == b"reply"
    assert journal.begin("two") is None
    now += 2 * 3600
    assert journal.begin("one") is None
    catalog.close()
