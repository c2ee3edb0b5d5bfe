"""Where a library, the models, the logs and the program's own resources live."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from platformdirs import user_data_path, user_log_path

from desktop_rag.errors import ConfigError
from desktop_rag.messages import say

HOME_VARIABLE = "DESKTOP_RAG_HOME"
"""Names the library folder where no command-line option does."""


def default_library_dir() -> Path:
    """The library's folder: DESKTOP_RAG_HOME, or else the system's place for a person's data. It may not exist yet."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return _data() / "library"


def models_dir() -> Path:
    """The folder of the models a person has installed; all libraries share it. It may not exist yet."""
    return _data() / "models"


def logs_dir() -> Path:
    """The folder of the log files. It may not exist yet."""
    return user_log_path("desktop-rag", appauthor=False)


@cache
def resources_dir() -> Path:
    """The files the program ships with: inside the package when installed, beside it in a checkout.

    Raises ``ConfigError`` when the installation lacks them.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "resources", package.parent / "resources"):
        if (folder / "models").is_dir():
            return folder
    raise ConfigError(say("paths.programs-own-files-missing", package=package), say("common.install-desktop-rag-again"))


def _data() -> Path:
    return user_data_path("desktop-rag", appauthor=False)
