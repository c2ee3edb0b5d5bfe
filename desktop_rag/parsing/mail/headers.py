"""Mail headers as programs really write them -> text, people, dates and identifiers. Nothing here ever fails."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timezone, tzinfo
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from desktop_rag.parsing.text.encoding import decode
from desktop_rag.types import Mail, Person

_MAX_HEADER = 100_000
_MAX_PEOPLE = 1_000
_MAX_LOOSE = 5_000
_MAX_REFERENCES = 200

_ENCODED = r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?="
_ENCODED_RUN = re.compile(rf"{_ENCODED}(?:\s*{_ENCODED})*")
_ADDRESS = re.compile(r'(?:"?([^"<>,;]*?)"?\s*)<([^<>\s]+@[^<>\s]+)>|([^\s<>,;:"]+@[^\s<>,;:"]+)')
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

# Charsets under which bytes look like plain ASCII although they are not: here the label has to be believed.
_SHIFTING = re.compile(r"iso-?2022|utf-?7|utf-?16|utf-?32|^hz")
_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "x-windows-949": "cp949",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-1": "cp1252",
    "us-ascii": "",
    "ascii": "",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "iso-2022-jp": "iso-2022-jp-ext",
    "unicode-1-1-utf-7": "utf-7",
}
_ASCII = bytes(range(128))
_ENOUGH_TO_GUESS = 24
"""Bytes past ASCII below which a guess at the charset would be chance: mail of that kind is mostly Windows-1252."""
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})


def charset(label: str) -> str:
    """The codec for a charset label found in a mail, or "" if it names no codec for text."""
    label = label.strip(" \t\"'").lower()
    label = _ALIASES.get(label, label)
    if not re.fullmatch(r"[a-z0-9._:+-]{1,40}", label):
        return ""
    # "cp-850", "win-1251", "windows1252" and the like are taken for the code page they mean.
    page = re.fullmatch(r"(?:x-)?(?:cp|win|windows|ibm)[-_]?(\d{3,4})", label)
    try:
        name = codecs.lookup(f"cp{page[1]}" if page else label).name
        b"".decode(name)  # not every codec is one for text
    except (LookupError, UnicodeError):
        return ""
    return "" if name in _NO_CHARSETS else name


def decode_bytes(data: bytes, label: str = "") -> str:
    """The text of a mail part that calls itself ``label``; line ends become ``\\n``."""
    name = charset(label)
    if not name and len(data.translate(None, _ASCII)) < _ENOUGH_TO_GUESS:
        name = "cp1252"
    if name and _SHIFTING.search(name):
        try:
            return decode(data.decode(name).encode("utf-8", "replace"))
        except UnicodeError:
            pass
    return decode(data, name)


def words(raw: str, fallback: str = "") -> str:
    """The readable text of a raw header: encoded words (RFC 2047) and stray bytes decoded, folding undone.

    ``fallback`` is the charset to try for bytes that say nothing about themselves.
    """
    raw = _bytes_as_text(raw[:_MAX_HEADER], fallback)
    if "=?" in raw:
        raw = _ENCODED_RUN.sub(lambda run: _decode_run(run[0]), raw)
    return " ".join(_CONTROL.sub(" ", raw).split())


def _bytes_as_text(raw: str, fallback: str) -> str:
    if raw.isascii():
        return raw
    data = raw.encode("utf-8", "surrogateescape")
    for name in ("utf-8", charset(fallback)):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def _decode_run(run: str) -> str:
    try:
        pieces = decode_header(run)
    except (HeaderParseError, ValueError):
        return run
    text = ""
    for piece, label in pieces:
        text += piece if isinstance(piece, str) else decode_bytes(piece, label or "")
    return text


def raw_headers(message: Message) -> dict[str, list[str]]:
    """All headers by lower-case name, undecoded."""
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), []).append(str(value))
    return found


def people(values: Iterable[str], fallback: str = "") -> tuple[Person, ...]:
    """The people named by address headers, each once."""
    found: dict[tuple[str, str], Person] = {}
    for value in values:
        value = _bytes_as_text(value[:_MAX_HEADER], fallback).strip()
        if _ENCODED_RUN.fullmatch(value):  # name and address in one encoded word: not allowed, but done
            value = words(value)
        try:
            pairs = getaddresses([value])
        except (RecursionError, ValueError, IndexError):  # comments nested too deeply, and the like
            pairs = []
        if not any(address for _, address in pairs):
            # The standard library refuses what it finds ambiguous; take what looks like an address.
            pairs = [
                (name, inner or bare) for name, inner, bare in _ADDRESS.findall(words(value)[:_MAX_LOOSE])
            ] or pairs
        for name, address in pairs[:_MAX_PEOPLE]:
            person = _person(name, address)
            if person.name or person.address:
                found.setdefault((person.name if not person.address else "", person.address.lower()), person)
    return tuple(found.values())


def _person(name: str, address: str) -> Person:
    name = words(name).strip("'\" ")
    address = words(address)
    if not name and ("@" not in address or " " in address):
        return Person(name=address)
    return Person(name="" if name.lower() == address.lower() else name.strip(), address=address)


def date(value: str) -> datetime | None:
    """The moment a date header names, with a time zone (UTC where it names none), or None."""
    value = words(value)[:200]
    parsed: datetime | None
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        parsed = _loose_date(value)
    if parsed is None or not 1970 <= parsed.year <= 2200:
        return None
    try:
        offset = parsed.utcoffset()
        return parsed.replace(tzinfo=UTC if offset is None else timezone(offset))
    except ValueError:  # a zone of a day or more
        return parsed.replace(tzinfo=UTC)


def _loose_date(value: str) -> datetime | None:
    if not re.search(r"\d{4}", value):
        return None
    from dateutil import parser

    def zone(_name: str | None, offset: int | None) -> tzinfo | None:
        from dateutil.tz import tzoffset

        return None if offset is None else tzoffset(None, offset)

    try:
        parsed = parser.parse(value, tzinfos=zone)
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
    return parsed if isinstance(parsed, datetime) else None


def sent(headers: dict[str, list[str]]) -> datetime | None:
    """When a message was sent: its Date, else the earliest hop's Received, else what the mail program noted."""
    for value in headers.get("date", []):
        if found := date(value):
            return found
    for value in reversed(headers.get("received", [])):
        if found := date(value.rpartition(";")[2]):
            return found
    for name in ("resent-date", "delivery-date", "x-original-date"):
        for value in headers.get(name, []):
            if found := date(value):
                return found
    return None


def identifiers(values: Iterable[str]) -> tuple[str, ...]:
    """Message identifiers, without brackets, each once, in order."""
    found: dict[str, None] = {}
    for value in values:
        text = words(value)
        bracketed = re.findall(r"<([^<>\s]+)>", text)
        found.update(dict.fromkeys(bracketed or [word.strip("<>,") for word in text.split() if "@" in word]))
    return tuple(found)[-_MAX_REFERENCES:]


def mail(headers: dict[str, list[str]], fallback: str = "") -> Mail:
    """What searches and threads need of a message's headers."""
    sender = Person()
    for name in ("from", "sender", "x-sender", "reply-to", "return-path"):
        if found := people(headers.get(name, [])[:1], fallback):
            sender = found[0]
            break
    message_ids = identifiers(headers.get("message-id", []))
    return Mail(
        message_id=message_ids[0] if message_ids else "",
        in_reply_to=identifiers(headers.get("in-reply-to", [])),
        references=identifiers(headers.get("references", [])),
        sender=sender,
        recipients=people([value for name in ("to", "cc", "bcc") for value in headers.get(name, [])], fallback),
        subject=words(headers.get("subject", [""])[0], fallback),
    )
