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
    from desktop_rag.models.store.catalogue import Means
    from desktop_rag.models.store.model_store import Installed, ModelStore, OnTransfer, Transfer
    from desktop_rag.models.store.offer import Offer

SET = "recommended"
"""Stands for all models of the set for this PC."""
_LINE_EVERY_S = 10.0


def means_of(card_gb: float | None = None, memory_gb: float | None = None) -> tuple[Means, str]:
    """What this PC has, in numbers and in words; what is given counts instead of what is found."""
    from desktop_rag.cli.terminal import clean_name, size
    from desktop_rag.models.hardware import read_machine
    from desktop_rag.models.store.catalogue import Means

    gib = 1024**3
    machine = read_machine()
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
    from desktop_rag.errors import ConfigError
    from desktop_rag.models.store.download import fetch
    from desktop_rag.models.store.model_store import ModelStore

    model_store = ModelStore()
    if not arguments.yes and (arguments.json or not sys.stdin.isatty()):
        raise ConfigError("Nobody can be asked whether this may be fetched.", "Add --yes.")
    done: list[Installed] = []
    offers = list(_offers(arguments, model_store, done))
    if offers and not _agreed(offers, model_store, yes=arguments.yes):
        say("Nothing was fetched.")
        return Exit.NOTHING
    try:
        for offer in offers:
            with progress_shown(f"Fetching {offer.name}") as on_transfer:
                model = fetch(offer, model_store, on_transfer=on_transfer)
            done.append(model)
            if not arguments.json:
                _welcome(model, model_store)
    except KeyboardInterrupt:
        say("Stopped. What has come is kept; the same command goes on from there.")
        return Exit.INTERRUPTED
    if arguments.json:
        show_json(done)
    return Exit.OK


def _offers(arguments: Arguments, model_store: ModelStore, done: list[Installed]) -> Iterator[Offer]:
    """What is to be fetched for the names given; ``done`` gets what is installed already."""
    from desktop_rag.cli.terminal import say
    from desktop_rag.models.store.catalogue import load_catalogue
    from desktop_rag.models.store.checks import check_role
    from desktop_rag.models.store.download import look_up, look_up_other

    catalogue = load_catalogue()
    here = {model.name: model for model in model_store.installed() if not model.fault}
    names: dict[str, None] = {}
    for name in arguments.names:
        names |= dict.fromkeys(
            [each.name for each in catalogue.recommend(means_of()[0]).models] if name == SET else [name]
        )
    for name in names:
        if name in here:
            say(f"{name} is installed already.")
            done.append(here[name])
        elif "/" in name:
            owner, _, rest = name.partition("/")
            repository, _, file = rest.partition("/")
            offer = look_up_other(f"{owner}/{repository}", file, arguments.role)
            if offer.name in here:
                say(f"{offer.name} is installed already.")
                done.append(here[offer.name])
            else:
                yield offer
        else:
            wanted = catalogue.find(name)
            check_role(wanted.role, arguments.role, wanted.name)
            yield look_up(wanted)


def _agreed(offers: Sequence[Offer], model_store: ModelStore, *, yes: bool) -> bool:
    """Say what would be fetched, from where, and how much; and ask."""
    from desktop_rag.cli.terminal import clean_name, say, size

    for offer in offers:
        here = offer.bytes_here(model_store.download_folder(offer.name))
        rest = f", of which {size(here)} have come already" if here else ""
        licence = clean_name(offer.origin.licence) or "not stated: see its page"
        say(f"{offer.name}: {clean_name(offer.title)}, {size(offer.bytes)}{rest}")
        say(f"  from {offer.endpoint}/{offer.origin.repository} (as of {offer.origin.revision[:12]})")
        say(f"  licence: {licence}")
    total = sum(offer.bytes - offer.bytes_here(model_store.download_folder(offer.name)) for offer in offers)
    say(f"That is {size(total)} to fetch, into {model_store.folder}")
    if yes:
        return True
    print("Fetch it? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        return input().strip().casefold() in ("y", "yes", "j", "ja")
    except EOFError:
        return False


def import_one(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show_json
    from desktop_rag.models.store.model_store import ModelStore

    model_store = ModelStore()
    with progress_shown("Copying") as on_transfer:
        model = model_store.import_model(Path(arguments.path), arguments.role, arguments.name, on_transfer=on_transfer)
    if arguments.json:
        show_json(model)
    else:
        _welcome(model, model_store)
    return Exit.OK


def _welcome(model: Installed, model_store: ModelStore) -> None:
    from desktop_rag.cli.terminal import clean_name, program, show, size

    show(
        f"{model.name} is installed: {clean_name(model.title)}, for {model.role}, {size(model.bytes)}. It was checked."
    )
    chosen = model_store.chosen(model.role)
    if chosen is None or chosen.name != model.name:
        instead = f"{chosen.name} stays in use" if chosen is not None else "You wanted none to be used"
        show(f"{instead}; to change that: {program()} models use {model.name}")
    else:
        say_what_follows(model.role)


def say_what_follows(role: str) -> None:
    from desktop_rag.cli.terminal import program, say

    if role == "embedding":
        say(f"Your files are embedded anew with the next indexing: {program()} index")
    elif role in ("image", "speech"):
        say(f"Files that waited for it are read with the next indexing: {program()} index")


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
