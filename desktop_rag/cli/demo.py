"""``demo``: indexes the sample library into a library of its own and asks it questions."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command

_INTRODUCTION = """\
The sample library is a year in the life of a small household: mail, notes, invoices, tables, slides.
None of it is real, and your own library is not touched."""


def add_to(commands: Subparsers) -> None:
    demo = add_command(
        commands,
        "demo",
        "try it on a sample library",
        "Indexes the sample files that come with the program, asks three questions about them, and says what to do "
        "next. It uses a separate library, so yours is not touched.",
        "desktop-rag demo",
        "desktop-rag demo --window",
    )
    demo.add_argument(
        "--window", action="store_true", help="show it in the window if there is a screen, not in the terminal"
    )
    demo.set_defaults(run=_demo)


def demo_library(arguments: Arguments) -> Path:
    """The folder of the demo's own library: the one named on the command line, or else one beside the usual one."""
    from desktop_rag.cli.options import library_of

    library = library_of(arguments)
    return library if arguments.library else library.with_name(f"{library.name}-demo")


def _demo(arguments: Arguments) -> int:
    from desktop_rag.cli.window import show_window
    from desktop_rag.errors import ConfigError
    from desktop_rag.paths import resources_dir

    samples = resources_dir() / "samples"
    if arguments.window:
        with suppress(ConfigError):  # no screen: the terminal will do
            return show_window(arguments, demo_library(arguments), samples=samples)
    return _in_terminal(arguments, samples)


def _in_terminal(arguments: Arguments, samples: Path) -> int:
    from rich.text import Text

    from desktop_rag.cli.as_json import answer_json
    from desktop_rag.cli.asking import terms_of
    from desktop_rag.cli.hanging import HangingText
    from desktop_rag.cli.indexing import files_in_words
    from desktop_rag.cli.interrupt import stop_on_interrupt
    from desktop_rag.cli.progress import progress_shown
    from desktop_rag.cli.render import show_answer, show_question
    from desktop_rag.cli.terminal import duration, program, short_path, show, show_json
    from desktop_rag.engine.service.opening import open_engine
    from desktop_rag.paths import resources_dir

    entries = json.loads((resources_dir() / "samples-questions.json").read_text(encoding="utf-8"))
    questions = [entry["question"] for entry in entries if entry.get("demo")]
    if not arguments.json:
        show(Text(_INTRODUCTION, "dim"), "")
    answers = []
    with open_engine(demo_library(arguments)) as engine:
        for root in engine.status().roots:
            if Path(root) != samples.resolve():  # those of another copy of the program
                engine.forget(Path(root))
        with stop_on_interrupt() as stop, progress_shown() as on_progress:
            report = engine.listening(on_progress=on_progress, stop=stop).index([samples])
        if report.stopped:
            raise KeyboardInterrupt
        if not arguments.json:
            show(
                f"Indexed {short_path(str(samples))} in {duration(report.seconds)}: {files_in_words(report.states)}.",
                "",
            )
        for question in questions:
            answer = engine.ask(question)
            answers.append(answer)
            if not arguments.json:
                show(*show_question(question), *show_answer(answer, terms_of(question)), "")
    if arguments.json:
        show_json({"report": report, "answers": [answer_json(answer) for answer in answers]})
    else:
        show(
            Text("Now try it with your own files:", "bold"),
            HangingText(Text(f"{program()} index ~/Documents"), "  "),
            HangingText(Text(f'{program()} ask "…"'), "  "),
        )
    return Exit.OK
