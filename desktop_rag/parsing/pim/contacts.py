"""Contact cards (vCard 2.1 to 4.0): every card as a paragraph of labelled lines."""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Iterator
from itertools import islice

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.mail.headers import decode_bytes
from desktop_rag.parsing.pim.content_lines import ContentLine, components, content_lines
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.types import Entry, Locator, Metadata, ParseItem, Problem, Segment, Whole

_PIECE = re.compile(r"\\.|[^\\;,]+|.", re.DOTALL)
"""An escaped character, a separator, or what stands between them."""
_LABELS = {
    "ORG": "Organisation",
    "TITLE": "Title",
    "ROLE": "Role",
    "NICKNAME": "Nickname",
    "EMAIL": "Email",
    "TEL": "Phone",
    "ADR": "Address",
    "URL": "Web",
    "BDAY": "Birthday",
    "ANNIVERSARY": "Anniversary",
    "IMPP": "Chat",
    "X-SKYPE": "Chat",
    "CATEGORIES": "Categories",
    "MEMBER": "Member",
    "NOTE": "Note",
}
_TYPES = {"home": "home", "work": "work", "cell": "mobile", "mobile": "mobile", "fax": "fax", "pager": "pager"}


def parse_vcf(source: Source) -> Iterator[ParseItem]:
    """Yield one segment for each card. Raises ``Damaged`` if the file holds none."""
    data, cut = source.read_text_bytes()
    text = decode(data)
    if not text.strip():
        return
    if not re.search(r"^BEGIN\s*:\s*VCARD", text, re.MULTILINE | re.IGNORECASE):
        raise Damaged(
            say("parsing.contains-no-contact-cards", name=source.name), say("parsing.export-again-address-book")
        )
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
        what = "1 contact card" if broken == 1 else f"{broken:,} contact cards"
        yield Problem(
            "damaged", say("parsing.could-not-read", what=what), say("parsing.export-contacts-again-address-book")
        )
    if len(blocks) > len(read):
        yield Problem(
            "over-cap",
            say("parsing.only-first-contact-cards-read", rows=source.limits.rows),
            say("parsing.split-file-all-them-indexed"),
        )
    if cut is not None:
        yield cut


def _card(block: str) -> tuple[str, str]:
    """Name and text of a card; both empty if nothing in it could be read."""
    found: dict[str, list[ContentLine]] = {}
    for line in content_lines(block):
        found.setdefault(line.name, []).append(line)
    names = (shown for key in ("FN", "N") for line in found.get(key, []) if (shown := _shown(line)))
    name = next(names, "")
    lines = [name] if name else []
    for key, label in _LABELS.items():
        for line in found.get(key, []):
            shown = _shown(line)
            if shown and shown != name:
                lines.append(f"{label}{_places(line)}: {shown}")
    title = name or next((line.partition(": ")[2] for line in lines), "")
    return title, "\n".join(lines)


def _shown(line: ContentLine) -> str:
    """The value of a property as a person reads it, on one line."""
    value = _decoded(line)
    match line.name:
        case "N":
            family, given, additional, prefix, suffix = _named_fields(value, 5, " ")
            text = " ".join((prefix, given, additional, family, suffix))
        case "ADR":
            box, extended, street, city, region, code, country = _named_fields(value, 7, ", ")
            parts = (box, extended, street, f"{code} {city}".strip(), region, country)
            text = ", ".join(part for part in parts if part)
        case "ORG":
            text = ", ".join(_fields(value, ";"))
        case "CATEGORIES" | "NICKNAME":
            text = ", ".join(_fields(value, ","))
        case _:
            text = "".join(_fields(value, ""))
    text = re.sub(r"^(?:tel|mailto|sip|xmpp|skype):", "", text, flags=re.IGNORECASE)
    return " ".join(text.split())


def _decoded(line: ContentLine) -> str:
    """The value out of its transfer encoding, which vCard 2.1 uses for texts and all versions for pictures."""
    encoding = line.parameters.get("ENCODING", [""])[0].upper()
    if encoding == "QUOTED-PRINTABLE":
        data = quopri.decodestring(line.value.encode("utf-8", "replace"))
    elif encoding in ("B", "BASE64"):
        try:
            data = base64.b64decode(line.value)
        except ValueError:
            return ""
    else:
        return line.value
    return decode_bytes(data, line.parameters.get("CHARSET", [""])[0])


def _named_fields(value: str, count: int, between: str) -> list[str]:
    """The first ``count`` parts of a structured value, those left out as ""; a comma in one becomes ``between``."""
    parts = list(_split(value, ";", between))
    return (parts + [""] * count)[:count]


def _fields(value: str, separator: str) -> list[str]:
    """The parts of a value that are not blank; without a separator, the whole of it."""
    return [part for part in _split(value, separator, ",") if part]


def _split(value: str, separator: str, comma: str) -> Iterator[str]:
    part: list[str] = []
    for piece in _PIECE.findall(value):
        if piece == separator:
            yield "".join(part).strip()
            part = []
        elif piece == ",":
            part.append(comma)
        elif piece.startswith("\\") and len(piece) == 2:
            part.append(" " if piece[1] in "nN" else piece[1])
        else:
            part.append(piece)
    yield "".join(part).strip()


def _places(line: ContentLine) -> str:
    """ " (work)" for what the card says is the number or address at work."""
    written = (name for value in line.parameters.get("TYPE", []) for name in re.split(r"[,\s]", value.lower()))
    places = dict.fromkeys(_TYPES[name] for name in written if name in _TYPES)
    return f" ({', '.join(places)})" if places else ""
