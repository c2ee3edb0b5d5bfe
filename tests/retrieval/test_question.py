"""What is understood of a question, and what is left alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_rag.errors import QueryError
from desktop_rag.retrieval.analysis import analyze_text
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.question import AnalyzedQuestion, analyze

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2024, 9, 18, 15, 30, tzinfo=BERLIN)
"""A Wednesday."""


def _plain(text: str) -> AnalyzedQuestion:
    """A question in which nothing is anything but a word."""
    return AnalyzedQuestion(analyze_text(text), analyze_text(text), NOW)


def _parse(question: str) -> AnalyzedQuestion:
    return analyze(question, now=NOW)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


# --- operators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "text", "filters"),
    [
        ("type:pdf boiler", "boiler", Filters(types=(".pdf",))),
        ("boiler type:.PDF type:photos", "boiler", Filters(types=(".pdf", "image"))),
        ("type:mail,jpg", "", Filters(types=("mail", ".jpg", ".jpeg"))),
        ("Type:emails", "", Filters(types=("mail",))),
        ('from:"Anna Berg",bob@example.org trip', "trip", Filters(senders=("Anna Berg", "bob@example.org"))),
        ('to:"Berg, Anna"', "", Filters(recipients=("Berg, Anna",))),
        ('folder:Invoices folder:"My Files"', "", Filters(folders=("Invoices", "My Files"))),
        (r"folder:C:\Users\me tax", "tax", Filters(folders=(r"C:\Users\me",))),
        ("name:*.txt,report", "", Filters(names=("*.txt", "report"))),
        ("after:2024-05-03 boiler", "boiler", Filters(after=_day("2024-05-03"))),
        ('before:"May 2024"', "", Filters(before=_day("2024-05-01"))),
        ("after:2023 before:2024", "", Filters(after=_day("2023-01-01"), before=_day("2024-01-01"))),
        ("after:yesterday", "", Filters(after=_day("2024-09-17"))),
        ('after:"3 mayo 2024"', "", Filters(after=_day("2024-05-03"))),
    ],
)
def test_operators(question: str, text: str, filters: Filters) -> None:
    query = _parse(question)
    assert (query.text, query.filters, query.guessed) == (text, filters, False)
    assert query.original == question


@pytest.mark.parametrize(
    "question",
    [
        "foo:bar",
        "http://example.org/type:pdf",
        "at 12:30",
        r"C:\x",
        "the type: pdf",
        "subtype:pdf",
        "from: Anna",
        "std::vector",
        "",
    ],
)
def test_other_colons_are_text(question: str) -> None:
    query = _parse(question)
    assert (query.text, query.filters) == (question, Filters())


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("after:notadate", "notadate"),
        ("before:50", "before:2024-05-03"),
        ("type:pfd", "type:pdf"),
        ("type:qqqq", "extension"),
        ('from:""', "no value"),
        ("after:2024 before:2023", "No date"),
    ],
)
def test_values_that_cannot_be_understood(question: str, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        _parse(question)
    assert says in str(caught.value)
    assert caught.value.hint


def test_options_join_operators() -> None:
    options = Filters(types=(".pdf",), after=_day("2024-01-01"))
    query = analyze("type:mail after:2023 boiler", now=NOW, options=options)
    assert query.filters == Filters(types=("mail", ".pdf"), after=_day("2024-01-01"))
    assert query.understood == ("only mail or .pdf", "from 1 January 2024 on")
    with pytest.raises(QueryError):
        analyze("before:2023", now=NOW, options=options)


def test_nothing_is_guessed_beside_a_given_filter_of_the_same_kind() -> None:
    query = analyze("photos from last week", now=NOW, options=Filters(types=(".pdf",), after=_day("2024-01-01")))
    assert query.filters == Filters(types=(".pdf",), after=_day("2024-01-01"))
    assert query.text == "photos from last week"


# --- quotations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "text", "phrases"),
    [
        ('"blue boiler" type:pdf', "blue boiler", ("blue boiler",)),
        ("“blue boiler” and „rote Pumpe“", "blue boiler and rote Pumpe", ("blue boiler", "rote Pumpe")),
        ('"type:pdf" manual', "type:pdf manual", ("type:pdf",)),
        ('a 5" pipe and a 3" pipe', 'a 5" pipe and a 3" pipe', ()),
        ('an "open quote', 'an "open quote', ()),
        ('"" empty', '"" empty', ()),
        ("don't 'quote' this", "don't 'quote' this", ()),
    ],
)
def test_quotations(question: str, text: str, phrases: tuple[str, ...]) -> None:
    query = _parse(question)
    assert (query.text, query.phrases) == (text, phrases)


def test_a_sentence_that_quotes_can_do_without_the_quotes() -> None:
    query = _parse('Who said "we choose to go to the moon" first?')
    assert query.phrases == ("we choose to go to the moon",)
    assert query.fallback is not None
    assert (query.fallback.phrases, query.fallback.text) == ((), query.text)
    assert not query.guessed
    assert _parse('"blue boiler"').fallback is None


def test_a_quotation_beside_plain_filters() -> None:
    query = _parse('emails from Anna with "blue boiler" in 2024')
    assert (query.text, query.phrases) == ("blue boiler", ("blue boiler",))
    assert query.understood == ("only mail", "sent by Anna", "in 2024")


# --- plain words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "text", "understood"),
    [
        ("emails from Anna about the boiler in 2024", "the boiler", ("only mail", "sent by Anna", "in 2024")),
        ("emails about the boiler from Anna in 2024", "the boiler", ("only mail", "sent by Anna", "in 2024")),
        ("emails from anna about boiler", "boiler", ("only mail", "sent by anna")),
        ("emails from Anna and Bob about the trip", "the trip", ("only mail", "sent by Anna or Bob")),
        ("emails from Dr. Weber regarding the operation", "the operation", ("only mail", "sent by Weber")),
        ("emails from April Jones", "", ("only mail", "sent by April Jones")),
        ("emails from May", "", ("only mail", "in May 2024")),
        ("emails from the bank in March 2024", "the bank", ("only mail", "in March 2024")),
        ("emails between 3 May and 10 June 2024", "", ("only mail", "from 3 May to 10 June 2024")),
        ("emails I sent to Anna before June 2023", "", ("only mail", "sent to Anna", "before 1 June 2023")),
        ("mails to Bob", "", ("only mail", "sent to Bob")),
        ("messages sent by Anna Berg", "", ("only mail", "sent by Anna Berg")),
        ("Anna's emails about the trip", "the trip", ("only mail", "sent by Anna")),
        ("yesterday's emails", "", ("only mail", "on 17 September 2024")),
        ("which emails mention the boiler?", "mention the boiler?", ("only mail",)),
        ("how many emails did Anna send in 2024?", "", ("only mail", "sent by Anna", "in 2024")),
        ("what did Anna write last March", "", ("sent by Anna", "in March 2024")),
        ("what did Anna write last March about the boiler?", "the boiler?", ("sent by Anna", "in March 2024")),
        (
            "what did the email from Anna say about the boiler?",
            "what did the email say about the boiler?",
            ("only mail", "sent by Anna"),
        ),
        ("photos", "", ("only image",)),
        ("show me all photos taken in 2019", "", ("only image", "in 2019")),
        ("the pdf about heat pumps", "heat pumps", ("only .pdf",)),
        ("slides from the meeting last Tuesday", "the meeting", ("only slides", "on 17 September 2024")),
        ("files modified last week", "", ("from 9 to 15 September 2024",)),
        ("documents I wrote in March 2024", "", ("in March 2024",)),
        ("the invoice from last March", "invoice", ("in March 2024",)),
        ("invoices from 2023", "invoices", ("in 2023",)),
        ("How much was the invoice from May 2024?", "How much was the invoice?", ("in May 2024",)),
        ("what did we decide last week", "what did we decide", ("from 9 to 15 September 2024",)),
        ("what did I save yesterday", "", ("on 17 September 2024",)),
        ("since May", "", ("from 1 May 2024 on",)),
        ("E-Mails von Anna aus 2024", "", ("only mail", "sent by Anna", "in 2024")),
        ("E-Mails von Anna aus 2024 zum Kessel", "Kessel", ("only mail", "sent by Anna", "in 2024")),
        ("Mails an Peter seit Mai", "", ("only mail", "sent to Peter", "from 1 May 2024 on")),
        (
            "Nachrichten von Frau Schmidt vor zwei Wochen",
            "",
            ("only mail", "sent by Schmidt", "from 2 to 8 September 2024"),
        ),
        ("was hat Anna letzten März über den Kessel geschrieben", "den Kessel", ("sent by Anna", "in March 2024")),
        ("Welche E-Mails hat Anna im März geschickt?", "", ("only mail", "sent by Anna", "in March 2024")),
        ("Wann hat Anna mir den Vertrag geschickt?", "Wann hat Anna mir den Vertrag geschickt?", ("sent by Anna",)),
        ("When did Anna send me the contract?", "When did Anna send me the contract?", ("sent by Anna",)),
        ("emails about the train from Berlin to Hamburg", "the train from Berlin to Hamburg", ("only mail",)),
        ("Fotos aus Rom im Mai 2023", "Rom", ("only image", "in May 2023")),
        ("Rechnungen aus 2023", "Rechnungen", ("in 2023",)),
        ("Stromrechnung vom letzten März", "Stromrechnung", ("in March 2024",)),
        ("Fotos von letzter Woche", "", ("only image", "from 9 to 15 September 2024")),
        ("die PDF über Wärmepumpen", "Wärmepumpen", ("only .pdf",)),
    ],
)
def test_plain_words(question: str, text: str, understood: tuple[str, ...]) -> None:
    query = _parse(question)
    assert (query.text, query.understood) == (text, understood)
    assert query.guessed
    assert query.fallback == _plain(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who won Super Bowl 50 in 2016?",
        "What happened in 1973?",
        "When was the treaty of 1648 signed?",
        "How many people lived in Warsaw in 1939?",
        "What documents were signed in 1987?",
        "What papers did Hawking publish in 1995?",
        "What images did Curiosity send in 2012?",
        "Which letter was sent to senators in 2001?",
        "What did Apple announce in March 2015?",
        "What did Luther write in his letter to Spalatin?",
        "What message did Voyager carry in 1990?",
        "How many messages did Twitter handle in May 2012?",
        "What happened in the last year of the war?",
        "What happened the last week before Christmas?",
        "What is Warsaw called today?",
        "Who performed at this year's halftime show?",
        "last year's budget",
        "What lived 3 million years ago?",
        "email server configuration",
        "image compression in 2010",
        "What may emails contain?",
        "invoice 2024-117",
        "Wer schrieb 2016 die Nachricht an die Welt?",
        "Was geschah in der letzten Woche des Krieges?",
    ],
)
def test_plain_questions_are_left_alone(question: str) -> None:
    assert _parse(question) == _plain(question)


def test_a_guess_keeps_the_operators_when_taken_back() -> None:
    query = _parse("folder:Home photos from 2019")
    assert query.filters.types == ("image",)
    assert query.fallback is not None
    assert query.fallback.filters == Filters(folders=("Home",))
    assert query.fallback.text == "photos from 2019"


def test_dates_that_exclude_each_other_are_no_guess() -> None:
    assert _parse("emails since June 2024 before May 2023").filters.after is None


# --- on a large scale ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["squad/questions", "squad/train", "hotpotqa/questions", "xquad-de/questions"])
def test_public_questions_are_left_alone(shared_data: Path, name: str) -> None:
    lines = (shared_data / "questions" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    filtered = [question for question in questions if not _parse(question).filters.is_empty]
    assert len(filtered) <= 0.002 * len(questions), filtered


@pytest.mark.usefixtures("unmeasured")
def test_a_plain_question_waits_for_no_library_of_dates() -> None:
    code = (
        "import sys; from desktop_rag.clock import local_now; from desktop_rag.retrieval.question import analyze;"
        "analyze('Who won the Super Bowl in 2016?', now=local_now()); print('dateparser' in sys.modules)"
    )
    checkout = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=checkout, check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "False"


_VOCABULARY = """emails from Anna to Bob in May 2024 last 3 days between and the of about was hat geschrieben Fotos von
aus März type:pdf after:2024 before: after:"x" "quoted words" name:*.? ' " , ? . - 31 99999 vor 12 ago
invoice's sent by"""

_WORDS = st.lists(
    st.sampled_from(_VOCABULARY.split()),
    max_size=25,
).map(" ".join)


@given(st.text(max_size=400) | _WORDS)
@settings(deadline=timedelta(seconds=1), max_examples=300)
def test_any_text(text: str) -> None:
    try:
        query = _parse(text)
    except QueryError:
        return
    assert query.original == unicodedata.normalize("NFC", text)
    assert query.filters.is_possible
    assert bool(query.understood) is not query.filters.is_empty


@pytest.mark.parametrize("text", ["a " * 50_000, "a/" * 50_000, "1" * 100_000, "last " * 20_000, 'type:"' * 20_000])
def test_long_text_is_quick(text: str) -> None:
    start = time.perf_counter()
    assert _parse(text).filters.is_empty
    assert time.perf_counter() - start < 1
