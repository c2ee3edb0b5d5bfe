"""Is it text, and if so which kind: mail, mailbox, web page, calendar, …"""

from __future__ import annotations

import codecs
import re

from desktop_rag.parsing.formats import Format, by_suffix

_CONTROLS = bytes(set(range(32)) - {0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B})
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)

_STRONG_HEADERS = re.compile(
    r"return-path|received|delivered-to|message-id|mime-version|x-original-to|in-reply-to|references|envelope-to|"
    r"content-transfer-encoding|dkim-signature|newsgroups|x-mailer|x-mozilla-status|arc-seal|list-unsubscribe"
)
_WEAK_HEADERS = re.compile(r"from|to|cc|bcc|subject|date|sender|reply-to")
_MAIL_SCORE = 3
_HEADER = re.compile(r"([!-9;-~]{1,76}):(?:[ \t]|$)(.*)")
_MIME_TYPE = re.compile(r"\s*(multipart|message)/[\w-]+", re.IGNORECASE)
_FROM_LINE = re.compile(r"From \S.*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.* \d\d?:\d\d")
_PICTURES_AS_TEXT = (b"#define ", b"/* XPM */", b"P1", b"P2", b"P3")
"""How pictures begin that are written as text (XBM, XPM, PPM)."""
_XML_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")

_NAMED_BY_HAND = ("plain text", "CSV table", "JSON", "calendar", "contacts", "rich text")
"""Formats whose suffix is often given to something else. The others (Markdown, code, XML, …) may well begin like a mail
or a web page, and their suffix is believed."""


def is_text(head: bytes, *, expected: bool) -> bool:
    """Whether bytes are text in some encoding. ``expected``: the name says so, and a stray control byte is forgiven."""
    if head.startswith(_WIDE_BOMS) or _is_utf16(head):
        return True
    if b"\x00" in (head[:64] if expected else head):
        return False
    strays = len(head) - len(head.translate(None, _CONTROLS))
    return strays <= len(head) * (0.05 if expected else 0.005)


def _is_utf16(head: bytes) -> bool:
    """UTF-16 without a mark: nearly every second byte of Western text is zero, and none of the others."""
    sample = head[:1024]
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    return half > 8 and max(even, odd) > 0.7 * half and min(even, odd) == 0


def text_format(head: bytes, hint: Format | None) -> Format | None:
    """The format of text: what it is by its first lines where the hint leaves that open, else the hint."""
    if hint is not None and hint.carrier == "text" and hint.name not in _NAMED_BY_HAND and hint.parser:
        return hint
    found = _by_first_lines(_narrow(head))
    if found:
        return by_suffix(found)
    if hint is None:
        return by_suffix(_by_first_mark(head))
    if hint.parser and hint.carrier != "text" and not head.startswith(_PICTURES_AS_TEXT):
        return by_suffix(".txt")
    return hint  # a text format, a picture written as text, or something nobody reads


def _narrow(head: bytes) -> str:
    """The first bytes as characters, good enough for comparing ASCII words."""
    return head.removeprefix(codecs.BOM_UTF8).lstrip(b"\xff\xfe").replace(b"\x00", b"").decode("latin-1").lstrip()


def _by_first_lines(text: str) -> str:
    start = text[:64].lower()
    if start.startswith("{\\rtf"):
        return ".rtf"
    if start.startswith("begin:vcalendar"):
        return ".ics"
    if start.startswith("begin:vcard"):
        return ".vcf"
    if start.startswith("webvtt"):
        return ".vtt"
    if start.startswith("%!ps"):
        return ".eps"
    if start.startswith(("<!doctype html", "<html")):
        return ".html"
    if start.startswith(("<?xml", "<svg")):
        root = _XML_ROOT.search(text)
        return {"html": ".html", "svg": ".svg"}.get(root[1].lower() if root else "", ".xml")
    if start.startswith("from ") and _FROM_LINE.match(text):
        return ".mbox" if _is_mail(text.partition("\n")[2], least=1) else ""
    return _mail_suffix(text)


def _mail_suffix(text: str) -> str:
    if not _is_mail(text, least=_MAIL_SCORE):
        return ""
    headers = re.split(r"\n\r?\n", text, maxsplit=1)[0].lower()
    is_web_page = "multipart/related" in headers and "\nreceived:" not in headers and "\nto:" not in headers
    return ".mhtml" if is_web_page and ("snapshot-content-location" in headers or "saved by" in headers) else ".eml"


def _is_mail(text: str, *, least: int) -> bool:
    """Whether text begins with a block of mail headers: well-known names, counted to the first other line."""
    score = 0
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines()[:80]):
        if line[:1] in (" ", "\t") and number:
            continue
        header = _HEADER.match(line)
        if header is None:
            break
        name = header[1].lower()
        if name in seen:
            continue
        seen.add(name)
        if _STRONG_HEADERS.fullmatch(name):
            score += 2
        elif _WEAK_HEADERS.fullmatch(name):
            score += 1
        elif name == "content-type":
            score += 3 if _MIME_TYPE.match(header[2]) else 1
        if score >= least:
            return True
    return False


def _by_first_mark(head: bytes) -> str:
    """The suffix for text without a known one."""
    start = head.lstrip()[:512]
    if start.startswith(b"#!"):
        return ".sh"
    if re.match(rb'\{\s*"|\[\s*[\{\["]', start):
        return ".json"
    if re.match(rb"<(head|body|title|meta|script|table|div|p|h1)\b", start, re.IGNORECASE):
        return ".html"
    return ".txt"
