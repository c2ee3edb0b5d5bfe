"""Settings of a library: ``config.toml`` in its folder <-> ``Config``. What the file does not name has its default.

``ignore`` in the file is added to the patterns built in; a pattern that starts with ``!`` takes one of those back.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from desktop_rag.errors import ConfigError

_MIB = 1024 * 1024

Positive = Annotated[int, Meta(ge=1)]

DEFAULT_IGNORE = (
    # version control, environments, what programs build and can build again
    *(".git/", ".hg/", ".svn/", ".bzr/", "CVS/", "node_modules/", "bower_components/", "__pycache__/", "*.py[co]"),
    *(".venv/", "venv/", ".tox/", ".nox/", "site-packages/", ".eggs/", "*.egg-info/", ".gradle/", ".m2/", ".cargo/"),
    *(".rustup/", ".npm/", ".nuget/", ".next/", ".terraform/", ".vagrant/", "*.class", "*.o", "*.obj", "*.lock"),
    # caches, wastebaskets and what the system keeps for itself
    *(".cache/", ".*_cache/", "[Cc]ache/", "Caches/", ".local/", ".config/", ".thumbnails/", "AppData/"),
    *(".Trash*/", ".trash/", "$RECYCLE.BIN/", "System Volume Information/", ".Spotlight-V100/", ".fseventsd/"),
    *(".obsidian/", ".idea/", ".vscode/", ".DS_Store", "._*", ".directory", "Thumbs.db", "ehthumbs.db"),
    *("desktop.ini", "NTUSER.DAT*", ".dropbox", ".dropbox.cache/", ".sync/", ".stversions/", ".stfolder/"),
    # locks of open documents, editors' copies, downloads that are not complete
    *("~$*", ".~lock.*#", "*~", ".*.sw[op]", "#*#", "*.tmp", "*.temp", "*.bak", "*.part", "*.partial"),
    *("*.crdownload", "*.download/", "*.!ut"),
    # mail programs' indexes beside the mail itself
    *("*.msf", "dovecot.index*", "dovecot-uidlist*", ".nov"),
)
"""Patterns in the language of .gitignore, tried against the path below the chosen folder."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Caps for one file on disk and everything inside it. What lies beyond a cap is left out, and the file says so."""

    text_bytes: Positive = 64 * _MIB
    """Bytes read of a text-like file (plain text, CSV, mailbox, …)."""
    file_bytes: Positive = 1024 * _MIB
    """Size above which a file of a format that must be read whole (PDF, office, EPUB) is refused."""
    pages: Positive = 5_000
    rows: Positive = 200_000
    """Rows of one sheet or table."""
    characters: Positive = 20_000_000
    """Text kept of one file, its attachments included (each message of a mailbox counts as a file)."""
    archive_ratio: Positive = 200
    """Unpacked size over packed size of a ZIP container."""
    archive_bytes: Positive = 1024 * _MIB
    """Unpacked size of a ZIP container."""
    depth: Positive = 8
    """Nesting of attachments inside attachments."""
    attachments: Positive = 500
    """Attachments of one file, those inside attachments included (each message of a mailbox counts as a file)."""
    messages: Positive = 200_000
    """Messages of one mailbox file."""


def _processes() -> int:
    return max(1, min(4, (os.cpu_count() or 2) // 2))


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person can set."""

    limits: Limits = Limits()
    ignore: tuple[str, ...] = DEFAULT_IGNORE
    """Patterns of files and folders that are not indexed, in the language of .gitignore."""
    parser_timeout_s: Annotated[float, Meta(gt=0)] = 60.0
    """Seconds that one file may keep its parser silent before it is given up."""
    parser_memory_mib: Annotated[int, Meta(ge=256)] = 2048
    """Memory that the process parsing files may use, in MiB."""
    workers: Annotated[int, Meta(ge=1, le=64)] = field(default_factory=_processes)
    """Processes that parse files side by side."""
    passages_per_document: Positive = 3
    """Passages of one document among the results of a search, at most."""


def config_path(library: Path) -> Path:
    return library / "config.toml"


def load_config(library: Path) -> Config:
    """The settings of the library in this folder; all defaults where it has no file. Raises ``ConfigError``."""
    path = config_path(library)
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"The settings in {path} could not be read: {reason}.") from error
    return parse_config(text, path)


def parse_config(text: str, path: Path) -> Config:
    """The settings in the text of a TOML file; ``path`` is for messages. Raises ``ConfigError``."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The settings in {path} are not valid TOML: {error}.", "Mend or delete the file.") from error
    try:
        config = msgspec.convert(values, Config)
        if "ignore" not in values:
            return config
        _check_patterns(config.ignore)
        return msgspec.structs.replace(config, ignore=(*DEFAULT_IGNORE, *config.ignore))
    except ValueError as error:  # msgspec's own errors are of this family
        raise ConfigError(f"A setting in {path} cannot be used: {_said(error)}.", _HINT) from error


def setting_names() -> tuple[str, ...]:
    """All settings, those of a group with the group's name and a dot before them."""
    names: list[str] = []
    for item in msgspec.structs.fields(Config):
        inner = msgspec.structs.fields(item.type) if item.type is Limits else ()
        names += [f"{item.name}.{part.name}" for part in inner] or [item.name]
    return tuple(names)


def get_setting(config: Config, name: str) -> Any:
    """The value of one setting. Raises ``ConfigError`` for a name that is none."""
    _check_name(name)
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def change_setting(library: Path, name: str, values: Sequence[str] | None) -> Config:
    """Write one setting into the file of this library, keeping everything else in it, comments too; None takes the
    setting out. Returns the settings as they are then; raises ``ConfigError``, the file unchanged, if they are wrong.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    _check_name(name)
    path = config_path(library)
    load_config(library)  # a file that is wrong already is not touched
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        table: Any = document
        *group, key = name.split(".")
        for part in group:
            table = table.setdefault(part, tomlkit.table())
        if values is None:
            table.pop(key, None)
        else:
            table[key] = list(values) if name == "ignore" else _number(name, values)
        text = tomlkit.dumps(document)
        config = parse_config(text, path)
        library.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except (OSError, TOMLKitError) as error:
        raise ConfigError(f"The settings in {path} could not be changed: {error}.") from error
    return config


_HINT = "“desktop-rag config show” lists the settings and their values."
_UNITS = {"": 1, "k": 1024, "m": _MIB, "g": 1024 * _MIB}


def _check_name(name: str) -> None:
    if name not in setting_names():
        raise ConfigError(f"There is no setting “{name}”.", _HINT)


def _check_patterns(patterns: Sequence[str]) -> None:
    """Raises ``ValueError`` for a pattern that is none."""
    from pathspec import GitIgnoreSpec

    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError as error:
            raise ValueError(f"“{pattern}” in ignore is no pattern of .gitignore") from error


def _number(name: str, values: Sequence[str]) -> int | float:
    """A number as a person writes it: "20_000", "1.5", or a size such as "64 MiB"."""
    text = " ".join(values)
    found = re.fullmatch(r"(\d[\d_]*(?:\.\d+)?)\s*(?:([kmg])(?:i?b)?|b)?", text.strip(), re.IGNORECASE)
    if found is None or (found[2] and not name.endswith("_bytes")):
        raise ConfigError(f"“{text}” is no value for {name}.", "Give one number.")
    number = float(found[1]) * _UNITS[(found[2] or "").lower()]
    return int(number) if number.is_integer() else number


_WORDS = {"`int": "`a whole number", "`float": "`a number", "`str": "`text", "`array": "`a list", "`object": "`a table"}


def _said(error: Exception) -> str:
    """msgspec's message in plainer words, the setting's name first."""
    message, _, place = str(error).rpartition(" - at `$.")
    for word, plain in _WORDS.items():
        message = message.replace(word, plain)
    return f"{place}: {message[:1].lower()}{message[1:]}".replace("`", "") if message else str(error).replace("`", "")
