"""Settings of a library: ``config.toml`` in its folder <-> ``Config``. What the file does not name has its default.

``ignore`` in the file comes on top of the patterns built in; a pattern that starts with ``!`` takes one of those back.
Rules for one chosen folder stand in a table of their own, ``[folders."/home/ann/notes"]``.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from desktop_rag.errors import ConfigError
from desktop_rag.messages import say

_MIB = 1024 * 1024

Positive = Annotated[int, Meta(ge=1)]
Pace = Literal["full", "slow", "pause"]
"""How fast indexing goes on."""

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
    *("~$*", ".~lock.*#", "*~", ".*.sw[op]", r"\#*#", "*.tmp", "*.temp", "*.bak", "*.part", "*.partial"),
    *("*.crdownload", "*.download/", "*.!ut"),
    # mail programs' indexes beside the mail itself
    *("*.msf", "dovecot.index*", "dovecot-uidlist*", ".nov"),
)
"""Built-in patterns in the language of .gitignore, tried against the path below the chosen folder."""


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


def _threads() -> int:
    return min(256, os.cpu_count() or 1)


class FolderRules(Struct, frozen=True, forbid_unknown_fields=True):
    """What is different for one chosen folder. None: as everywhere."""

    ignore: tuple[str, ...] = ()
    """Patterns that hold only in this folder, after all others."""
    hidden: bool | None = None
    follow_links: bool | None = None


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person can set."""

    limits: Limits = Limits()
    ignore: tuple[str, ...] = ()
    """The person's own patterns of files and folders that are not indexed, in the language of .gitignore. They come
    after ``DEFAULT_IGNORE``, so that one with a ``!`` takes back what a built-in one leaves out."""
    hidden: bool = False
    """Whether hidden files are indexed too."""
    follow_links: bool = False
    """Whether links to folders are followed, and links to files outside the chosen folder."""
    largest_bytes: Positive = 4096 * _MIB
    """Size above which a file is left out."""
    folders: dict[str, FolderRules] = {}
    """What is different for one chosen folder: its absolute path -> its rules."""
    parser_timeout_s: Annotated[float, Meta(gt=0)] = 60.0
    """Seconds that one file may keep its parser silent before it is given up."""
    parser_memory_mib: Annotated[int, Meta(ge=256)] = 2048
    """Memory that the process parsing files may use, in MiB."""
    workers: Annotated[int, Meta(ge=1, le=64)] = field(default_factory=_processes)
    """Processes that parse files side by side."""
    passages_per_document: Positive = 3
    """Passages of one document among the results of a search, at most."""
    read_passages: bool = True
    """Whether the first passages found are read by the bundled reader, which puts what answers first and marks it."""
    quiet_s: Annotated[float, Meta(ge=0.05, le=60)] = 0.5
    """Seconds that a changed file must have been left alone before it is read."""
    rescan_minutes: Positive = 15
    """How often all folders are looked through, in case a change was not noticed."""
    poll_s: Positive = 30
    """How often, in seconds, folders that cannot be watched are looked through."""
    threads: Annotated[int, Meta(ge=1, le=256)] = field(default_factory=_threads)
    """Processor threads that the models may use."""
    read_pictures: Literal["all", "scans", "off"] = "all"
    """Whether text is read in all pictures, only in scanned pages, or not at all."""
    thumbnails_mib: Positive = 512
    """What the small forms of pictures may take on disk, in MiB."""
    idle_minutes: Positive = 5
    """How long a model that nobody uses stays in memory."""
    on_battery: Pace = "slow"
    """How fast indexing goes on while the computer runs on battery."""
    on_gpu_busy: Pace = "slow"
    """How fast indexing goes on while another program keeps the graphics card busy."""


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
        reason = error.strerror if isinstance(error, OSError) else say("config.file-not-utf-8-text")
        raise ConfigError(say("config.settings-could-not-read", path=path, reason=reason)) from error
    return parse_config(text, path)


def parse_config(text: str, path: Path) -> Config:
    """The settings in the text of a TOML file; ``path`` is for messages. Raises ``ConfigError``."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            say("config.settings-not-valid-toml", path=path, reason=error), say("config.correct-file-delete")
        ) from error
    try:
        config = msgspec.convert(values, Config)
        _check_patterns(config.ignore)
        for folder, rules in config.folders.items():
            if not Path(folder).is_absolute():
                raise ValueError(say("config.folders-not-absolute-path", folder=folder))
            _check_patterns(rules.ignore)
    except ValueError as error:  # msgspec's own errors are of this family
        raise ConfigError(say("config.setting-cannot-used", path=path, reason=_said(error)), _HINT) from error
    return config


def setting_names() -> tuple[str, ...]:
    """All settings but the rules of single folders; those of a group with the group's name and a dot before them."""
    return tuple(_types())


FOLDER_SETTINGS = FolderRules.__struct_fields__
"""Settings that can be different for one chosen folder."""


def get_setting(config: Config, name: str, folder: Path | None = None) -> Any:
    """The value of one setting, or what it is for one folder (None: as everywhere). Raises ``ConfigError`` for a name
    that is none."""
    _check_name(name, folder)
    if folder is not None:
        return getattr(config.folders.get(folder_key(folder), FolderRules()), name)
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def change_setting(library: Path, name: str, values: Sequence[str] | None, folder: Path | None = None) -> Config:
    """Write one setting into the file of this library, keeping everything else in it, comments too; None takes the
    setting out. With ``folder`` it holds only for this chosen folder. Returns the settings as they are then; raises
    ``ConfigError``, the file unchanged, if they are wrong.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    _check_name(name, folder)
    path = config_path(library)
    load_config(library)  # a file that is wrong already is not touched
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        *group, key = ("folders", folder_key(folder), name) if folder is not None else name.split(".")
        if values is None:
            _take_out(document, group, key)
        else:
            table: Any = document
            for part in group:
                table = table.setdefault(part, tomlkit.table(is_super_table=part == "folders"))
            table[key] = _value(name, values)
        text = tomlkit.dumps(document)
        config = parse_config(text, path)
        library.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except (OSError, TOMLKitError) as error:
        raise ConfigError(say("config.settings-could-not-saved", path=path, reason=error)) from error
    return config


def folder_key(folder: Path) -> str:
    """The name under which the rules of a chosen folder are kept: the path it is known by once it is indexed."""
    return str(folder.expanduser().resolve())


_HINT = say("config.desktop-rag-config-show-lists-settings")
_UNITS = {"": 1, "k": 1024, "m": _MIB, "g": 1024 * _MIB}
_SWITCH = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}


def _types() -> dict[str, msgspec.inspect.Type]:
    """Setting -> what its values are. The rules of single folders are not among them."""
    found: dict[str, msgspec.inspect.Type] = {}
    config = msgspec.inspect.type_info(Config)
    assert isinstance(config, msgspec.inspect.StructType)
    for item in config.fields:
        if isinstance(item.type, msgspec.inspect.StructType):
            found.update((f"{item.name}.{part.name}", part.type) for part in item.type.fields)
        elif not isinstance(item.type, msgspec.inspect.DictType):
            found[item.name] = item.type
    return found


def _check_name(name: str, folder: Path | None) -> None:
    if name not in setting_names():
        raise ConfigError(say("config.there-no-setting", name=name), _HINT)
    if folder is not None and name not in FOLDER_SETTINGS:
        raise ConfigError(
            say("config.applies-all-folders", name=name),
            say("config.single-folder-can-set", settings=_listed(FOLDER_SETTINGS, "and")),
        )


def _take_out(document: Any, group: Sequence[str], key: str) -> None:
    """Take a value out, and the tables around it that have become empty."""
    tables = [document]
    for part in group:
        if part not in tables[-1]:
            return
        tables.append(tables[-1][part])
    tables[-1].pop(key, None)
    for table, part in zip(reversed(tables[:-1]), reversed(group), strict=True):
        if not table[part]:
            table.pop(part)


def _check_patterns(patterns: Sequence[str]) -> None:
    """Raises ``ValueError`` for a pattern that is none."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    for pattern in patterns:
        try:
            works = GitIgnoreSpecPattern(pattern.rstrip().rstrip("/")).include is not None
        except (ValueError, re.error):
            works = False
        if not works and pattern.startswith("#"):
            raise ValueError(say("config.ignore-would-read-comment-match-names", pattern=pattern))
        if not works:
            raise ValueError(say("config.ignore-not-valid-gitignore-pattern", pattern=pattern))


def _value(name: str, values: Sequence[str]) -> list[str] | bool | str | int | float:
    """What a person wrote, as the type of the setting. Raises ``ConfigError``."""
    kind = _types()[name]
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return list(values)
    text = " ".join(values).strip()
    if isinstance(kind, msgspec.inspect.BoolType):
        if text.lower() not in _SWITCH:
            raise _no_value(text, name, say("config.use-off"))
        return _SWITCH[text.lower()]
    if isinstance(kind, msgspec.inspect.LiteralType):
        if text.lower() not in kind.values:
            raise _no_value(text, name, say("config.use", values=_listed([str(value) for value in kind.values], "or")))
        return text.lower()
    return _number(name, text)


def _no_value(text: str, name: str, hint: str) -> ConfigError:
    return ConfigError(say("config.not-valid-value", text=text, name=name), hint)


def _number(name: str, text: str) -> int | float:
    """A number as a person writes it: "20_000", "1.5", or a size such as "64 MiB"."""
    found = re.fullmatch(r"(\d[\d_]*(?:\.\d+)?)\s*(?:([kmg])(?:i?b)?|b)?", text, re.IGNORECASE)
    if found is None or (found[2] and not name.endswith("_bytes")):
        raise _no_value(text, name, say("config.give-single-number"))
    number = float(found[1]) * _UNITS[(found[2] or "").lower()]
    return int(number) if number.is_integer() else number


def _listed(words: Sequence[str], last: str) -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


_WORDS = {
    "`int": "`a whole number",
    "`float": "`a number",
    "`str": "`text",
    "`bool": "`true or false",
    "`array": "`a list",
    "`object": "`a table",
    "Invalid enum value": "There is no choice",
    " | null": "",
    "[...]": "",
}


def _said(error: Exception) -> str:
    """msgspec's message in plainer words, the setting's name first."""
    message, _, place = str(error).rpartition(" - at `$.")
    for word, plain in _WORDS.items():
        message, place = message.replace(word, plain), place.replace(word, plain)
    return f"{place}: {message[:1].lower()}{message[1:]}".replace("`", "") if message else str(error).replace("`", "")
