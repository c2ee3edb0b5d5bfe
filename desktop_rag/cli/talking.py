"""``chat`` and ``conversations``: questions that follow one another, and what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command, add_filters, filters_of, library_of, positive

if TYPE_CHECKING:
    from desktop_rag.engine.service.opening import AnyEngine

_LISTED = 30


def add_to(commands: Subparsers) -> None:
    chat = add_command(
        commands,
        "chat",
        "ask follow-up questions",
        "Answers questions that can refer to earlier ones (“And in 2023?”). The conversation is kept in the library. "
        "An empty line or Ctrl-D ends it.",
        "desktop-rag chat",
        "desktop-rag chat --conversation 3",
    )
    chat.add_argument("--conversation", type=positive, metavar="N", help="continue conversation N")
    chat.add_argument("--quote", action="store_true", help="quote the files, even if a chat model is installed")
    add_filters(chat)
    chat.set_defaults(run=_chat)

    talks = add_command(
        commands,
        "conversations",
        "list and manage earlier conversations",
        "Lists the conversations of the library; shows, renames, exports or deletes one.",
        "desktop-rag conversations",
        "desktop-rag conversations show 3",
        "desktop-rag conversations rename 3 House purchase",
        "desktop-rag conversations export 3 house.md",
        "desktop-rag conversations delete 3",
    )
    talks.add_argument(
        "action",
        nargs="?",
        choices=("list", "show", "rename", "export", "delete"),
        default="list",
        help="list (the default), show, rename, export or delete",
    )
    talks.add_argument("number", nargs="?", type=positive, metavar="N", help="its number in the list")
    talks.add_argument("rest", nargs="*", metavar="TITLE or FILE", help="the new title, or the file to export to")
    talks.set_defaults(run=_conversations, usage_error=talks.error)


def _chat(arguments: Arguments) -> int:
    from desktop_rag.cli import render
    from desktop_rag.cli.asking import terms_of
    from desktop_rag.cli.interrupt import stop_on_interrupt
    from desktop_rag.cli.live import LiveAnswer
    from desktop_rag.cli.terminal import complain, say, show
    from desktop_rag.engine.service.opening import open_engine
    from desktop_rag.errors import ModelError, QueryError

    conversation: int | None = arguments.conversation
    with open_engine(library_of(arguments)) as engine:
        if conversation is not None:
            engine.turns(conversation)  # it must be there
        while question := _next_question():
            try:
                with stop_on_interrupt() as stop, LiveAnswer(shown=True) as live:
                    answer = engine.listening(on_event=live.hear, stop=stop).ask(
                        question,
                        filters=filters_of(arguments),
                        conversation=conversation,
                        remember=True,
                        quote=arguments.quote,
                    )
            except (ModelError, QueryError) as error:
                complain(error.message, error.hint)
                continue
            conversation = answer.conversation
            show("", *render.show_answer(answer, terms_of(answer.asked or question)), "")
    if conversation is not None:
        say(f"This was conversation {conversation}.")
    return Exit.OK


def _next_question() -> str:
    try:
        return input("? ").strip()
    except EOFError:
        return ""


def _conversations(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import say
    from desktop_rag.engine.service.opening import open_engine

    action: str = arguments.action
    number: int | None = arguments.number
    rest: Sequence[str] = arguments.rest
    if action != "list" and number is None:
        arguments.usage_error(f"give the number of the conversation to {action}")
    if action in ("rename", "export") and not rest:
        arguments.usage_error("give the new title" if action == "rename" else "give the file to export to")
    with open_engine(library_of(arguments), read_only=action in ("list", "show", "export")) as engine:
        if action == "list" or number is None:
            return _list(engine, arguments)
        if action == "show":
            return _show(engine, number, arguments)
        if action == "rename":
            engine.rename_conversation(number, " ".join(rest))
            say(f"Conversation {number} is now called “{' '.join(rest)}”.")
        elif action == "export":
            _export(engine.export_conversation(number), Path(rest[0]).expanduser())
        else:
            engine.delete_conversation(number)
            say(f"Conversation {number} was deleted.")
    return Exit.OK


def _list(engine: AnyEngine, arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import clean_name, counted, program, say, show, show_json
    from desktop_rag.places import day

    found = engine.conversations(_LISTED)
    if arguments.json:
        show_json(found)
        return Exit.OK
    if not found:
        say(f"There are no conversations yet. Begin one: {program()} chat")
    for talk in found:
        show(f"{talk.id:>4}  {clean_name(talk.title)}  ({counted(talk.turns, 'question')}, {day(talk.changed)})")
    return Exit.OK


def _show(engine: AnyEngine, number: int, arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import clean, show, show_json

    if arguments.json:
        show_json(engine.turns(number))
    else:
        show(clean(engine.export_conversation(number)))
    return Exit.OK


def _export(text: str, file: Path) -> None:
    from desktop_rag.cli.terminal import say
    from desktop_rag.errors import ConfigError

    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{file} already exists.", "Name another file.") from error
    except OSError as error:
        raise ConfigError(f"{file} could not be written: {error.strerror or error}.") from error
    say(f"Written to {file}.")
