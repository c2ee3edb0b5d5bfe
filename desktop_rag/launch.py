"""Opens a file with the system's program for it (a PDF at its page where the program can, a program never), or shows it
in its folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from desktop_rag.errors import Unreadable
from desktop_rag.messages import say
from desktop_rag.worker_thread import run_in_thread

_RUNS = (
    *(".app", ".appimage", ".appref-ms", ".bat", ".chm", ".cmd", ".com", ".command", ".cpl", ".desktop", ".exe"),
    *(".gadget", ".hta", ".inf", ".ins", ".jar", ".js", ".jse", ".lnk", ".msc", ".msi", ".msp", ".pif", ".pl", ".ps1"),
    *(".psm1", ".py", ".pyw", ".pyz", ".rb", ".reg", ".run", ".scf", ".scr", ".sct", ".sh", ".url", ".vb", ".vbe"),
    *(".vbs", ".workflow", ".ws", ".wsf", ".wsh"),
)
"""Suffixes for which "open" may mean "run". Their folder is opened instead."""

_PAGE_OPTIONS = {
    "atril": ("--page-index={}",),
    "evince": ("--page-index={}",),
    "org.gnome.Evince": ("--page-index={}",),
    "okular": ("--page", "{}"),
    "org.kde.okular": ("--page", "{}"),
    "qpdfview": ("--unique", "{path}#{}"),
    "xreader": ("--page-index={}",),
    "zathura": ("--page={}",),
    "org.pwmt.zathura": ("--page={}",),
}
"""How PDF viewers on Linux are told the page, by the name of their desktop file."""

_BROWSERS = ("firefox", "chromium", "google-chrome", "brave", "microsoft-edge")


def open_file(path: Path, page: int | None = None) -> str:
    """Open ``path`` and return what was done, in words. Raises ``Unreadable`` when the file is gone or no program
    takes it."""
    if not path.exists():
        raise Unreadable(say("launch.no-longer-there", path=path), say("launch.index-again-update-library"))
    if path.suffix.lower() in _RUNS:
        _launch(path.parent, None)
        return say("launch.could-run-program-folder-opened-instead", name=path.name)
    _launch(path, page)
    return say("launch.opened", name=path.name)


def show_in_folder(path: Path) -> str:
    """Open the folder of ``path``, with the file chosen where the file manager can do that; returns what was done, in
    words. Raises ``Unreadable`` when both are gone or no program takes the folder."""
    if not path.exists():
        if not path.parent.is_dir():
            raise Unreadable(say("launch.no-longer-there", path=path), say("launch.index-again-update-library"))
        _launch(path.parent, None)
        return say("launch.no-longer-there-folder-where-opened", name=path.name)
    if not _chosen_in_file_manager(path):
        _launch(path.parent, None)
    return say("launch.opened-folder", name=path.name)


def command_for(path: Path, page: int | None, viewer: str) -> list[str]:
    """The command that opens ``path`` on Linux, where ``viewer`` is the desktop file of the program for PDFs."""
    name = viewer.removesuffix(".desktop")
    program = name.rpartition(".")[2].lower()
    if page is not None and name in _PAGE_OPTIONS and shutil.which(program):
        options = [option.format(page, path=path) for option in _PAGE_OPTIONS[name]]
        return [program, *options] if str(path) in options[-1] else [program, *options, str(path)]
    browser = next((known for known in _BROWSERS if name.startswith(known)), "")
    if page is not None and browser and shutil.which(browser):
        return [browser, f"{path.as_uri()}#page={page}"]
    return ["xdg-open", str(path)]


def _chosen_in_file_manager(path: Path) -> bool:
    """Whether a file manager took the request to show its folder with the file chosen."""
    try:
        if sys.platform == "win32":
            _start(f'explorer /select,"{path}"')  # it has rules of its own for quotes
            return True
        if sys.platform == "darwin":
            _start(["open", "-R", str(path)])
            return True
        return bool(shutil.which("dbus-send")) and _asked_over_dbus(path)
    except (OSError, subprocess.TimeoutExpired):
        return False


def _asked_over_dbus(path: Path) -> bool:
    """The interface that file managers on Linux share; a comma of the path is "%2C" in an address."""
    manager = "org.freedesktop.FileManager1"
    command = [
        *("dbus-send", "--session", "--print-reply", f"--dest={manager}", "--type=method_call"),
        *(
            "/org/freedesktop/FileManager1",
            f"{manager}.ShowItems",
            f"array:string:{path.absolute().as_uri()}",
            "string:",
        ),
    ]
    return subprocess.run(command, capture_output=True, timeout=5, check=False).returncode == 0


def _launch(path: Path, page: int | None) -> None:
    try:
        if sys.platform == "win32":
            os.startfile(path)
        else:
            _start(["open", str(path)] if sys.platform == "darwin" else command_for(path, page, _pdf_viewer(page)))
    except OSError as error:
        raise Unreadable(
            say("launch.could-not-opened", path=path, reason=error.strerror or error),
            say("launch.try-open-file-manager"),
        ) from error


def _start(command: str | list[str]) -> None:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    run_in_thread("viewer", process.wait)  # it may stay as long as the viewer


def _pdf_viewer(page: int | None) -> str:
    """The desktop file of the system's program for PDFs; asked for only where there is a page to open."""
    if page is None or not shutil.which("xdg-mime"):
        return ""
    try:
        asked = subprocess.run(
            ["xdg-mime", "query", "default", "application/pdf"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()
