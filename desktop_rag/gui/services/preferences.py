"""The keys under which window preferences are kept (``QSettings`` beside the library)."""

from __future__ import annotations

THEME = "window/theme"
"""A ``ThemeChoice``."""
GEOMETRY = "window/geometry"
SPLIT = "window/split"
"""How the window is shared between a page and the evidence."""
CLOSE_TO_TRAY = "window/close_to_tray"
FIRST_RUN_DONE = "window/first_run_done"
ASK_SPLIT = "ask/split"
