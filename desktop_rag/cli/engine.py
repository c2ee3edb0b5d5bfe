"""``engine``: the process that keeps a library like the disk and answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command, library_of

if TYPE_CHECKING:
    from desktop_rag.engine.service.client import EngineClient


def add_to(commands: Subparsers) -> None:
    engine = add_command(
        commands,
        "engine",
        "keep the library up to date in the background",
        "The engine watches the folders you have indexed and picks up each change within a second or two. While it "
        "runs, all other commands use it and answer faster. It needs little when nothing changes, gives way to your "
        "questions, and restarts if it crashes.",
        "desktop-rag engine start",
        "desktop-rag engine status",
        "desktop-rag engine stop",
    )
    actions = engine.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    for name, summary, run in (
        ("start", "start it in the background", _start),
        ("stop", "stop it; what was done is kept", _stop),
        ("restart", "stop it and start it again, to use new settings", _restart),
        ("status", "show what it is doing", _status),
        ("pause", "stop indexing until “resume”; questions are still answered", _pause),
        ("resume", "continue indexing after a pause", _resume),
        ("follow", "show what it does until Ctrl-C", _follow),
    ):
        action = add_command(
            actions, name, summary, f"{summary[0].upper()}{summary[1:]}.", f"desktop-rag engine {name}"
        )
        action.set_defaults(run=run)


def _start(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import program, show, show_json
    from desktop_rag.engine.service.client import EngineClient
    from desktop_rag.engine.service.opening import start_engine

    library = library_of(arguments)
    running = EngineClient.connect(library)
    with running or start_engine(library) as client:
        status = client.status()
    if arguments.json:
        show_json({"started": running is None, "status": status})
        return Exit.OK
    assert status.engine is not None
    show(f"The engine {'is running' if running is None else 'was running already'} (process {status.engine.pid}).")
    if not status.roots:
        show(f"Tell it what to watch: {program()} index ~/Documents")
    return Exit.OK


def _stop(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import say, show, show_json
    from desktop_rag.engine.service.opening import stop_engine

    stopped = stop_engine(library_of(arguments))
    if arguments.json:
        show_json({"stopped": stopped})
    elif stopped:
        show("The engine has stopped.")
    else:
        say("No engine is running for this library.")
    return Exit.OK if stopped else Exit.NOTHING


def _restart(arguments: Arguments) -> int:
    from desktop_rag.engine.service.opening import stop_engine

    stop_engine(library_of(arguments))
    return _start(arguments)


def _status(arguments: Arguments) -> int:
    from desktop_rag.cli.overview import show_status
    from desktop_rag.cli.terminal import program, say, show, show_json
    from desktop_rag.engine.service.client import EngineClient

    client = EngineClient.connect(library_of(arguments))
    if client is None:
        if arguments.json:
            show_json({"running": False})
        else:
            say(f"No engine is running for this library. Start it: {program()} engine start")
        return Exit.NOTHING
    with client:
        status = client.status()
    if arguments.json:
        show_json({"running": True, "status": status})
    else:
        show(*show_status(status))
    return Exit.OK


def _pause(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show

    with _running(arguments) as client:
        client.pause()
    show("Paused. Questions are still answered. To continue: desktop-rag engine resume")
    return Exit.OK


def _resume(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show

    with _running(arguments) as client:
        client.resume()
    show("Indexing continues.")
    return Exit.OK


def _follow(arguments: Arguments) -> int:
    from desktop_rag.cli.overview import event_in_words
    from desktop_rag.cli.terminal import show, show_json

    with _running(arguments) as client, client.subscribe() as subscription:
        for event in subscription:
            if arguments.json:
                show_json(event)
            elif words := event_in_words(event):
                show(words)
    return Exit.OK


def _running(arguments: Arguments) -> EngineClient:
    from desktop_rag.engine.service.client import EngineClient
    from desktop_rag.errors import ConfigError

    client = EngineClient.connect(library_of(arguments))
    if client is None:
        raise ConfigError("No engine is running for this library.", "Start it: desktop-rag engine start")
    return client
