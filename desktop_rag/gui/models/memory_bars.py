"""Which models are loaded, and how much memory they use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from desktop_rag.gui.models.backend import Loaded, Machine, ModelRole
from desktop_rag.gui.models.wording import memory, role_name
from desktop_rag.gui.widgets.basic import ShareBar, clear, column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID, theme

_COLOURS: dict[ModelRole, str] = {
    "chat": "accent", "embedding": "quiet", "reranking": "edge", "image": "good", "speech": "warn", "ocr": "text",
}  # fmt: skip


class MemoryBars(QFrame):
    """A bar for the graphics card and one for main memory, with a part for each model; hidden when nothing is
    loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._shown: object = None
        self._card = _Titled(tr("Graphics card memory"))
        self._main = _Titled(tr("Main memory"))
        self._legend = column(spacing=GRID // 2)
        inner = column(self, margin=2 * GRID, spacing=GRID)
        inner.addWidget(label(tr("Loaded now"), factor=1.15, bold=True))
        inner.addWidget(self._card)
        inner.addWidget(self._main)
        inner.addLayout(self._legend)
        inner.addWidget(label(tr("Models are loaded when needed and unloaded when not."), "quiet"))
        self.hide()

    def show_loaded(self, loaded: Sequence[Loaded], machine: Machine) -> None:
        card_bytes = max((card.total_bytes for card in machine.cards), default=0)
        now = (tuple(loaded), card_bytes, machine.memory_bytes)
        if now == self._shown:
            return
        self._shown = now
        on_card, on_main = split(loaded, card_bytes)
        self._card.show_parts(on_card, card_bytes)
        self._main.show_parts(on_main, machine.memory_bytes)
        clear(self._legend)
        for model in loaded:
            self._legend.addWidget(_entry(model))
        self.setVisible(bool(loaded))


def split(loaded: Sequence[Loaded], card_bytes: int) -> tuple[list[tuple[ModelRole, int]], list[tuple[ModelRole, int]]]:
    """What each model takes of the card, and of the main memory. One that is on both has filled the card: what the
    others leave of it, and the rest in the main memory."""
    on_card = [(model.role, model.bytes) for model in loaded if model.where == "card"]
    on_main = [(model.role, model.bytes) for model in loaded if model.where == "processor"]
    left = card_bytes - sum(count for _, count in on_card)
    for model in loaded:
        if model.where == "both":
            there = max(0, min(model.bytes, left))
            left -= there
            on_card.append((model.role, there))
            on_main.append((model.role, model.bytes - there))
    return on_card, [(role, count) for role, count in on_main if count]


class _Titled(QWidget):
    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._bar = ShareBar(title)
        self._said = label("", "quiet")
        inner = column(self, spacing=GRID // 2)
        inner.addLayout(row(label(title), None, self._said))
        inner.addWidget(self._bar)

    def show_parts(self, parts: Sequence[tuple[ModelRole, int]], total: int) -> None:
        self.setVisible(bool(parts) and total > 0)
        if total <= 0:
            return
        self._bar.set_parts(*((count / total, _COLOURS[role]) for role, count in parts))
        taken = sum(count for _, count in parts)
        said = tr("{taken} of {total} used by models").format(taken=memory(taken), total=memory(total))
        self._said.setText(said)
        self._bar.setAccessibleDescription(said)


def _entry(model: Loaded) -> QWidget:
    where = {
        "card": tr("on the graphics card"),
        "processor": tr("in main memory, on the processor"),
        "both": tr("shared between the graphics card and main memory"),
    }[model.where]
    said = tr("{role}: {model}, about {memory}, {where}").format(
        role=role_name(model.role), model=safe(model.name), memory=memory(model.bytes), where=where
    )
    made = QWidget()
    text = label(said, wrap=True)
    text.setToolTip(model.said)
    line = row(_Swatch(_COLOURS[model.role]), text)
    line.setStretch(1, 1)
    made.setLayout(line)
    return made


class _Swatch(QWidget):
    """The colour of a part of the bar, beside its name."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self._colour = colour
        self.setFixedSize(QSize(12, 12))
        theme().changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour(self._colour))
