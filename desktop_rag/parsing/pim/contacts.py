"""Contact cards (vCard 2.1 to 4.0): every card as a paragraph of labelled lines."""

from __future__ import annotations

import logging
import quopri
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from desktop_rag.errors import Damaged
from desktop_rag.parsing.mail.headers import decode_bytes
from desktop_rag.parsing.pim.content_lines import components
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.types import Entry, Locator, Metadata, ParseItem, Problem, Segment, Whole

# A line as the library can read it: name, parameters, colon. It takes exponential time over one that lacks the colon.
_VALUE = r'(?:"[^"]*"|[^";:,]+)'
_LINE = re.compile(rf"(?:[A-Za-z0-9_-]+\.)?([A-Za-z0-9_-]+)(?:;[A-Za-z0-9_-]+(?:={_VALUE}(?:,{_VALUE})*)?)*:")
_BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_QUOTED_PRINTABLE = re.compile(
    r"^([\w.-]+)((?:;[^:;\r\n]*)*;(?:ENCODING=)?QUOTED-PRINTABLE(?:;[^:;\r\n]*)*):((?:.*=\r?\n)*.*)\r?\n", re.M | re.I
)
_LABELS = {
    "org": "Organisation",
    "title": "Title",
    "role": "Role",
    "nickname": "Nickname",
    "email": "Email",
    "tel": "Phone",
    "adr": "Address",
    "url": "Web",
    "bday": "Birthday",
    "anniversary": "Anniversary",
    "impp": "Chat",
    "x-skype": "Chat",
    "categories": "Categories",
    "member": "Member",
    "note": "Note",
}
_TYPES = {"home": "home", "work": "work", "cell": "mobile", "mobile": "mobile", "fax": "fax", "pager": "pager"}


def parse_vcf(source: Source) -> Iterator[ParseItem]:
    """Yield one segment for each card. Raises ``Damaged`` if the file holds none."""
    data, cut = source.read_text_bytes()
    text = decode(data)
    if not text.strip():
        return
    if not re.search(r"^BEGIN\s*:\s*VCARD", text, re.MULTILINE | re.IGNORECASE):
        raise Damaged(f"{source.name} holds no contact card.", "Export it again from your address book.")
    blocks = [block for _, block in islice(components(text, {"VCARD"}), source.limits.rows + 1)]
    read = [_card(block) for block in blocks[: source.limits.rows]]
    cards = [(name, shown) for name, shown in read if shown]
    if len(cards) == 1:
        yield Metadata(kind="contact", title=cards[0][0])
    else:
        yield Metadata(kind="contact")
    for name, shown in cards:
        where: Locator = Whole() if len(cards) == 1 else Entry(name or "contact")
        yield Segment(shown, where)
    if len(read) > len(cards):
        broken = len(read) - len(cards)
        yield Problem(
            "damaged", f"{broken} contact cards could not be read.", "Export them again from your address book."
        )
    if len(blocks) > len(read):
        yield Problem("over-cap", f"Only the first {source.limits.rows} cards were read.", "Split the file.")
    if cut is not None:
        yield cut


def _card(block: str) -> tuple[str, str]:
    """Name and text of a card; both empty if nothing in it could be read."""
    import vobject

    logging.getLogger("vobject.base").disabled = True  # it prints every line it skips
    text = _sound_lines(_QUOTED_PRINTABLE.sub(_decoded, block))
    try:
        card = next(iter(vobject.readComponents(text, ignoreUnreadable=True, allowQP=True, transform=True)), None)
        contents: dict[str, list[Any]] = card.contents if card is not None else {}
    # vobject turns a malformed line into ParseError, or whatever its decoding ran into.
    except Exception:
        contents = {}
    if not contents:
        return _plain(text)
    name = _value(contents["fn"][0]) if contents.get("fn") else ""
    if not name and contents.get("n"):
        name = _value(contents["n"][0])
    lines: list[str] = [name]
    for key, label in _LABELS.items():
        for item in contents.get(key, []):
            shown = _value(item)
            if shown and shown not in lines:
                lines.append(f"{label}{_kind(item)}: {shown}")
    name = name or next((line.partition(": ")[2] for line in lines if line), "")
    return name, "\n".join(line for line in lines if line)


def _sound_lines(text: str) -> str:
    """The lines that can be read and hold text, unfolded."""
    lines = re.sub(r"\r\n[ \t]", "", text).split("\r\n")
    found = [(line, _LINE.match(line)) for line in lines]
    return "".join(f"{line}\r\n" for line, match in found if match and match[1].upper() not in _BINARY)


def _decoded(line: re.Match[str]) -> str:
    """A line in quoted-printable (vCard 2.1) as one that is not."""
    name, parameters, value = line[1], line[2], re.sub(r"=\r?\n[ \t]?", "", line[3])
    charset = re.search(r"CHARSET=([\w-]+)", parameters, re.IGNORECASE)
    plain = decode_bytes(quopri.decodestring(value.encode("utf-8", "replace")), charset[1] if charset else "")
    rest = re.sub(r";(?:ENCODING=)?QUOTED-PRINTABLE|;CHARSET=[\w-]+", "", parameters, flags=re.IGNORECASE)
    return f"{name}{rest}:{plain.strip()}".replace("\n", "\\n") + "\r\n"


def _plain(text: str) -> tuple[str, str]:
    """The values of a card that the library cannot read, line by line."""
    lines: list[str] = []
    for key, value in re.findall(r"^(?:[\w-]+\.)?([A-Za-z-]+)[^:\n]*:(.+)$", text, re.MULTILINE):
        shown = " ".join(value.replace("\\,", ",").replace("\\n", " ").replace(";", " ").split())
        if key.lower() == "fn":
            lines.insert(0, shown)
        elif key.lower() in _LABELS and shown:
            lines.append(f"{_LABELS[key.lower()]}: {shown}")
    return (lines[0] if lines else ""), "\n".join(lines)


def _value(item: Any) -> str:
    value = item.value
    if isinstance(value, list | tuple):
        text = ", ".join(str(part) for part in value if str(part).strip())
    elif item.name.upper() == "N":
        names = (value.prefix, value.given, value.additional, value.family, value.suffix)
        text = " ".join(_flat(part) for part in names)
    elif item.name.upper() == "ADR":
        town = f"{_flat(value.code)} {_flat(value.city)}".strip()
        parts = (
            _flat(value.box),
            _flat(value.extended),
            _flat(value.street),
            town,
            _flat(value.region),
            _flat(value.country),
        )
        text = ", ".join(part for part in parts if part)
    else:
        text = str(value)
    text = re.sub(r"^(?:tel|mailto|sip|xmpp|skype):", "", text.strip(), flags=re.IGNORECASE)
    return " ".join(text.replace("\x00", "").split())


def _flat(part: Any) -> str:
    return " ".join(map(str, part)) if isinstance(part, list | tuple) else str(part or "")


def _kind(item: Any) -> str:
    """ " (work)" for what the card says is the number or address at work."""
    names = [str(name) for values in item.params.values() for name in values] + [str(n) for n in item.singletonparams]
    kinds = [_TYPES[part] for name in names for part in re.split(r"[,\s]", name.lower()) if part in _TYPES]
    return f" ({', '.join(dict.fromkeys(kinds))})" if kinds else ""
