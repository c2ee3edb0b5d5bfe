"""Install the Debian packages that the tests need, or print the one line that does so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = Path(__file__).with_name("debian-packages.txt")


def main() -> None:
    apt = shutil.which("apt-get")
    if apt is None:
        print(f"No apt-get here: some tests need the equivalents of the packages in {WANTED.name}.")
        return
    missing = [name for name in _wanted() if name not in _installed()]
    if not missing:
        return
    install = [apt, "install", "--yes", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        print(f"Some tests need Debian packages. To install them: sudo {' '.join(['apt-get', *install[1:]])}")
        return
    print(f"Installing Debian packages for the tests: {' '.join(missing)}", flush=True)
    for command in ([apt, "update"], install):
        result = subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode:
            sys.exit(f"{result.stdout}\nThis command failed ({result.returncode}): {' '.join(command)}")


def _wanted() -> list[str]:
    lines = WANTED.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _installed() -> set[str]:
    """Names of all installed packages and of what they provide (some libraries were renamed between releases)."""
    listing = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Provides}\n"],
        check=True,
        text=True,
        capture_output=True,
    ).stdout
    rows = (line.replace(",", " ").split() for line in listing.splitlines())
    return {name for state, *names in rows if state == "installed" for name in names}


if __name__ == "__main__":
    main()
