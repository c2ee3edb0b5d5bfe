"""Getting models: what ``models download`` and ``models import`` do."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments

if TYPE_CHECKING:
    from desktop_rag.engine.local_api import LocalApi
    from desktop_rag.engine.models import FoundModel, Installed, Machine, Means, OnTransfer, Transfer

SET = "recommended"
"""Stands for all models of the set for this PC."""
_LINE_EVERY_S = 10.0


def means_of(machine: Machine, card_gb: float | None, memory_gb: float | None) -> tuple[Means, str]:
    """What this PC has, in numbers and in words; what is given counts instead of what is found."""
    from desktop_rag.cli.terminal import clean_name, size
    from desktop_rag.engine.models import Means

    gib = 1024**3
    card = max(machine.cards, key=lambda card: card.total_bytes, default=None)
    memory = machine.memory_bytes if memory_gb is None else int(memory_gb * gib)
    if card_gb is None:
        found = card.total_bytes if card is not None else 0
        name = f"{clean_name(card.name)} with {size(found)}" if card is not None else "no graphics card from NVIDIA"
    else:
        found, name = int(card_gb * gib), f"a graphics card with {card_gb:g} GB" if card_gb else "no graphics card"
    return Means(found, memory), f"{name}, {size(memory)} of memory"


def download(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import say, show_json
    from desktop_rag.engine.local_api import ThisProcess
    from desktop_rag.errors import ConfigError

    api = ThisProcess()
    if not arguments.yes and (arguments.json or not sys.stdin.isatty()):
        raise ConfigError("This cannot ask whether to download.", "Add --yes.")
    done: list[Installed] = []
    found = list(_offers(arguments, api, done))
    if found and not _agreed(found, api.models().folder, yes=arguments.yes):
        say("Nothing was downloaded.")
        return Exit.NOTHING
    try:
        for each in found:
            with progress_shown(f"Downloading {each.offer.name}") as on_transfer:
                model = api.listening(on_transfer=on_transfer).download_model(each.offer)
            done.append(model)
            if not arguments.json:
                _welcome(model, api)
    except KeyboardInterrupt:
        say("Stopped. What was downloaded is kept; run the same command to continue.")
        return Exit.INTERRUPTED
    if arguments.json:
        show_json(done)
    return Exit.OK


def _offers(arguments: Arguments, api: LocalApi, done: list[Installed]) -> Iterator[FoundModel]:
    """What is to be fetched for the names given; ``done`` gets what is installed already."""
    from desktop_rag.cli.terminal import say

    here = api.models().sound
    names: dict[str, None] = {}
    for name in arguments.names:
        names |= dict.fromkeys([each.name for each in api.recommend_models().models] if name == SET else [name])
    for name in names:
        found = None if name in here else api.look_up_model(name, arguments.role)
        known_as = name if found is None else found.offer.name
        if known_as in here:
            say(f"{known_as} is already installed.")
            done.append(here[known_as])
        elif found is not None:
            yield found


def _agreed(found: Sequence[FoundModel], folder: str, *, yes: bool) -> bool:
    """Say what would be fetched, from where, and how much; and ask."""
    from desktop_rag.cli.terminal import clean_name, say, size

    for each in found:
        offer, here = each.offer, each.bytes_here
        rest = f", of which {size(here)} are already here" if here else ""
        licence = clean_name(offer.origin.licence) or "not stated; see its page"
        say(f"{offer.name}: {clean_name(offer.title)}, {size(offer.bytes)}{rest}")
        say(f"  from {offer.endpoint}/{offer.origin.repository} (as of {offer.origin.revision[:12]})")
        say(f"  licence: {licence}")
    total = sum(each.offer.bytes - each.bytes_here for each in found)
    say(f"To download: {size(total)}, into {folder}")
    if yes:
        return True
    print("Download? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        return input().strip().casefold() in ("y", "yes", "j", "ja")
    except EOFError:
        return False


def import_one(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show_json
    from desktop_rag.engine.local_api import ThisProcess

    api = ThisProcess()
    with progress_shown("Copying") as on_transfer:
        hearing = api.listening(on_transfer=on_transfer)
        model = hearing.import_model(Path(arguments.path), arguments.role, arguments.name)
    if arguments.json:
        show_json(model)
    else:
        _welcome(model, api)
    return Exit.OK


def _welcome(model: Installed, api: LocalApi) -> None:
    from desktop_rag.cli.terminal import clean_name, program, show, size

    show(f"{model.name} is installed and checked: {clean_name(model.title)}, for {model.role}, {size(model.bytes)}.")
    chosen = api.models().used_for(model.role)
    if chosen is None or chosen.name != model.name:
        instead = (
            f"{chosen.name} stays in use" if chosen is not None else f"No model is used for {model.role}, as you chose"
        )
        show(f"{instead}. To use this one: {program()} models use {model.name}")
    else:
        say_what_follows(model.role)


def say_what_follows(role: str) -> None:
    from desktop_rag.cli.terminal import program, say

    if role == "embedding":
        say(f"The next indexing run adds your files to its search: {program()} index")
    elif role in ("image", "speech"):
        say(f"The next indexing run reads the files that waited for it: {program()} index")


@contextmanager
def progress_shown(what: str) -> Iterator[OnTransfer]:
    """A bar on a terminal, with rate and time left; elsewhere a line now and then."""
    from desktop_rag.cli.terminal import console

    if not sys.stderr.isatty():
        yield _Lines(what)
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24, complete_style="cyan"),
        DownloadColumn(binary_units=True),
    )
    with Progress(
        *columns, TransferSpeedColumn(), TimeRemainingColumn(compact=True), console=console(sys.stderr), transient=True
    ) as bar:
        task = bar.add_task(what, total=None)

        def show(transfer: Transfer) -> None:
            bar.update(task, total=transfer.bytes_total, completed=transfer.bytes_done)

        yield show


class _Lines:
    def __init__(self, what: str) -> None:
        self._what, self._next = what, time.monotonic() + _LINE_EVERY_S

    def __call__(self, transfer: Transfer) -> None:
        from desktop_rag.cli.terminal import say, size

        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_EVERY_S
            say(f"{self._what}: {size(transfer.bytes_done)} of {size(transfer.bytes_total)}")
