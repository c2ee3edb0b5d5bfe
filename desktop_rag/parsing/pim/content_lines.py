"""The syntax that calendars and contact cards share: components between BEGIN and END lines (RFC 5545, RFC 6350)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

_BORDER = re.compile(r"(BEGIN|END)\s*:\s*([\w-]+)\s*", re.IGNORECASE)


def components(text: str, names: Container[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each outermost component called one of ``names`` (upper case).

    Handing them to a parser one by one keeps a broken component from taking the others with it. A component without
    END, as at the end of a file cut short, is completed.
    """
    name, nested = "", 0
    lines: list[str] = []
    for line in text.splitlines():
        border = _BORDER.fullmatch(line)
        kind, here = (border[1].upper(), border[2].upper()) if border else ("", "")
        if not name:
            if kind == "BEGIN" and here in names:
                name, nested, lines = here, 0, [line]
            continue
        if kind == "BEGIN" and here == name and here in names:  # the END of the one before is missing
            yield name, "\r\n".join([*lines, f"END:{name}", ""])
            lines, nested = [line], 0
            continue
        lines.append(line)
        nested += kind == "BEGIN"
        if kind == "END" and here == name:
            yield name, "\r\n".join([*lines, ""])
            name = ""
        elif kind == "END":
            nested -= 1
    if name:
        yield name, "\r\n".join([*lines, f"END:{name}", ""])
