"""Make or refresh the virtual environment of this checkout: ``python3 packaging/bootstrap.py [--dev]``.

``bootstrap.py --uv …`` runs the environment's uv with the same settings.

Needs a Python and nothing else. A Python without pip (Debian's own) is the normal case, so the pip wheel beside this
file runs straight from its archive, and is used for one thing: to fetch ``uv``, which installs all the rest. Both read
the person's own pip settings (index, certificates, proxy); no address of a package index is written here.
"""

from __future__ import annotations

import argparse
import ast
import os
import ssl
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON, UV = (BIN / f"{name}.exe" if os.name == "nt" else BIN / name for name in ("python", "uv"))
PIP_WHEEL = max((CHECKOUT / "packaging").glob("pip-*.whl"))
CONSTRAINTS = CHECKOUT / "constraints.txt"

UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
}
"""Settings of pip, and the variables through which uv, which reads no pip.conf, takes the same."""


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--dev", action="store_true", help="also install the extras, and what the tests need")
    options.add_argument("--uv", nargs=argparse.REMAINDER, help="only run uv, with these arguments", metavar="…")
    chosen = options.parse_args()
    if chosen.uv is not None:
        _uv(*chosen.uv)
    else:
        set_up(dev=chosen.dev)


def set_up(*, dev: bool) -> None:
    """Bring the environment to what pyproject.toml and constraints.txt say; ``dev`` adds all extras and the group
    of that name."""
    if not _works(PYTHON, "import sys; sys.exit(sys.version_info < (3, 11))"):
        print(f"Making the virtual environment {VENV}", flush=True)
        _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV))
    if not UV.exists():
        _pip("install", "--quiet", "--constraint", str(CONSTRAINTS), "uv")

    print("Installing the packages that constraints.txt names", flush=True)
    group = ("--group", f"{CHECKOUT / 'pyproject.toml'}:dev") if dev else ()
    extras = "[all]" if dev else ""
    wanted = ("--constraint", str(CONSTRAINTS), "--editable", f"{CHECKOUT}{extras}", *group)
    _uv("pip", "install", "--python", str(PYTHON), "--compile-bytecode", *wanted)
    # Compiled in so many words, because PYTHONDONTWRITEBYTECODE would leave every start to compile the code again.
    _run(str(PYTHON), "-m", "compileall", "-q", str(CHECKOUT / "desktop_rag"))


def _uv_environment() -> dict[str, str]:
    """The person's pip settings in the words of uv. What uv itself has been told stands."""
    found: dict[str, str] = {}
    for line in _pip("config", "list", capture=True).splitlines():
        name, _, value = line.partition("=")
        scope, _, key = name.rpartition(".")
        if key in UV_NAMES and scope in ("global", "install", ":env:"):  # the later, the stronger
            words = str(ast.literal_eval(value)).split()
            if key == "find-links":  # uv refuses a folder that is not there, pip passes over it
                words = [word for word in words if "://" in word or Path(word).exists()]
            found[UV_NAMES[key]] = (" " if key.endswith("index-url") or key == "trusted-host" else ",").join(words)
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does: all indexes are equal
    if "SSL_CERT_FILE" not in os.environ | found and _system_has_certificates():
        found["UV_SYSTEM_CERTS"] = "true"  # as pip does: an authority the system trusts is trusted
    return {name: value for name, value in found.items() if value and name not in os.environ}


def _system_has_certificates() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def _uv(*arguments: str) -> None:
    _run(str(UV), *arguments, env=os.environ | _uv_environment())


def _pip(*arguments: str, capture: bool = False) -> str:
    """Run pip out of its wheel with the environment's Python; its output if ``capture``."""
    environment = os.environ | {"PYTHONPATH": str(PIP_WHEEL), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return _run(str(PYTHON), "-m", "pip", *arguments, env=environment, capture=capture)


def _run(*command: str, env: dict[str, str] | None = None, capture: bool = False) -> str:
    result = subprocess.run(command, env=env, check=False, text=True, stdout=subprocess.PIPE if capture else None)
    if result.returncode:
        print(f"Set-up stopped: this command failed ({result.returncode}): {' '.join(command)}", file=sys.stderr)
        sys.exit("Is the package index within reach? pip's settings for it are followed. Run the same again to go on.")
    return result.stdout or ""


def _works(python: Path, statement: str) -> bool:
    """Whether the environment's Python is there, starts (the one it was made with may be gone) and is new enough."""
    return python.exists() and subprocess.run([str(python), "-c", statement], check=False).returncode == 0


if __name__ == "__main__":
    main()
