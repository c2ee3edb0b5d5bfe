"""``config``: shows and changes the settings of a library."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
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
        "Shows and changes the settings of a library, which are kept in config.toml in its folder. A change takes "
        "effect with the next command. To read files again that a limit cut short, use “index --force”.",
        "desktop-rag config show",
        "desktop-rag config set limits.text_bytes 128 MiB",
        'desktop-rag config set ignore "Archive/" "*.iso" "!*.bak"',
        "desktop-rag config set hidden on --folder ~/Notes",
        "desktop-rag config unset ignore",
    )
    actions = config.add_subparsers(title="actions", metavar="ACTION", dest="action")
    config.set_defaults(run=_show)

    show = _action(actions, "show", "all settings and their values", _show)
    show.description = "Shows all settings; those that differ from the defaults are marked with *."
    _one(_action(actions, "get", "the value of one setting", _get))
    change = _action(actions, "set", "give a setting a value", _set)
    change.description = wrapped(
        "Gives a setting a value. Sizes can have a unit: 64 MiB. For “ignore”, give all your patterns, written as in a "
        ".gitignore file; they are added to the built-in ones. A pattern that begins with ! cancels a built-in one."
    )
    _one(change).add_argument("values", nargs="+", metavar="VALUE")
    _one(_action(actions, "unset", "go back to the default", _unset))


def _one(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The arguments that name one setting."""
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="only for this folder; works for “ignore”, “hidden” and “follow_links”",
    )
    return parser


def _action(actions: Subparsers, name: str, summary: str, run: Callable[[Arguments], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"Shows or changes settings: {summary}.", allow_abbrev=False
    )
    add_common(parser, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def _show(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.config import DEFAULT_IGNORE, config_path, load_config

    library = library_of(arguments)
    config = load_config(library)
    if arguments.json:
        show_json({"path": str(config_path(library)), "settings": config, "built_in_ignore": DEFAULT_IGNORE})
    else:
        show(*_settings(config, config_path(library)))
    return Exit.OK


def _settings(config: Config, path: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    from desktop_rag.cli.terminal import clean, counted, short_path
    from desktop_rag.config import DEFAULT_IGNORE, FOLDER_SETTINGS, Config, FolderRules, get_setting, setting_names

    defaults = Config()
    width = max(map(len, setting_names()))
    for name in setting_names():
        value = get_setting(config, name)
        mark = " " if value == get_setting(defaults, name) else "*"
        if name == "ignore":
            own = f", and {_in_words(name, value)}" if value else ""
            said = f"{counted(len(DEFAULT_IGNORE), 'pattern')} built in{own}"
        else:
            said = _in_words(name, value)
        yield Text.assemble((f"{mark} ", "bold cyan"), (f"{name:<{width}}  ", "bold"), said)
    for folder, rules in config.folders.items():
        yield Text(f"\nOnly in {clean(short_path(folder))}", "bold")
        for name in FOLDER_SETTINGS:
            value = getattr(rules, name)
            if value != getattr(FolderRules(), name):
                yield Text.assemble(("* ", "bold cyan"), (f"{name:<{width}}  ", "bold"), _in_words(name, value))
    yield Text("")
    there = "" if path.exists() else "  (does not exist yet: all settings have their defaults)"
    yield Text(f"{short_path(str(path))}{there}", "dim")


def _in_words(name: str, value: Any) -> str:
    from desktop_rag.cli.terminal import clean, size

    if name.endswith("_bytes"):
        return size(value)
    match value:
        case None:
            return "same as everywhere"
        case bool():
            return "on" if value else "off"
        case tuple():
            return clean(" ".join(value))
        case str():
            return value
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}"


def _get(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.config import get_setting, load_config

    value = get_setting(load_config(library_of(arguments)), arguments.name, arguments.folder)
    if arguments.json:
        show_json(_named(arguments, value))
    elif isinstance(value, tuple):
        show(*value)
    else:
        show(_in_words(arguments.name, value) if value is None or isinstance(value, bool) else str(value))
    return Exit.OK


def _set(arguments: Arguments) -> int:
    return _change(arguments, arguments.values)


def _unset(arguments: Arguments) -> int:
    return _change(arguments, None)


def _change(arguments: Arguments, values: list[str] | None) -> int:
    from desktop_rag.cli.terminal import clean, counted, short_path, show, show_json
    from desktop_rag.config import change_setting, folder_key, get_setting
    from desktop_rag.errors import ConfigError

    name, folder = arguments.name, arguments.folder
    if folder is not None and values is not None and not folder.expanduser().is_dir():
        raise ConfigError(f"There is no folder {folder}.", "Name a folder that is indexed, or will be.")
    value = get_setting(change_setting(library_of(arguments), name, values, folder), name, folder)
    if arguments.json:
        show_json(_named(arguments, value))
        return Exit.OK
    place = f" in {clean(short_path(folder_key(folder)))}" if folder is not None else ""
    if isinstance(value, tuple):
        show(f"{name} now has {counted(len(value), 'pattern')} of yours{place}.")
    else:
        show(f"{name} is now {_in_words(name, value)}{place}.")
    return Exit.OK


def _named(arguments: Arguments, value: Any) -> dict[str, Any]:
    from desktop_rag.config import folder_key

    folder = {} if arguments.folder is None else {"folder": folder_key(arguments.folder)}
    return {"name": arguments.name, **folder, "value": value}
