"""Mail as the Internet carries it (RFC 5322 and MIME): one message, text and attachments; and web archives (MHTML)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as MimeMessage
from email.policy import compat32

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.mail import headers as mail_headers
from desktop_rag.parsing.mail.body import html_segments_by_role, text_segments
from desktop_rag.parsing.mail.parts import DECORATION_BYTES, AttachedFile, HtmlBody, PlainBody, charset_of, parts
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, Message, Metadata, ParseItem, Problem, Segment

_MAX_HEADER_LINE = 100_000
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_KNOWN = re.compile(
    "from|to|cc|bcc|subject|date|received|message-id|mime-version|content-(type|location|transfer-encoding)|comments"
    "|return-path|sender|reply-to|delivered-to|x-mailer|references|in-reply-to",
    re.IGNORECASE,
)
_SAVED_PAGE = re.compile(r"<Saved by (?:Mozilla|Blink|WebKit|Windows|Microsoft|UnMHT|Opera|Gecko)", re.IGNORECASE)


def parse_eml(source: Source) -> Iterator[ParseItem]:
    """Parse one message. Raises ``Damaged`` if the file is none."""
    data, cut = source.read_text_bytes()
    if not data.strip():
        return
    message, whole = read_message(data)
    if not any(_KNOWN.fullmatch(name) for name, _ in message.raw_items()):
        if b"\x00" in data[:4096] or len(re.findall(rb"[\x01-\x08\x0e-\x1f]", data[:4096])) > 20:
            raise Damaged(
                say("parsing.not-mail-message", name=source.name), say("parsing.open-program-made-check-ending-name")
            )
        yield Problem("damaged", say("parsing.mail-no-headers-everything-read-text"))
        message.set_payload(data.decode("ascii", "surrogateescape"))
    if not whole:
        yield Problem("damaged", say("parsing.mail-nested-too-deeply-read-completely"))
    yield from message_items(message, source.limits)
    if cut is not None:
        yield cut


def body_text(data: bytes) -> str:
    """The plain text of a message: the text whose lines the locators of its segments count."""
    return "\n\n".join(part.text for part in parts(read_message(data)[0]) if isinstance(part, PlainBody))


def read_message(data: bytes) -> tuple[MimeMessage, bool]:
    """The MIME tree of a message, and whether that is all of it."""
    data = _mended(data)
    try:
        return message_from_bytes(data, policy=compat32), True
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        # Thousands of nested parts, or a header the library trips over: at least the headers can be read.
        head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
        message = MimeMessage(policy=compat32)
        for line in re.sub(rb"\r?\n[ \t]+", b" ", head).decode("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            if name.lower() in ("from", "to", "cc", "subject", "date", "message-id"):
                message[name] = value.strip()
        message.set_payload("")
        return message, False


def _mended(data: bytes) -> bytes:
    """The message without what stands before its headers, and with stray lines among them made continuations."""
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith((b"From ", b">From ")):
        data = data.partition(b"\n")[2]
    blank = re.search(rb"\n\r?\n|\r\r", data)
    head = data[: blank.start()] if blank else data
    lines = re.split(rb"(?<=\n)", head)
    mended: list[bytes] = []
    stray = 0
    for line in lines:
        if line and not _HEADER.match(line) and line[:1] not in b" \t" and mended:
            stray += 1
            line = b" " + line
        mended.append(line if len(line) <= _MAX_HEADER_LINE else line[:_MAX_HEADER_LINE] + b"\n")
    # Many such lines: no damaged header, but a body that no blank line sets apart.
    if stray > 3:
        return data
    return b"".join(mended) + data[len(head) :]


def message_items(message: MimeMessage, limits: Limits) -> Iterator[ParseItem]:
    """What a parser yields for a message."""
    headers = mail_headers.raw_headers(message)
    mail = mail_headers.mail(headers, charset_of(message))
    is_page = bool(_SAVED_PAGE.search("".join(headers.get("from", [])[:1])) or "snapshot-content-location" in headers)
    created = mail_headers.sent(headers)
    if is_page:
        yield Metadata(kind="web", title=mail.subject, created=created)
    else:
        labels = ",".join(headers.get("x-gmail-labels", []) + headers.get("keywords", []))
        tags = tuple(tag for part in labels.split(",") if (tag := mail_headers.words(part)))
        yield Metadata("mail", mail.subject, str(mail.sender), created, mail=mail, tags=tags)

    line, files, empty = 1, 0, True
    names: Counter[str] = Counter()
    for part in parts(message):
        if isinstance(part, Problem):
            yield part
        elif isinstance(part, AttachedFile):
            if part.decoration or (is_page and not _worth_reading(part)):
                continue
            files += 1
            if files > limits.attachments:
                yield Problem(
                    "over-cap",
                    say("parsing.mail-more-than-attachments-rest-left", attachments=limits.attachments),
                    say("parsing.save-them-files-they-can-indexed"),
                )
                break
            name = _unique(part.name, names)
            yield Attachment(name, part.mime, part.data, Message(1, name))
        else:
            for segment in _body_segments(part, line, is_page):
                empty = False
                yield segment
            if isinstance(part, PlainBody):
                line += part.text.count("\n") + 2
    if empty and mail.subject:
        yield Segment(mail.subject, Message(1))  # mails of a subject alone are common


def _body_segments(part: PlainBody | HtmlBody, line: int, is_page: bool) -> Iterator[Segment]:
    if isinstance(part, PlainBody):
        yield from text_segments(part.text, line)
    elif is_page:
        from desktop_rag.parsing.web.html import html_segments

        for segment in html_segments(mail_headers.decode_bytes(part.data, part.charset), boilerplate=True):
            yield Segment(segment.text, Message(1), segment.headings, form=segment.form, context=segment.context)
    else:
        yield from html_segments_by_role(part.data, part.charset)


def _worth_reading(part: AttachedFile) -> bool:
    """Whether a part of a saved page is more than its dressing."""
    main, _, _ = part.mime.partition("/")
    return main not in ("text", "font", "audio") and "script" not in part.mime and (
        main != "image" or (len(part.data) > 4 * DECORATION_BYTES and "svg" not in part.mime)
    )  # fmt: skip


def _unique(name: str, names: Counter[str]) -> str:
    names[name] += 1
    if names[name] == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    return _unique(f"{stem} ({names[name]}).{suffix}" if dot else f"{name} ({names[name]})", names)
