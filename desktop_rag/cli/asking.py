"""``ask`` and ``search``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import (
    Arguments,
    Subparsers,
    add_command,
    add_filters,
    filters_of,
    library_of,
    positive,
    question_of,
)

if TYPE_CHECKING:
    from desktop_rag.engine.results import SampleKind, SearchResult
    from desktop_rag.engine.service.opening import AnyEngine
    from desktop_rag.errors import DesktopRagError
    from desktop_rag.types import Answer, Hit


class SampleArguments(TypedDict, total=False):
    """A file to search by, as arguments of the engine's methods."""

    like: Path
    like_kind: SampleKind


def add_to(commands: Subparsers) -> None:
    ask = add_command(
        commands,
        "ask",
        "answer a question from your files",
        "Answers a question from your files and shows where each statement comes from. With a chat model installed the "
        "answer is in its own words; without one it consists of sentences quoted from your files. "
        "Dates and senders can be named in plain words: “emails from Anna in March 2024”.",
        'desktop-rag ask "How much is invoice TR-2024-018?"',
        'desktop-rag ask "What did Anna promise?" --from Anna --after 2024-05',
        'desktop-rag ask "When is the rent due?" --open 1',
        "desktop-rag ask --audio question.m4a",
    )
    ask.add_argument("question", nargs="*", metavar="QUESTION", help="the question; quotes around it are optional")
    ask.add_argument("--limit", type=positive, default=8, metavar="N", help="passages to read (default: 8)")
    ask.add_argument("--quote", action="store_true", help="quote the files, even if a chat model is installed")
    _add_rerank(ask)
    _add_samples(ask)
    _add_open(ask, "source")
    add_filters(ask)
    ask.set_defaults(run=_ask, usage_error=ask.error)

    search = add_command(
        commands,
        "search",
        "find passages",
        "Finds the passages, pictures and recordings that match a question best, by their words, by their meaning and "
        "by what pictures show. “Quoted words” must appear in a passage exactly as they are.",
        'desktop-rag search "board shear guarantee" --type mail',
        'desktop-rag search "TR-2024-018" --mode keyword --open 1',
        'desktop-rag search "a dog on the beach" --kind image',
        "desktop-rag search --image holiday.jpg",
        "desktop-rag search --batch questions.txt --json > results.jsonl",
    )
    search.add_argument(
        "question",
        nargs="*",
        metavar="QUESTION",
        help="what to look for; with filters alone, the newest files are listed",
    )
    search.add_argument(
        "--limit", type=positive, default=10, metavar="N", help="how many passages to show (default: 10)"
    )
    search.add_argument(
        "--per-document",
        type=positive,
        metavar="N",
        help="at most N passages from one document (setting passages_per_document)",
    )
    search.add_argument(
        "--mode",
        choices=("hybrid", "keyword", "dense"),
        default="hybrid",
        help="search by words and meaning (hybrid), by words only (keyword), or by meaning only (dense)",
    )
    _add_rerank(search)
    _add_samples(search)
    search.add_argument("--whole", action="store_true", help="show whole passages, not just the part that matches")
    search.add_argument(
        "--batch",
        metavar="FILE",
        help="search for every question in FILE (- for standard input): one per line, or JSON lines with a “question”; "
        "with --json, prints one line of JSON per question",
    )
    _add_open(search, "passage")
    add_filters(search)
    search.set_defaults(run=_search, usage_error=search.error)


def _add_rerank(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-rerank",
        dest="rerank",
        action="store_false",
        help="keep the order of the search, without reading the passages again (setting read_passages)",
    )


def _add_samples(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    for kind, text in (
        ("image", "find what this picture shows"),
        ("audio", "use what is said in this recording as the question"),
        ("like", "find files similar to this one, whatever it is"),
    ):
        group.add_argument(f"--{kind}", metavar="FILE", type=Path, help=text)


def sample_of(arguments: Arguments) -> SampleArguments:
    """The file to search by, if one is given."""
    if arguments.image is not None:
        return {"like": arguments.image, "like_kind": "image"}
    if arguments.audio is not None:
        return {"like": arguments.audio, "like_kind": "audio"}
    return {} if arguments.like is None else {"like": arguments.like, "like_kind": "any"}


def _add_open(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--open", type=positive, metavar="N", help=f"open {what} N in its usual program")


def _ask(arguments: Arguments) -> int:
    from desktop_rag.cli import render
    from desktop_rag.cli.as_json import answer_json
    from desktop_rag.cli.interrupt import stop_on_interrupt
    from desktop_rag.cli.live import LiveAnswer
    from desktop_rag.cli.terminal import show, show_json

    sample = sample_of(arguments)
    if not arguments.question and not sample:
        arguments.usage_error("give a QUESTION, or a file with --audio, --image or --like")
    question = question_of(arguments.question)
    with _engine(arguments) as engine, stop_on_interrupt() as stop, LiveAnswer(shown=not arguments.json) as live:
        answer = engine.listening(on_event=live.hear, stop=stop).ask(
            question,
            filters=filters_of(arguments),
            limit=arguments.limit,
            quote=arguments.quote,
            rerank=arguments.rerank,
            **sample,
        )
        _say_if_empty(engine, answer.hits)
    if arguments.json:
        show_json(answer_json(answer))
    else:
        show(*render.show_answer(answer, terms_of(answer.asked or question)))
    if arguments.open:
        _open_number(arguments.open, _cited(answer), "source")
    return Exit.OK if answer.citations else Exit.NOTHING


def _search(arguments: Arguments) -> int:
    from desktop_rag.cli import render
    from desktop_rag.cli.as_json import search_json
    from desktop_rag.cli.terminal import show, show_json

    if arguments.question and arguments.batch:
        arguments.usage_error("give either a QUESTION or --batch FILE")
    if not (arguments.question or arguments.batch or sample_of(arguments)) and filters_of(arguments).is_empty:
        arguments.usage_error("give a QUESTION, a filter, a file with --image, --audio or --like, or --batch FILE")
    if arguments.batch:
        return _search_batch(arguments)
    question = question_of(arguments.question)
    with _engine(arguments) as engine:
        result = _find(engine, question, arguments)
        _say_if_empty(engine, result.hits)
    if arguments.json:
        show_json(search_json(result))
    else:
        show(*render.show_hits(result, terms_of(result.question), whole=arguments.whole))
    if arguments.open:
        _open_number(arguments.open, result.hits, "passage")
    return Exit.OK if result.hits else Exit.NOTHING


def _search_batch(arguments: Arguments) -> int:
    """Answers as it reads; a question that fails gets an answer that says why, and the next one its turn."""
    from desktop_rag.cli import render
    from desktop_rag.cli.as_json import batch_json, error_json
    from desktop_rag.cli.terminal import complain, show, show_json
    from desktop_rag.errors import DesktopRagError

    found = failed = False
    with _engine(arguments) as engine:
        for question in read_questions(arguments.batch):
            result = _found_or_failed(engine, question, arguments)
            if isinstance(result, DesktopRagError):
                failed = True
                if arguments.json:
                    show_json({"question": question.text, **error_json(result), "hits": []})
                else:
                    complain(f"{question.text}: {result.message}", result.hint)
                continue
            found = found or bool(result.hits)
            if arguments.json:
                show_json(batch_json(result))
            else:
                show(*render.show_question(question.text))
                show(*render.show_hits(result, terms_of(question.text), whole=arguments.whole), "")
    return Exit.PARTLY if failed else Exit.OK if found else Exit.NOTHING


def _found_or_failed(
    engine: AnyEngine, question: BatchQuestion, arguments: Arguments
) -> SearchResult | DesktopRagError:
    """What is found for a question, or why nothing can be. Raises ``StorageError``: the others would fail as well."""
    from desktop_rag.errors import DesktopRagError, StorageError
    from desktop_rag.log import record_bug

    if question.problem is not None:
        return question.problem
    try:
        return _find(engine, question.text, arguments)
    except StorageError:
        raise
    except DesktopRagError as error:
        return error
    except Exception as error:
        return DesktopRagError(f"This should not have happened ({type(error).__name__}).", record_bug(error))


def _find(engine: AnyEngine, question: str, arguments: Arguments) -> SearchResult:
    return engine.search(
        question,
        limit=arguments.limit,
        mode=arguments.mode,
        filters=filters_of(arguments),
        per_document=arguments.per_document,
        rerank=arguments.rerank,
        **sample_of(arguments),
    )


class BatchQuestion(NamedTuple):
    """A question of a file; of a line that holds none, the line and what is wrong with it."""

    text: str
    problem: DesktopRagError | None = None


def read_questions(name: str) -> Iterator[BatchQuestion]:
    """The questions of a file: one a line, or JSON lines whose objects have a "question". "-" is standard input.
    Raises ``ConfigError`` when it cannot be read."""
    import json

    from desktop_rag.errors import ConfigError, QueryError

    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"The questions in {name} could not be read: {reason}.") from error
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        if not line.startswith("{"):
            yield BatchQuestion(line)
            continue
        try:
            question = str(json.loads(line)["question"])
        except (ValueError, KeyError):
            problem = QueryError(f"Line {number} of {name} is not a JSON object with a “question”.")
            yield BatchQuestion(line, problem)
        else:
            yield BatchQuestion(question)


def terms_of(question: str) -> list[str]:
    """The words of a question to mark in what was found; the words of filters are none."""
    from desktop_rag.clock import local_now
    from desktop_rag.engine.questions import analyze

    return list(analyze(question, now=local_now()).sought.terms)


def _engine(arguments: Arguments) -> AnyEngine:
    """The running engine, or the library opened for searching: that works while another process is writing to it."""
    from desktop_rag.engine.service.opening import open_engine

    return open_engine(library_of(arguments), read_only=True)


def _say_if_empty(engine: AnyEngine, hits: Sequence[Hit]) -> None:
    """Tell somebody who has not indexed anything yet why nothing is found."""
    from desktop_rag.cli.terminal import program, say

    if not hits and engine.status().files == 0:
        say(f"This library is empty. Add a folder of yours: {program()} index ~/Documents")


def _cited(answer: Answer) -> list[Hit]:
    from desktop_rag.cli.render import source_of

    return [source_of(answer, citation) for citation in answer.citations] or list(answer.hits)


def _open_number(number: int, hits: Sequence[Hit], what: str) -> None:
    from desktop_rag.cli.terminal import counted, say
    from desktop_rag.errors import QueryError
    from desktop_rag.launch import open_file
    from desktop_rag.places import page_number

    if number > len(hits):
        raise QueryError(
            f"There is no {what} {number}.", f"There {'is' if len(hits) == 1 else 'are'} {counted(len(hits), what)}."
        )
    hit = hits[number - 1]
    say(open_file(Path(hit.path), page_number(hit.locator)))
