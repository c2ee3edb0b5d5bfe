"""The syntax that calendars and contact cards share: components of content lines (RFC 5545, RFC 6350, vCard 2.1)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from msgspec import Struct

_BORDER = re.compile(r"(BEGIN|END)\s*:\s*([\w-]+)\s*", re.IGNORECASE)
# No alternative of these patterns can begin where another could have gone on, so that no line makes them try again.
_NAME = re.compile(r"(?:[\w-]+\.)?([\w-]+)\s*", re.ASCII)
_PARAMETER = re.compile(r';([^=:;"]*)(?:=((?:"[^"]*"|[^:;])*))?')
_PARAMETER_VALUE = re.compile(r'(?:"[^"]*"|[^,])+')
_SOFT_BREAKS = re.compile(r"[^:]*;(?:ENCODING=)?QUOTED-PRINTABLE\b", re.IGNORECASE)
_BARE = {
    "QUOTED-PRINTABLE": "ENCODING", "BASE64": "ENCODING", "7BIT": "ENCODING", "8BIT": "ENCODING",
    "INLINE": "VALUE", "URL": "VALUE",
}  # fmt: skip
"""What a parameter of vCard 2.1 that stands without its name belongs to; any other is a type, like HOME."""


class ContentLine(Struct, frozen=True):
    """One property: its name and the names of its parameters in upper case, its value as it is written."""

    name: str
    parameters: dict[str, list[str]]
    value: str


def components(text: str, names: Container[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each outermost component called one of ``names`` (upper case).

    Handing them to a parser one by one keeps a broken component from taking the others with it. A component without
    END, as at the end of a file cut short, is completed.
    """
    name, nested = "", 0
    lines: list[str] = []
    for line in text.split("\n"):
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


def content_lines(component: str) -> Iterator[ContentLine]:
    """The properties of a component, unfolded; BEGIN and END are two of them. Lines that are no property are left out.

    It takes time in proportion to the text, whatever that is.
    """
    for line in _unfolded(component):
        name = _NAME.match(line)
        if name is None:
            continue
        at = name.end()
        parameters: dict[str, list[str]] = {}
        while found := _PARAMETER.match(line, at):
            at = found.end()
            key, written = found[1].strip().upper(), found[2]
            if written is None:
                parameters.setdefault(_BARE.get(key, "TYPE"), []).append(key)
            else:
                values = (value.strip(' "') for value in _PARAMETER_VALUE.findall(written))
                parameters.setdefault(key, []).extend(value for value in values if value)
        if line[at : at + 1] == ":":
            yield ContentLine(name[1].upper(), parameters, line[at + 1 :])


def _unfolded(component: str) -> Iterator[str]:
    """Whole lines. One that begins with a space goes on the one before; in quoted-printable, ``=`` goes on as well."""
    parts: list[str] = []
    soft = False
    for line in component.split("\n"):
        line = line.removesuffix("\r")
        if soft and parts[-1].endswith("=") and not _BORDER.fullmatch(line):
            parts[-1] = parts[-1][:-1]
            parts.append(line.removeprefix(" ").removeprefix("\t"))
        elif line.startswith((" ", "\t")) and parts:
            parts.append(line[1:])
        else:
            yield "".join(parts)
            parts, soft = [line], _SOFT_BREAKS.match(line) is not None
    yield "".join(parts)
