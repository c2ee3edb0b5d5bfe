"""The settings in plain words, and the units in which they are shown."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from desktop_rag.gui.widgets.formatting import tr

MIB = 1024 * 1024
MOST = 2_000_000_000
"""The largest number that a field for whole numbers takes."""


class SettingSpec(Struct, frozen=True):
    """One setting of ``Config``. ``shown`` is how it is changed; a number is shown in units of ``unit`` (1: as it is),
    with ``suffix`` behind it. ``choices`` are the values and their words."""

    name: str
    title: str
    sentence: str
    shown: Literal["switch", "choice", "number", "decimal"] = "number"
    suffix: str = ""
    unit: int = 1
    least: float = 1
    most: float = MOST
    choices: tuple[tuple[str, str], ...] = ()


class SettingGroup(Struct, frozen=True):
    """Settings under one heading; ``more`` are shown when asked for."""

    title: str
    settings: tuple[SettingSpec, ...]
    more: bool = False


def folders() -> SettingGroup:
    return SettingGroup(
        tr("Everywhere"),
        (
            SettingSpec(
                "hidden", tr("Read hidden files"),
                tr("Files that the system hides or whose name starts with a dot. Most belong to programs."),
                "switch",
            ),
            SettingSpec(
                "follow_links", tr("Follow links"),
                tr("Also read files outside your folders that a link inside them points to."), "switch",
            ),
            SettingSpec(
                "largest_bytes", tr("Skip files larger than"),
                tr("Very large files are usually disk images and archives with little text."),
                suffix=tr(" MiB"), unit=MIB,
            ),
        ),
    )  # fmt: skip


def reading() -> tuple[SettingGroup, ...]:
    paces = (("full", tr("Full speed")), ("slow", tr("Slower")), ("pause", tr("Wait")))
    return (
        SettingGroup(
            tr("When this PC is busy"),
            (
                SettingSpec(
                    "on_battery", tr("On battery"), tr("How fast new files are read while this PC runs on battery."),
                    "choice", choices=paces,
                ),
                SettingSpec(
                    "on_gpu_busy", tr("During a game"),
                    tr("How fast new files are read while a game or another program needs the graphics card."),
                    "choice", choices=paces,
                ),
                SettingSpec(
                    "threads", tr("Processor threads"),
                    tr("How many processor threads models may use. Fewer threads leave more for other programs."),
                    most=256,
                ),
                SettingSpec(
                    "workers", tr("Files read at the same time"),
                    tr("More files at a time are faster but use more memory."), most=64,
                ),
            ),
        ),
        SettingGroup(
            tr("Pictures"),
            (
                SettingSpec(
                    "read_pictures", tr("Read the text in pictures"),
                    tr("For signs, screenshots and scanned pages. This takes time."), "choice",
                    choices=(
                        ("all", tr("In all pictures")), ("scans", tr("In scanned pages")), ("off", tr("Never")),
                    ),
                ),
                SettingSpec(
                    "thumbnails_mib", tr("Space for previews"),
                    tr("Disk space that picture previews may use."), suffix=tr(" MiB"),
                ),
            ),
        ),
        SettingGroup(
            tr("Keeping up to date"),
            (
                SettingSpec(
                    "quiet_s", tr("Wait after a change"),
                    tr("How long a file must stay unchanged before it is read again."), "decimal",
                    suffix=tr(" s"), least=0.05, most=60,
                ),
                SettingSpec(
                    "rescan_minutes", tr("Check all folders every"),
                    tr("In case a change was missed."), suffix=tr(" min"),
                ),
                SettingSpec(
                    "poll_s", tr("Check network folders every"),
                    tr("Network folders cannot report changes, so they are checked regularly."),
                    suffix=tr(" s"),
                ),
            ),
            more=True,
        ),
        SettingGroup(
            tr("How much of one file is read"),
            (
                SettingSpec(
                    "limits.file_bytes", tr("Largest document"),
                    tr("Larger documents, books and tables are not read."), suffix=tr(" MiB"), unit=MIB,
                ),
                SettingSpec(
                    "limits.text_bytes", tr("Text from one file"),
                    tr("How much of a text file, table or mailbox is read."), suffix=tr(" MiB"), unit=MIB,
                ),
                SettingSpec("limits.pages", tr("Pages per file"), tr("Further pages are skipped.")),
                SettingSpec("limits.rows", tr("Rows per table"), tr("Further rows are skipped.")),
                SettingSpec(
                    "limits.characters", tr("Characters per file"),
                    tr("Includes the text of files inside it. Anything beyond is skipped."),
                ),
                SettingSpec("limits.messages", tr("Messages per mailbox"), tr("Further messages are skipped.")),
                SettingSpec(
                    "limits.attachments", tr("Attachments per file"),
                    tr("Includes attachments inside attachments."),
                ),
                SettingSpec(
                    "limits.depth", tr("Files inside files"),
                    tr("How deep to look. An attachment of an attached email is two levels."),
                ),
                SettingSpec(
                    "limits.archive_bytes", tr("Largest archive"),
                    tr("The largest size an archive may have when unpacked."), suffix=tr(" MiB"), unit=MIB,
                ),
                SettingSpec(
                    "limits.archive_ratio", tr("Highest compression"),
                    tr("An archive that unpacks to more than this many times its size may be harmful and is skipped."),
                    suffix=tr(" times"),
                ),
                SettingSpec(
                    "parser_timeout_s", tr("Give up on a file after"),
                    tr("How long a file may take without progress."), "decimal", suffix=tr(" s"), least=1,
                ),
                SettingSpec(
                    "parser_memory_mib", tr("Memory for reading files"),
                    tr("Files that need more are skipped and listed in the Library."), suffix=tr(" MiB"),
                    least=256,
                ),
            ),
            more=True,
        ),
    )  # fmt: skip


def answers() -> SettingGroup:
    return SettingGroup(
        "",
        (
            SettingSpec(
                "passages_per_document", tr("Results from one file"),
                tr("The most results from the same file. A lower number leaves room for other files."),
                most=1_000,
            ),
            SettingSpec(
                "read_passages", tr("Read results closely"),
                tr(

                        "Reads the top results so that the best answer comes first and is marked. This takes a "
                        "fraction of a second."

                ),
                "switch",
            ),
            SettingSpec(
                "idle_minutes", tr("Keep models ready for"),
                tr(

                        "Models that are not used for this long are removed from memory. The next answer then "
                        "starts a little later."

                ),
                suffix=tr(" min"),
            ),
        ),
    )  # fmt: skip


def all_settings() -> tuple[SettingSpec, ...]:
    """Every setting that has a field of its own."""
    return tuple(setting for group in (folders(), *reading(), answers()) for setting in group.settings)


def format_value(setting: SettingSpec, value: Any) -> str:
    """A value as a person reads it: ``512 MiB``, ``Slower``, ``off``."""
    if setting.shown == "switch":
        return tr("on") if value else tr("off")
    if setting.shown == "choice":
        return dict(setting.choices).get(value, str(value))
    return f"{value / setting.unit:,.12g}{setting.suffix}"
