"""The environment ``.venv-bench`` that the other frameworks run in, made when it is first needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.measure import CHECKOUT

sys.path.append(str(CHECKOUT / "packaging"))
import bootstrap  # how the project's own environment is made; not part of the package

VENV = CHECKOUT / ".venv-bench"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OTHERS = Path(__file__).parent / "others"


class EnvironmentFailed(Exception):
    """The other frameworks cannot be installed; the text says why."""


def python() -> Path:
    """The interpreter of the environment, which is made anew when the wanted versions have changed.

    About 1.4 GB with a torch for CPUs; where the package index has only the one for graphics cards, several more.
    Raises EnvironmentFailed.
    """
    wanted = "".join((OTHERS / name).read_text(encoding="utf-8") for name in ("requirements.txt", "constraints.txt"))
    stamp = VENV / "installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return PYTHON
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        raise EnvironmentFailed("uv is missing; 'make test' installs it")
    print(f"Making {VENV} for LlamaIndex, LangChain and txtai", flush=True)
    _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV))
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    _run(*install, "-r", str(OTHERS / "requirements.txt"), "-c", str(OTHERS / "constraints.txt"))
    stamp.write_text(wanted, encoding="utf-8")
    return PYTHON


def _run(*command: str) -> None:
    environment = os.environ | bootstrap._uv_environment()
    result = subprocess.run(command, env=environment, check=False, text=True, capture_output=True)
    if result.returncode:
        raise EnvironmentFailed(result.stderr.strip()[-500:])
