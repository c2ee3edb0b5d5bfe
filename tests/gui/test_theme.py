"""Colours that can be read, icons that are drawn, text that follows the system's size."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import msgspec
import pytest
from PySide6.QtGui import QFont

from desktop_rag.gui.widgets.colours import DARK, LIGHT, READ_ON, Colours, contrast
from desktop_rag.gui.widgets.icons import pixmap
from desktop_rag.gui.widgets.theme import Theme, scaled
from desktop_rag.paths import resources_dir

ICONS = sorted(path.stem for path in (resources_dir() / "icons").glob("*.svg"))


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("pair", READ_ON, ids="-on-".join)
def test_what_is_read_can_be_read(colours: Colours, pair: tuple[str, str]) -> None:
    text, ground = (str(getattr(colours, name)) for name in pair)
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_what_can_be_used_are_seen(colours: Colours) -> None:
    assert contrast(colours.edge, colours.paper) >= 3
    assert contrast(colours.edge, colours.panel) >= 3
    assert contrast(colours.accent, colours.paper) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_sheet_names_only_colours_that_exist_and_no_sizes_of_text() -> None:
    sheet = (resources_dir() / "styles" / "window.qss").read_text(encoding="utf-8")
    names = set(re.findall(r"\$(\w+)", sheet))
    assert names <= {*msgspec.structs.asdict(LIGHT), "tick"}
    assert "font-size" not in sheet
    assert "#" not in re.sub(r"Q\w+#\w+|/\*.*?\*/|[\w>]+\s*#\w+", "", sheet)


@pytest.mark.parametrize("name", ICONS)
def test_icons_are_drawn_in_the_colour_of_the_theme(name: str, theme: Theme) -> None:
    source = (resources_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(source)
    assert "currentColor" in source
    colours = set()
    for choice in ("light", "dark"):
        theme.choose(choice)
        image = pixmap(name, 24, ratio=2.0).toImage()
        assert image.width() == 48
        drawn = {
            image.pixelColor(x, y).name() for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() == 255
        }
        assert drawn
        colours.add(frozenset(drawn))
    assert len(colours) == 2


def test_text_is_scaled_from_the_systems(theme: Theme) -> None:  # noqa: ARG001
    font = QFont()
    font.setPointSizeF(10)
    assert scaled(font, 1.5).pointSizeF() == pytest.approx(15)
    font.setPixelSize(20)
    assert scaled(font, 1.5).pixelSize() == 30
