"""``config``: shows and changes the settings of a library."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command, add_common, library_of, wrapped

if TYPE_CHECKING:
    from rich.console import RenderableType

    from desktop_rag.config import Config


def add_to(commands: Subparsers) -> None:
    config = add_command(
        commands,
        "config",
        "show or change settings",
        "Shows and changes the settings of a library, kept in config.toml in its folder. They hold from the next "
        "command on; files that were cut short by a limit are read again with “index --force”.",
        "desktop-rag config show",
        "desktop-rag config set limits.text_bytes 128 MiB",
        'desktop-rag config set ignore "Archive/" "*.iso" "!*.bak"',
        "desktop-rag config unset ignore",
    )
    actions = config.add_subparsers(title="actions", metavar="ACTION", dest="action")
    config.set_defaults(run=_show)

    show = _action(actions, "show", "all settings and their values", _show)
    show.description = "Shows all settings; those that differ from the defaults are marked with *."
    _action(actions, "get", "the value of one setting", _get).add_argument("name", metavar="NAME")
    change = _action(actions, "set", "give a setting a value", _set)
    change.description = wrapped(
        "Gives a setting a value. Sizes may have a unit: 64 MiB. For “ignore” the values are patterns as in a "
        ".gitignore file, added to those built in; one that begins with ! takes a built-in one back."
    )
    change.add_argument("name", metavar="NAME")
    change.add_argument("values", nargs="+", metavar="VALUE")
    _action(actions, "unset", "go back to the default", _unset).add_argument("name", metavar="NAME")


def _action(actions: Any, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"Shows or changes settings: {summary}.", allow_abbrev=False
    )
    add_common(parser, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def _show(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.config import config_path, load_config

    library = library_of(arguments)
    config = load_config(library)
    if arguments.json:
        show_json({"path": str(config_path(library)), "settings": config})
    else:
        show(*_settings(config, config_path(library)))
    return Exit.OK


def _settings(config: Config, path: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    from desktop_rag.cli.terminal import clean, counted, short_path
    from desktop_rag.config import DEFAULT_IGNORE, Config, get_setting, setting_names

    defaults = Config()
    width = max(map(len, setting_names()))
    for name in setting_names():
        value = get_setting(config, name)
        mark = " " if value == get_setting(defaults, name) else "*"
        if name == "ignore":
            own = " ".join(value[len(DEFAULT_IGNORE) :])
            said = f"{counted(len(DEFAULT_IGNORE), 'pattern')} built in{', and ' if own else ''}{clean(own)}"
        else:
            said = _in_words(name, value)
        yield Text.assemble((f"{mark} ", "bold cyan"), (f"{name:<{width}}  ", "bold"), said)
    yield Text("")
    there = "" if path.exists() else "  (not there yet: all settings have their defaults)"
    yield Text(f"{short_path(str(path))}{there}", "dim")


def _in_words(name: str, value: Any) -> str:
    from desktop_rag.cli.terminal import size

    if name.endswith("_bytes"):
        return size(value)
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}"


def _get(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.config import get_setting, load_config

    value = get_setting(load_config(library_of(arguments)), arguments.name)
    if arguments.json:
        show_json({"name": arguments.name, "value": value})
    else:
        show(*value if isinstance(value, tuple) else [str(value)])
    return Exit.OK


def _set(arguments: Arguments) -> int:
    return _change(arguments, arguments.values)


def _unset(arguments: Arguments) -> int:
    return _change(arguments, None)


def _change(arguments: Arguments, values: list[str] | None) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.config import change_setting, get_setting

    value = get_setting(change_setting(library_of(arguments), arguments.name, values), arguments.name)
    if arguments.json:
        show_json({"name": arguments.name, "value": value})
    elif isinstance(value, tuple):
        show(f"{arguments.name} now has {len(value)} patterns.")
    else:
        show(f"{arguments.name} is now {_in_words(arguments.name, value)}.")
    return Exit.OK
