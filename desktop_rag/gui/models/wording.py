"""Wording of the Models page: roles, machines, licences and languages."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from PySide6.QtCore import QLocale

from desktop_rag.gui.models.backend import Listed, Machine, Means, ModelRole
from desktop_rag.gui.widgets.formatting import safe, tr

GIB = 1024**3
_OF_MEMORY = 0.75
"""What models may have of a PC's own memory; the system and other programs need the rest."""

ICONS: dict[ModelRole, str] = {
    "chat": "ask", "embedding": "search", "reranking": "filter", "image": "image", "speech": "voice", "ocr": "file",
}  # fmt: skip


def role_name(role: ModelRole) -> str:
    """``Answers``: what a role is for, in a word."""
    return {
        "chat": tr("Answers"),
        "embedding": tr("Search"),
        "reranking": tr("Ranking"),
        "image": tr("Pictures"),
        "speech": tr("Recordings"),
        "ocr": tr("Text in pictures"),
    }[role]


def what_it_does(role: ModelRole) -> str:
    return {
        "chat": tr("Writes answers in full sentences, based on your files (a language model)."),
        "embedding": tr("Finds passages by their meaning, even if the words differ."),
        "reranking": tr("Puts the best passages first."),
        "image": tr("Finds photos and drawings by what they show."),
        "speech": tr("Turns recordings, videos and spoken questions into text."),
        "ocr": tr("Reads text in pictures (included with the program)."),
    }[role]


def without_one(role: ModelRole) -> str:
    """What is used where no model is."""
    return {
        "chat": tr("None (answers quote your files)"),
        "embedding": tr("The small model included with the program"),
        "reranking": tr("The small model included with the program"),
        "image": tr("None (found by file name and text)"),
        "speech": tr("None (found by file name)"),
        "ocr": "",
    }[role]


def what_follows(role: ModelRole) -> str:
    """What the choice of another model brings with it; "" when nothing does."""
    match role:
        case "embedding":
            return tr("Your files are being prepared for this model. You can search in the meantime.")
        case "image":
            return tr("Waiting pictures are being processed now.")
        case "speech":
            return tr("Waiting recordings are being processed now.")
    return ""


def memory(count: float) -> str:
    """``12 GB`` or ``4.2 GB``: memory as it is sold, in units of 1024³ bytes."""
    units = count / GIB
    digits = 0 if units >= 10 or abs(units - round(units)) < 0.05 else 1
    return tr("{number} GB").format(number=QLocale().toString(units, "f", digits))


def describe_machine(machine: Machine) -> str:
    """``This PC has the graphics card RTX 4070 (12 GB) and 32 GB of memory.``"""
    room = memory(machine.memory_bytes)
    card = max(machine.cards, key=lambda card: card.total_bytes, default=None)
    if card is None:
        return tr("This PC has {memory} of memory and no NVIDIA graphics card. Models run on the processor.").format(
            memory=room
        )
    return tr(
        "This PC has the graphics card {card} ({card_memory}) and {memory} of memory. Models run on the graphics card."
    ).format(card=safe(card.name), card_memory=memory(card.total_bytes), memory=room)


def languages(known: Sequence[str]) -> str:
    """``many languages``, ``English``, ``English, Deutsch``; "" when it is not known."""
    if not known:
        return ""
    if "many" in known:
        return tr("many languages")
    if len(known) == 1 and known[0] == "en":
        return tr("English")
    return ", ".join(QLocale.languageToString(QLocale(code).language()) for code in known)


def describe_terms(model: Listed) -> str:
    """What it takes, and on which terms it is given."""
    said = [
        tr("about {memory} of memory").format(memory=memory(model.memory_gb * GIB)),
        languages(model.languages),
        tr("licence: {licence}").format(licence=model.licence),
        model.note,
    ]
    return "; ".join(filter(None, said))


def fits(model: Listed, means: Means) -> bool:
    """Whether this PC has the memory for it, on its card or its own."""
    return model.memory_gb * GIB <= max(means.card_bytes, means.memory_bytes * _OF_MEMORY)


def describe_fit(model: Listed, means: Means) -> str:
    """Where it would run here, or that it cannot."""
    if not fits(model, means):
        return tr("too large for this PC")
    if model.memory_gb * GIB <= means.card_bytes:
        return ""
    return tr("slower, because it does not fit on the graphics card") if means.card_bytes else ""


def host(endpoint: str) -> str:
    """``huggingface.co``"""
    return urlsplit(endpoint).netloc or endpoint
