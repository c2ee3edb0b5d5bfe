"""Which installed model is used for each role."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel

from desktop_rag.gui.models.backend import INSTALLABLE, ModelRole, ModelsSnapshot
from desktop_rag.gui.models.wording import ICONS, role_name, what_it_does, without_one
from desktop_rag.gui.widgets.basic import column, label
from desktop_rag.gui.widgets.controls import ChoiceBox
from desktop_rag.gui.widgets.formatting import safe
from desktop_rag.gui.widgets.icons import pixmap
from desktop_rag.gui.widgets.theme import GRID, theme

_WIDEST = 30
"""Characters of the boxes to choose from."""

Use = Callable[[ModelRole, str], None]
"""Gets a role and the name of a model, "" for none."""


class RoleChoices(QFrame):
    """A line for each role with a box to choose its model; ``use`` gets the choice."""

    def __init__(self, use: Use) -> None:
        super().__init__()
        self.setObjectName("card")
        self._use = use
        self._key: object = None
        self._icons: list[tuple[QLabel, str]] = []
        self.boxes: dict[ModelRole, QComboBox] = {}
        lines = QGridLayout(self)
        lines.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        lines.setHorizontalSpacing(GRID)
        lines.setVerticalSpacing(2 * GRID)
        lines.setColumnStretch(1, 3)
        lines.setColumnStretch(2, 2)
        for number, role in enumerate(INSTALLABLE):
            drawing = QLabel()
            self._icons.append((drawing, ICONS[role]))
            text = column(spacing=2)
            text.addWidget(label(role_name(role), bold=True))
            text.addWidget(label(what_it_does(role), "quiet", wrap=True))
            lines.addWidget(drawing, number, 0)
            lines.addLayout(text, number, 1)
            lines.addWidget(self._box(role), number, 2)
        self._paint()
        theme().changed.connect(self._paint)

    def show_models(self, shown: ModelsSnapshot) -> None:
        key = (shown.installed, shown.chosen)
        if key == self._key:
            return
        self._key = key
        for role, box in self.boxes.items():
            box.blockSignals(True)
            box.clear()
            for model in shown.installed:
                if model.role == role and not model.fault:
                    box.addItem(safe(model.title), model.name)
            box.setEnabled(box.count() > 0)
            box.addItem(without_one(role), "")
            box.setCurrentIndex(max(0, box.findData(shown.chosen.get(role, ""))))
            box.setToolTip(box.currentText())
            box.blockSignals(False)

    def _box(self, role: ModelRole) -> QComboBox:
        box = ChoiceBox()
        box.setAccessibleName(f"{role_name(role)}: {what_it_does(role)}")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(_WIDEST)
        box.activated.connect(lambda at: self._use(role, str(box.itemData(at))))
        self.boxes[role] = box
        return box

    def _paint(self) -> None:
        for drawing, name in self._icons:
            drawing.setPixmap(pixmap(name, 20, "quiet", self.devicePixelRatioF()))
