"""Outlook files: .msg (a mail, appointment, contact, task or note) and winmail.dat.

An Outlook item is turned into a MIME message and read like any other mail, so that quoted replies, signatures,
attachments and threads are handled in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.encoders import encode_base64
from email.message import Message as MimeMessage
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import format_datetime

from msgspec.structs import replace

from desktop_rag.errors import Damaged, OverCap
from desktop_rag.messages import say
from desktop_rag.parsing.mail import mapi
from desktop_rag.parsing.mail.headers import decode_bytes
from desktop_rag.parsing.mail.mapi import OutlookItem, PropertyBag
from desktop_rag.parsing.mail.message import message_items
from desktop_rag.parsing.mail.tnef import is_cut_short, read_tnef
from desktop_rag.parsing.office.rtf import rtf_text
from desktop_rag.parsing.source import MIB, Source
from desktop_rag.types import Kind, Metadata, ParseItem, Problem

_MAX_RTF = 8 * MIB

# Property numbers (MS-OXPROPS).
_CLASS, _SUBJECT, _HEADERS, _SUBMITTED, _DELIVERED, _CREATED = 0x001A, 0x0037, 0x007D, 0x0039, 0x0E06, 0x3007
_MESSAGE_ID, _REFERENCES, _IN_REPLY_TO = 0x1035, 0x1039, 0x1042
_BODY, _RTF, _HTML = 0x1000, 0x1009, 0x1013
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP, _AUTHOR_NAME, _AUTHOR_ADDRESS, _AUTHOR_SMTP = (
    0x0C1A, 0x0C1F, 0x5D01, 0x0042, 0x0065, 0x5D02,
)  # fmt: skip
_DISPLAY_NAME, _ADDRESS, _SMTP, _RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
_DISPLAY_TO, _DISPLAY_CC = 0x0E04, 0x0E03
_DATA, _LONG_NAME, _NAME, _MIME_TYPE, _CONTENT_ID = 0x3701, 0x3707, 0x3704, 0x370E, 0x3712

# Named properties, by long id: of appointments, tasks and contacts.
_START, _END, _WHERE, _RECURRENCE, _TASK_START, _TASK_DUE, _TASK_DONE = (
    0x820D,
    0x820E,
    0x8208,
    0x8232,
    0x8104,
    0x8105,
    0x811C,
)
_CONTACT_TEXTS = (
    ("Company", (0x3A16,)), ("Department", (0x3A18,)), ("Title", (0x3A17,)), ("Phone (work)", (0x3A08,)),
    ("Phone (work 2)", (0x3A1B,)), ("Phone (mobile)", (0x3A1C,)), ("Phone (home)", (0x3A09,)), ("Fax", (0x3A24,)),
    ("Address", (0x3A15,)), ("Web", (0x3A51, 0x3A50)),
)  # fmt: skip
_CONTACT_NAMED_TEXTS = (
    ("Email", (0x8083, 0x8080)), ("Email 2", (0x8093, 0x8090)), ("Email 3", (0x80A3, 0x80A0)),
    ("Address (work)", (0x801B,)), ("Address (home)", (0x801A,)), ("Web", (0x802B,)), ("Chat", (0x8062,)),
)  # fmt: skip


def parse_msg(source: Source) -> Iterator[ParseItem]:
    """Parse an Outlook item. Raises ``Damaged`` or ``OverCap``."""
    item = mapi.read_msg(_read(source), source.name)
    if not (item.properties.values or item.attachments):
        raise Damaged(
            say("parsing.damaged-contains-no-mail-appointment-contact", name=source.name), say("parsing.export-again")
        )
    yield from _parsed(item, source)


def read_item(source: Source) -> MimeMessage:
    """An Outlook item as the MIME message it is read as. Raises ``Damaged`` or ``OverCap``."""
    return _as_mime(mapi.read_msg(_read(source), source.name))


def parse_tnef(source: Source) -> Iterator[ParseItem]:
    """Parse a winmail.dat: its text, and the files in it as attachments. Raises ``Damaged`` or ``OverCap``."""
    data = _read(source)
    yield from _parsed(read_tnef(data, source.name), source)
    if is_cut_short(data):
        yield Problem(
            "damaged",
            say("parsing.incomplete-what-could-read-indexed", name=source.name),
            say("parsing.get-fresh-copy"),
        )


def _read(source: Source) -> bytes:
    if source.size > source.limits.file_bytes:
        raise OverCap(
            say("parsing.larger-than-mib", name=source.name, size=source.limits.file_bytes // MIB),
            say("parsing.save-attachments-files"),
        )
    return source.read()


def _parsed(item: OutlookItem, source: Source) -> Iterator[ParseItem]:
    kind = _kind(item)
    for found in message_items(_as_mime(item), source.limits):
        if isinstance(found, Metadata) and kind != "mail":
            start = item.properties.named_time(_START, _TASK_START, _TASK_DUE) if kind == "event" else None
            found = replace(found, kind=kind, mail=None, created=start or found.created)
        yield found


def _kind(item: OutlookItem) -> Kind:
    name = item.properties.text(_CLASS).lower()
    if name.startswith(("ipm.appointment", "ipm.task")):
        return "event"
    if name.startswith(("ipm.contact", "ipm.distlist")):
        return "contact"
    return "note" if name.startswith(("ipm.stickynote", "ipm.activity")) else "mail"


def _as_mime(item: OutlookItem) -> MimeMessage:
    """The item as a MIME message."""
    bag = item.properties
    message = MimeMessage(policy=compat32)
    # The headers the mail came with, but for those that describe a body of another form.
    for name, value in HeaderParser(policy=compat32).parsestr(bag.text(_HEADERS).lstrip()).raw_items():
        if not name.lower().startswith(("content-", "mime-version")):
            message[name] = value
    for name, value in _headers(item):
        if value and name not in message:
            message[name] = " ".join(value.split())
    message["Content-Type"] = 'multipart/mixed; boundary="=outlook"'
    if details := _details(item):
        message.attach(_text_part("plain", details))
    message.attach(_body(bag))
    for properties, inner in item.attachments:
        if inner is not None:
            part = MimeMessage(policy=compat32)
            part["Content-Type"] = "message/rfc822"
            part.attach(_as_mime(inner))
            message.attach(part)
        elif properties.data(_DATA):
            message.attach(_attachment(properties))
    return message


def _headers(item: OutlookItem) -> Iterator[tuple[str, str]]:
    bag = item.properties
    yield "Subject", bag.text(_SUBJECT)
    name = bag.text(_AUTHOR_NAME, _SENDER_NAME)
    address = next(
        (a for i in (_AUTHOR_SMTP, _SENDER_SMTP, _AUTHOR_ADDRESS, _SENDER_ADDRESS) if "@" in (a := bag.text(i))), ""
    )
    yield "From", _person(name, address)
    by_type: dict[int, list[str]] = {}
    for recipient in item.recipients:
        address = next((a for i in (_SMTP, _ADDRESS) if "@" in (a := recipient.text(i))), "")
        by_type.setdefault(recipient.number(_RECIPIENT_TYPE), []).append(
            _person(recipient.text(_DISPLAY_NAME), address)
        )
    yield "To", ", ".join(by_type.get(1, [])) or _names(bag.text(_DISPLAY_TO))
    yield "Cc", ", ".join(by_type.get(2, [])) or _names(bag.text(_DISPLAY_CC))
    time = bag.time(_SUBMITTED, _DELIVERED, _CREATED)
    yield "Date", format_datetime(time) if time else ""
    yield "Message-ID", bag.text(_MESSAGE_ID)
    yield "In-Reply-To", bag.text(_IN_REPLY_TO)
    yield "References", bag.text(_REFERENCES)


def _person(name: str, address: str) -> str:
    name = name.strip("'\" ")
    if not address:
        return f'"{_quotable(name)}"' if name else ""
    return f'"{_quotable(name)}" <{address}>' if name and name != address else address


def _quotable(name: str) -> str:
    return name.replace("\\", "").replace('"', "'")


def _names(display: str) -> str:
    return ", ".join(_person(name.strip(), "") for name in display.split(";") if name.strip())


def _details(item: OutlookItem) -> str:
    """What an appointment, task or contact says in its fields, a line each."""
    bag, lines = item.properties, []
    start, end = bag.named_time(_START), bag.named_time(_END)
    if start:
        until = f" to {end:%A %d %B %Y, %H:%M}" if end and end != start else ""
        lines.append(f"When: {start:%A %d %B %Y, %H:%M}{until} (UTC)")
        lines.append(f"Repeats: {bag.named_text(_RECURRENCE)}")
        lines.append(f"Where: {bag.named_text(_WHERE)}")
    kind = _kind(item)
    if bag.text(_CLASS).lower().startswith("ipm.task"):
        for label, id in (("Starts", _TASK_START), ("Due", _TASK_DUE)):
            time = bag.named_time(id)
            lines.append(f"{label}: {time:%A %d %B %Y}" if time else "")
        lines.append("Done: yes" if bag.named.get(_TASK_DONE) is True else "Done: no")
    if kind == "contact":
        lines.append(f"Name: {bag.text(_DISPLAY_NAME, _SUBJECT)}")
        lines += [f"{label}: {bag.text(*ids)}" for label, ids in _CONTACT_TEXTS]
        lines += [f"{label}: {bag.named_text(*ids)}" for label, ids in _CONTACT_NAMED_TEXTS]
    if kind in ("event", "contact") and bag.text(_SUBJECT):
        lines.insert(0, bag.text(_SUBJECT))
    return "\n".join(" ".join(line.split()) for line in lines if line and not line.endswith(": "))


def _body(bag: PropertyBag) -> MimeMessage:
    """The text: plain, or HTML, or what Outlook's compressed RTF says."""
    html = bag.values.get(_HTML)
    page = html if isinstance(html, str) else decode_bytes(bag.data(_HTML), mapi.charset_of(bag.values))
    text = bag.text(_BODY)
    if text and page:
        both = MimeMessage(policy=compat32)
        both["Content-Type"] = 'multipart/alternative; boundary="=bodies"'
        both.attach(_text_part("plain", text))
        both.attach(_text_part("html", page))
        return both
    return _text_part("html", page) if page else _text_part("plain", text or _rtf_text(bag.data(_RTF)))


def _rtf_text(data: bytes) -> str:
    if len(data) < 17 or len(data) > _MAX_RTF:
        return ""
    from compressed_rtf import decompress

    try:
        rtf = decompress(data)
    # It gives up on broken input with plain exceptions of many kinds; then the item has no text.
    except Exception:
        return ""
    return rtf_text(rtf)


def _text_part(subtype: str, text: str) -> MimeMessage:
    part = MimeMessage(policy=compat32)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part.set_payload(text.encode("utf-8", "replace"))
    encode_base64(part)
    return part


def _attachment(bag: PropertyBag) -> MimeMessage:
    part = MimeMessage(policy=compat32)
    mime = bag.text(_MIME_TYPE).lower()
    if mime.startswith("multipart/"):  # a signed mail, kept whole in one attachment
        mime = "application/x-signed-mail"
    part["Content-Type"] = mime if re.fullmatch(r"[\w.+-]+/[\w.+-]+", mime) else "application/octet-stream"
    name = bag.text(_LONG_NAME, _NAME) or bag.text(_DISPLAY_NAME)
    inline = bool(bag.text(_CONTENT_ID))
    part.add_header(
        "Content-Disposition", "inline" if inline else "attachment", filename=("utf-8", "", name or "attachment")
    )
    if inline:
        part["Content-ID"] = f"<{bag.text(_CONTENT_ID)}>"
    part.set_payload(bag.data(_DATA))
    encode_base64(part)
    return part
