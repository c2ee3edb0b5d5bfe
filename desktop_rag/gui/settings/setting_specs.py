"""What can be set, in plain words, and in which units it is shown."""

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
                tr("Files whose name begins with a dot, or that the system hides. They mostly belong to programs."),
                "switch",
            ),
            SettingSpec(
                "follow_links", tr("Follow links"),
                tr("Also read what a link inside your folders leads to, when that lies somewhere else."), "switch",
            ),
            SettingSpec(
                "largest_bytes", tr("Leave out files larger than"),
                tr("Very large files are mostly disk images and archives, with little in them to be read."),
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
                    "on_battery", tr("On battery"), tr("How fast new files are read while no power is plugged in."),
                    "choice", choices=paces,
                ),
                SettingSpec(
                    "on_gpu_busy", tr("During a game"),
                    tr("How fast new files are read while a game or another program needs the graphics card."),
                    "choice", choices=paces,
                ),
                SettingSpec(
                    "threads", tr("Processor threads"),
                    tr("How much of the processor the models may use at once. Fewer leave more to other programs."),
                    most=256,
                ),
                SettingSpec(
                    "workers", tr("Files read at the same time"),
                    tr("More are quicker, and take more memory."), most=64,
                ),
            ),
        ),
        SettingGroup(
            tr("Pictures"),
            (
                SettingSpec(
                    "read_pictures", tr("Read the text in pictures"),
                    tr("Signs, screenshots, and pages that were scanned. Reading it takes time."), "choice",
                    choices=(
                        ("all", tr("In all pictures")), ("scans", tr("In scanned pages")), ("off", tr("Nowhere")),
                    ),
                ),
                SettingSpec(
                    "thumbnails_mib", tr("Space for small pictures"),
                    tr("What the small forms of your pictures may take on the disk."), suffix=tr(" MiB"),
                ),
            ),
        ),
        SettingGroup(
            tr("Keeping up to date"),
            (
                SettingSpec(
                    "quiet_s", tr("Wait after a change"),
                    tr("How long a file must have been left alone before it is read again."), "decimal",
                    suffix=tr(" s"), least=0.05, most=60,
                ),
                SettingSpec(
                    "rescan_minutes", tr("Look through all folders every"),
                    tr("In case a change was missed."), suffix=tr(" min"),
                ),
                SettingSpec(
                    "poll_s", tr("Look at network folders every"),
                    tr("Some folders cannot tell when something in them changes; they are looked at again and again."),
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
                    tr("Documents, books and tables above this size are not read."), suffix=tr(" MiB"), unit=MIB,
                ),
                SettingSpec(
                    "limits.text_bytes", tr("Text of one file"),
                    tr("Of a text file, a table or a mailbox, this much is read."), suffix=tr(" MiB"), unit=MIB,
                ),
                SettingSpec("limits.pages", tr("Pages of one file"), tr("Later pages are left out.")),
                SettingSpec("limits.rows", tr("Rows of one table"), tr("Later rows are left out.")),
                SettingSpec(
                    "limits.characters", tr("Letters of one file"),
                    tr("The text of everything inside it counts too. What comes later is left out."),
                ),
                SettingSpec("limits.messages", tr("Messages of one mailbox"), tr("Later messages are left out.")),
                SettingSpec(
                    "limits.attachments", tr("Attachments of one file"),
                    tr("Attachments inside attachments count too."),
                ),
                SettingSpec(
                    "limits.depth", tr("Files inside files"),
                    tr("How many times over: an attachment of a mail that is attached to a mail is two."),
                ),
                SettingSpec(
                    "limits.archive_bytes", tr("Largest packed file"),
                    tr("What a file that is packed may come to when it is unpacked."), suffix=tr(" MiB"), unit=MIB,
                ),
                SettingSpec(
                    "limits.archive_ratio", tr("How tightly a file may be packed"),
                    tr("A file that unpacks to more times its own size was made to do harm, and is refused."),
                    suffix=tr(" times"),
                ),
                SettingSpec(
                    "parser_timeout_s", tr("Give up on a file after"),
                    tr("How long one file may take without getting further."), "decimal", suffix=tr(" s"), least=1,
                ),
                SettingSpec(
                    "parser_memory_mib", tr("Memory for reading files"),
                    tr("A file that needs more is given up, and says so in the Library."), suffix=tr(" MiB"),
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
                "passages_per_document", tr("Places from one file"),
                tr("How many places of the same file are shown among results at most. Fewer leave room for others."),
                most=1_000,
            ),
            SettingSpec(
                "read_passages", tr("Read what was found"),
                tr(
                    "The first places found are read before they are shown: what answers the question comes first, and "
                    "the answer is marked. It takes a fraction of a second."
                ),
                "switch",
            ),
            SettingSpec(
                "idle_minutes", tr("Keep models ready for"),
                tr(
                    "A model that has not been used for so long is taken out of memory. The next answer then begins a "
                    "little later."
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
