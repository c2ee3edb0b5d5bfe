"""One catalogue of the core's words: every call fits it, what is made from it survives every border."""

from __future__ import annotations

import ast
import pickle
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from desktop_rag import messages
from desktop_rag.engine.service import wire
from desktop_rag.errors import Damaged, DesktopRagError, LibraryBusy
from desktop_rag.messages import CATALOGUE, MessageText, Plural, Worded, plain, render, say, sentences, translated
from desktop_rag.parsing.stream import FILE, DocumentProblem, decode_events, encode_events, problem_error
from desktop_rag.types import Problem

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "desktop_rag"
TRANSLATED = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgctxt "test.full"
msgid "The disk that holds {path} is full."
msgstr "Der Datenträger mit {path} ist voll."

msgctxt "test.slip"
msgid "{name} is damaged."
msgstr "{nama} ist beschädigt."

msgctxt "test.pages"
msgid "{count} page of {name}"
msgid_plural "{count} pages of {name}"
msgstr[0] "{count} Seite von {name}"
msgstr[1] "{count} Seiten von {name}"
"""


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {
        "test.full": "The disk that holds {path} is full.",
        "test.slip": "{name} is damaged.",
        "test.untold": "{name} is empty.",
        "test.pages": Plural("{count} page of {name}", "{count} pages of {name}"),
        "test.because": "Nothing was written: {reason}",
    }.items():
        monkeypatch.setitem(CATALOGUE, name, text)


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(CHECKOUT / "packaging"))
    sys.modules.pop("messages", None)
    import messages as tool

    (tmp_path / "core-de.po").write_text(TRANSLATED, encoding="utf-8")
    assert tool.compile_all(tmp_path, tmp_path) == [tmp_path / "de" / "LC_MESSAGES" / "core.mo"]
    monkeypatch.setattr(messages, "_HERE", tmp_path)
    messages._translations.cache_clear()
    messages._has_catalogue.cache_clear()
    yield
    messages._translations.cache_clear()
    messages._has_catalogue.cache_clear()
    sys.modules.pop("messages", None)


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _calls() -> Iterator[tuple[str, ast.Call]]:
    """Each call of ``say`` of the catalogue, with its place."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "desktop_rag.messages"
            and any(alias.name == "say" for alias in node.names)
            for node in ast.walk(tree)
        )
        for node in ast.walk(tree):
            if known and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                yield f"{path.relative_to(CHECKOUT)}:{node.lineno}", node


def test_every_call_names_a_message_and_gives_its_arguments() -> None:
    wrong = []
    for place, call in _calls():
        match call.args:
            case [ast.Constant(value=str(name))]:
                text = CATALOGUE.get(name)
            case _:
                continue  # a table of ids: ``test_every_message_is_used`` finds those
        if text is None:
            wrong.append(f"{place}: there is no message {name}")
            continue
        forms = [text] if isinstance(text, str) else [text.one, text.other]
        needed = set().union(*map(_names, forms)) | (set() if isinstance(text, str) else {"count"})
        given = {keyword.arg for keyword in call.keywords}
        if None not in given and given != needed:
            wrong.append(f"{place}: {name} takes {sorted(needed)}, not {sorted(filter(None, given))}")
    assert not wrong, "\n".join(wrong)


def test_every_message_is_used() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.parent.name not in ("gui", "cli")
    )
    unused = [name for name in CATALOGUE if not name.startswith("test.") and f'"{name}"' not in sources]
    assert not unused


def test_the_catalogue_is_sorted_and_its_placeholders_have_names() -> None:
    names = [name for name in CATALOGUE if not name.startswith("test.")]
    assert names == sorted(names, key=lambda name: name.split("."))
    for text in CATALOGUE.values():
        for form in [text] if isinstance(text, str) else [text.one, text.other]:
            assert all(name.isidentifier() for name in _names(form)), form


def test_a_message_is_a_string_that_knows_its_id_and_arguments() -> None:
    text = say("test.full", path=Path("/library"))
    assert text == "The disk that holds /library is full."
    assert (text.id, text.args) == ("test.full", {"path": "/library"})
    again = pickle.loads(pickle.dumps(text))
    assert isinstance(again, MessageText)
    assert (again, again.id, again.args) == (text, text.id, text.args)
    with pytest.raises(KeyError):
        say("test.full")
    with pytest.raises(KeyError):
        say("test.unknown")


def test_the_number_decides_the_form() -> None:
    assert [say("test.pages", count=count, name="x") for count in (0, 1, 2)] == [
        "0 pages of x",
        "1 page of x",
        "2 pages of x",
    ]


@pytest.mark.usefixtures("german")
def test_what_is_translated_is_told_in_the_language() -> None:
    full = say("test.full", path="/library")
    assert render(full, "de") == render(full, "de_AT") == "Der Datenträger mit /library ist voll."
    assert render(say("test.pages", count=1, name="x"), "de") == "1 Seite von x"
    assert render(say("test.pages", count=3, name="x"), "de") == "3 Seiten von x"
    assert (
        render(say("test.because", reason=full), "de") == "Nothing was written: Der Datenträger mit /library ist voll."
    )
    assert render(sentences(full, "", "Hm."), "de") == "Der Datenträger mit /library ist voll. Hm."


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("name", ["test.untold", "test.slip"])
def test_what_is_not_translated_or_badly_is_told_in_english(name: str) -> None:
    text = say(name, name="x.pdf")
    assert render(text, "de") == render(text, "fr") == render(text, "en") == text
    assert render("A plain string.", "de") == "A plain string."


def test_a_problem_carries_its_messages_through_json() -> None:
    problem = Damaged(say("test.slip", name="x.pdf"), "Get another.").as_problem()
    assert problem.message == "x.pdf is damaged."
    assert type(problem.message) is str
    data = msgspec.json.encode(problem)
    assert msgspec.json.decode(data)["message"] == "x.pdf is damaged."
    back = msgspec.json.decode(data, type=Problem)
    told = back.worded("message")
    assert back == problem
    assert isinstance(told, MessageText)
    assert told.id == "test.slip"
    assert told.args == {"name": "x.pdf"}
    assert not isinstance(back.worded("hint"), MessageText)


def test_an_old_problem_keeps_its_english() -> None:
    old = msgspec.json.decode(b'{"code": "damaged", "message": "x.pdf is bad.", "hint": ""}', type=Problem)
    assert old.worded("message") == "x.pdf is bad."


@pytest.mark.parametrize("args", [{}, {"name": "x"}])
def test_a_message_of_another_version_keeps_its_english(args: dict[str, str]) -> None:
    data = {"code": "a", "message": "It is so.", "wording": {"message": {"id": "test.gone", "args": args}}}
    assert msgspec.convert(data, Problem).worded("message") == "It is so."


def test_messages_cross_the_parser_and_the_wire() -> None:
    inner = say("test.full", path="/library")
    error = LibraryBusy(say("test.because", reason=inner), say("test.untold", name="x"))
    (event,) = decode_events(encode_events([DocumentProblem(FILE, Damaged(error.message).as_problem())]))
    assert isinstance(event, DocumentProblem)
    failure = wire.decode_answer(wire.encode(wire.failure_of(error)))
    assert isinstance(failure, wire.Failure)
    crossed: list[DesktopRagError] = [problem_error(event.problem), wire.error_of(failure)]
    assert [type(error) for error in crossed] == [Damaged, LibraryBusy]
    for told in (crossed[0].message, crossed[1].message):
        assert isinstance(told, MessageText)
        assert told == "Nothing was written: The disk that holds /library is full."
        reason = told.args["reason"]
        assert isinstance(reason, MessageText)
        assert reason.id == "test.full"
    assert isinstance(crossed[1].hint, MessageText)


def test_parts_of_a_tuple_and_changed_fields() -> None:
    class Found(Worded, frozen=True):
        understood: tuple[str, ...]
        note: str = ""

    found = Found(("plain", say("test.untold", name="x")), say("test.slip", name="y"))
    back = msgspec.json.decode(msgspec.json.encode(found), type=Found)
    assert back == found
    assert not isinstance(back.worded("understood", 0), MessageText)
    assert isinstance(back.worded("understood", 1), MessageText)
    assert msgspec.structs.replace(found, note="").worded("note") == ""
    changed = msgspec.structs.replace(found, note=say("test.untold", name="z")).worded("note")
    assert isinstance(changed, MessageText)
    assert changed.id == "test.untold"


def test_outside_of_a_worded_struct_a_message_is_sent_in_english() -> None:
    assert msgspec.json.encode([say("test.untold", name="x")], enc_hook=plain) == b'["x is empty."]'
    with pytest.raises(TypeError):
        msgspec.json.encode(object(), enc_hook=plain)


@pytest.mark.usefixtures("german")
def test_what_a_person_is_shown_is_translated_wherever_it_stands() -> None:
    problem = Problem("disk-full", say("test.full", path="/d"), "Plain.")
    shown = translated((problem, {"a": [problem]}, "text"), "de_DE")
    said = "Der Datenträger mit /d ist voll."
    assert shown[0].message == shown[1]["a"][0].message == said
    assert shown[0].hint == "Plain."
    assert shown[2] == "text"
    assert translated(problem, "fr") is problem
    assert translated(problem, "en_GB") is problem


@pytest.mark.usefixtures("german")
def test_an_error_in_the_terminal_is_in_its_language(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from desktop_rag.cli.terminal import complain

    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    complain(say("test.full", path="/d"))
    assert "Der Datenträger mit /d ist voll." in capsys.readouterr().err
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    complain(say("test.full", path="/d"))
    assert "The disk that holds /d is full." in capsys.readouterr().err


@pytest.mark.usefixtures("german")
def test_an_error_in_the_window_is_in_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop_rag.gui.services import errors

    monkeypatch.setattr(errors, "window_language", lambda: "de_DE")
    assert errors.error_text(LibraryBusy(say("test.full", path="/d"))) == "Der Datenträger mit /d ist voll."
