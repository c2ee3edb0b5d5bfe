"""The tree of MIME parts of a mail -> its bodies and files, in reading order."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message as MimeMessage
from email.policy import compat32
from typing import TypeVar

from msgspec import Struct

from desktop_rag.messages import say
from desktop_rag.parsing.mail import headers as mail_headers
from desktop_rag.types import Problem

_Answer = TypeVar("_Answer")
_Default = TypeVar("_Default")

_MAX_NESTING = 60
DECORATION_BYTES = 8 * 1024
"""Pictures smaller than this that a page shows inline are logos, bullets and tracking pixels."""

_ARMOUR = re.compile(
    r"^-----BEGIN PGP (SIGNATURE|PUBLIC KEY BLOCK|MESSAGE)-----.*?(?:^-----END PGP \1-----$|\Z)"
    r"|^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z]+: .*\n)*",
    re.DOTALL | re.MULTILINE,
)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S.*)\n((?:[ -`]{1,90}\n)+?)(?:`? *\n)?end[ \t]*$", re.MULTILINE)
_NO_TEXT = re.compile(r"\bhtml\b|view (?:this|it|the) (?:e-?mail |message )?(?:in|online)", re.IGNORECASE)
_RAW_NAME = re.compile(r'(?:file)?name\s*=\s*(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_BODY_TYPES = ("text/plain", "text/enriched", "text/richtext", "text/rfc822-headers")
_SUFFIXES = {
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/directory": ".vcf",
    "text/html": ".html",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "message/rfc822": ".eml",
    "application/ms-tnef": ".dat",
}


class PlainBody(Struct, frozen=True):
    """A plain body."""

    text: str


class HtmlBody(Struct, frozen=True):
    """An HTML body; ``charset`` is what the mail says about it."""

    data: bytes
    charset: str


class AttachedFile(Struct, frozen=True):
    """A part that is a document of its own."""

    name: str
    mime: str
    data: bytes
    decoration: bool = False


MailPart = PlainBody | HtmlBody | AttachedFile | Problem


def parts(part: MimeMessage, depth: int = 0, parent: str = "") -> Iterator[MailPart]:
    """The leaves of a message that a person would see, in order."""
    mime = part.get_content_type()
    if depth > _MAX_NESTING:
        yield Problem("over-cap", say("parsing.some-parts-mail-nested-too-deeply"))
    elif mime == "multipart/encrypted":
        yield _encrypted(say("parsing.mail-encrypted-pgp"))
    elif mime.startswith("multipart/") and part.is_multipart():
        children = [child for child in part.get_payload() if isinstance(child, MimeMessage)]
        if mime == "multipart/alternative":
            yield from _best_alternative(children, depth)
        else:
            for child in children:
                yield from parts(child, depth + 1, mime)
    elif mime in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        signed = "signed-data" in str(part.get("Content-Type", ""))
        yield _encrypted(
            say("parsing.mails-text-inside-s-mime-signature") if signed else say("parsing.mail-encrypted-s-mime")
        )
    elif mime.endswith(("pgp-signature", "pkcs7-signature", "/applefile")):
        return
    elif mime in ("message/rfc822", "message/global", "message/news") and part.is_multipart():
        yield _inner_message(part)
    elif mime.startswith("message/") and part.is_multipart():  # delivery reports: blocks of headers
        blocks = [_as_text(child) for child in part.get_payload() if isinstance(child, MimeMessage)]
        yield PlainBody("\n\n".join(blocks))
    elif mime.startswith("multipart/") and (mended := _with_boundary_found(part)) is not None:
        yield from parts(mended, depth + 1)
    else:
        yield from _leaf(part, mime, depth, parent)


def body(message: MimeMessage) -> tuple[str, bytes]:
    """What a message says: its media type, "text/html" if it says it so too, else "text/plain", and the text in
    UTF-8."""
    page = next(_pages(message), None)
    if page is not None:
        return "text/html", mail_headers.decode_bytes(page.data, page.charset).encode("utf-8", "replace")
    text = "\n\n".join(part.text for part in parts(message) if isinstance(part, PlainBody))
    return "text/plain", text.encode("utf-8", "replace")


def _pages(part: MimeMessage, depth: int = 0, parent: str = "") -> Iterator[HtmlBody]:
    """The HTML of a message itself, be there another form of it or not."""
    mime = part.get_content_type()
    if mime.startswith("multipart/") and mime != "multipart/encrypted" and depth <= _MAX_NESTING:
        children = part.get_payload() if part.is_multipart() else []
        for child in children:
            if isinstance(child, MimeMessage):
                yield from _pages(child, depth + 1, mime)
    elif mime.startswith("text/"):
        yield from (leaf for leaf in _leaf(part, mime, depth, parent) if isinstance(leaf, HtmlBody))


def _with_boundary_found(part: MimeMessage) -> MimeMessage | None:
    """A multipart whose header names no boundary, or a wrong one, parsed again by the boundary that is there."""
    payload = part.get_payload()
    found = (
        re.search(r'^--([^\s"]{1,70})[ \t]*\r?\n(?=Content-)', payload, re.MULTILINE)
        if isinstance(payload, str)
        else None
    )
    if found is None or not isinstance(payload, str):
        return None
    header = f'Content-Type: {part.get_content_type()}; boundary="{found[1]}"\n\n'
    mended = message_from_bytes((header + payload).encode("utf-8", "surrogateescape"), policy=compat32)
    return mended if mended.is_multipart() else None


def _best_alternative(children: list[MimeMessage], depth: int) -> Iterator[MailPart]:
    """Of several forms of one text the plain one, unless it says nothing; and every part that is none of them."""
    forms = [list(parts(child, depth + 1, "multipart/alternative")) for child in children]
    plain = [form for form in forms if any(isinstance(item, PlainBody) for item in form) and not _has_html(form)]
    rich = [form for form in forms if _has_html(form)]
    text = "\n".join(item.text for form in plain for item in form if isinstance(item, PlainBody)).strip()
    # "Your mail program cannot show HTML" is no text.
    says_nothing = not text or (len(text) < 400 and _NO_TEXT.search(text))
    unused = plain if says_nothing and rich else rich if plain else rich[:-1]
    for form in forms:
        for item in form:
            if not (isinstance(item, PlainBody | HtmlBody) and any(form is other for other in unused)):
                yield item


def _has_html(form: list[MailPart]) -> bool:
    return any(isinstance(item, HtmlBody) for item in form)


def _leaf(part: MimeMessage, mime: str, depth: int, parent: str) -> Iterator[MailPart]:
    data = _content(part)
    name = _file_name(part)
    disposition = str(part.get("Content-Disposition", "")).strip().lower()
    attached = disposition.startswith("attachment") or bool(name)
    if mime in ("text/plain", "text/html") and depth == 0:
        attached = False
    if mime.startswith("multipart/"):
        mime, attached = "text/plain", False  # its parts could not be told apart
    if mime == "text/html" and not attached:
        yield HtmlBody(data, charset_of(part))
    elif not attached and (mime in _BODY_TYPES or mime.startswith("message/")):
        yield from _plain(part, mime, data)
    elif data.strip():
        # Text forms that are no body (calendar, table, …) and everything with a name are documents of their own.
        shown_inline = not disposition.startswith("attachment") and (
            "Content-ID" in part or parent == "multipart/related"
        )
        decoration = mime.startswith("image/") and shown_inline and len(data) < DECORATION_BYTES
        yield AttachedFile(name or "attachment" + _SUFFIXES.get(mime, ""), mime, data, decoration)


def _plain(part: MimeMessage, mime: str, data: bytes) -> Iterator[MailPart]:
    text = mail_headers.decode_bytes(data, charset_of(part))
    if re.match(r"\s*<(?:!doctype html|html)\b", text, re.IGNORECASE):
        yield HtmlBody(data, charset_of(part))
        return
    if mime in ("text/enriched", "text/richtext"):
        text = re.sub(r"<param>.*?</param>|<[^<>]{1,40}>", "", text.replace("<<", "<"), flags=re.DOTALL)
    if str(_quietly(lambda: part.get_param("format"), "") or "").lower() == "flowed":
        text = _unflowed(text, str(_quietly(lambda: part.get_param("delsp"), "") or "").lower() == "yes")
    files: list[AttachedFile] = []

    def take(found: re.Match[str]) -> str:
        files.append(AttachedFile(_clean_name(found[1]), "", _uudecoded(found[2])))
        return "\n" * found[0].count("\n")

    if "\nbegin " in f"\n{text}":
        text = _UUENCODED.sub(take, text)
    if "-----BEGIN PGP " in text:
        if "-----BEGIN PGP MESSAGE-----" in text:
            yield _encrypted(say("parsing.mail-part-encrypted-pgp"))
        text = _ARMOUR.sub(lambda found: "\n" * found[0].count("\n"), text)
    yield PlainBody(text)
    yield from files


def _encrypted(message: str) -> Problem:
    return Problem("encrypted", message, say("parsing.save-text-mail-program-indexed"))


def _inner_message(part: MimeMessage) -> AttachedFile:
    children = part.get_payload()
    inner = children[0] if isinstance(children, list) else None
    if not isinstance(inner, MimeMessage):
        return AttachedFile("message.eml", "message/rfc822", b"")
    # Headers are written as they came, not folded anew.
    policy = compat32.clone(max_line_length=0)
    data: bytes = _quietly(lambda: inner.as_bytes(policy=policy), b"") or _as_text(inner).encode()
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding in ("base64", "quoted-printable") and not inner.keys():  # not allowed, but done
        inner["Content-Transfer-Encoding"] = encoding
        data = _content(inner)
    subject = mail_headers.words(str(inner.get("Subject", "")))
    return AttachedFile(
        _file_name(part) or re.sub(r"[\\/]", "-", subject or "message")[:190] + ".eml", "message/rfc822", data
    )


def _as_text(part: MimeMessage) -> str:
    """Headers and text of a part, readable."""
    headers = "".join(f"{name}: {mail_headers.words(str(value))}\n" for name, value in part.raw_items())
    text = "" if part.is_multipart() else mail_headers.decode_bytes(_content(part), charset_of(part))
    return f"{headers}\n{text}".strip()


def _content(part: MimeMessage) -> bytes:
    """The decoded bytes of a leaf; a transfer encoding cut short gives what came before the cut."""
    data = _quietly(lambda: part.get_payload(decode=True), None)
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if isinstance(data, bytes) and encoding != "base64":
        return data
    payload = _quietly(part.get_payload, "")
    raw = payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""
    if not isinstance(data, bytes):
        return raw
    # The library hands back what it could not decode, its line ends removed.
    if data in (raw, b"".join(raw.splitlines())):
        kept = _NO_BASE64.sub(b"", raw)
        return base64.b64decode(kept[: len(kept) // 4 * 4])
    return data


def charset_of(part: MimeMessage) -> str:
    """What the part says its charset is, or ""."""
    return str(_quietly(part.get_content_charset, "") or "")


def _file_name(part: MimeMessage) -> str:
    name = str(_quietly(part.get_filename, "") or "")
    if "\ufffd" in name or (name and not name.isascii() and any("\udc80" <= c <= "\udcff" for c in name)):
        # Bytes of an unnamed charset: the library has replaced them, the header itself still has them.
        for header, value in part.raw_items():
            found = _RAW_NAME.search(str(value)) if header.lower() in ("content-disposition", "content-type") else None
            if found:
                name = found[1] or found[2]
                break
    return _clean_name(mail_headers.words(name, charset_of(part)))


def _clean_name(name: str) -> str:
    """A file name without its folders, whichever system wrote it."""
    return re.split(r"[\\/]", name)[-1].strip()[-200:]


def _quietly(call: Callable[[], _Answer], default: _Default) -> _Answer | _Default:
    # The standard library's accessors raise almost anything on malformed parameters (LookupError, UnicodeError,
    # TypeError, AttributeError, binascii.Error, IndexError, …); a broken parameter counts as missing.
    try:
        return call()
    except Exception:
        return default


def _unflowed(text: str, delete_space: bool) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676)."""
    lines: list[str] = []
    flowing = -1  # quote depth of the paragraph that goes on, -1 for none
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if flowing == depth and content.strip() != "--":
            lines[-1] += content
        else:
            lines.append(f"{'>' * depth} {content}" if depth else content)
        soft = content.endswith(" ") and content != "-- "
        flowing = depth if soft else -1
        if soft and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _uudecoded(text: str) -> bytes:
    data = b""
    for line in text.splitlines():
        # Some encoders pad lines beyond what their first character announces.
        length = ((ord(line[0]) - 32) & 63) * 4 // 3 + 4
        for row in (line, line[:length]):
            try:
                data += binascii.a2b_uu(row.encode("ascii"))
                break
            except (binascii.Error, UnicodeError):
                continue
    return data
