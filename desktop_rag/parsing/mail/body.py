"""The text of a mail -> segments that keep apart what the sender wrote, what is quoted, and the signature."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import quotequail
from msgspec.structs import replace

from desktop_rag.parsing.mail.headers import decode_bytes
from desktop_rag.types import Lines, Message, Role, Segment

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_QUOTE_MARK = re.compile(r"^ {0,3}(?:>[ \t]?)++")
_RULE = re.compile(r"[\s\-_=*#~.+|>]*")
_HAS_DATE_OR_ADDRESS = re.compile(r"\d|@")

# Without one of these words a line needs no closer look.
_VERB = re.compile(
    r"wrote|writes|schrieb|écrit|escribió|scritto|escreveu|написал|skrev|schreef|geschreven|napisa|pisze", re.IGNORECASE
)
_FORWARD_WORD = re.compile(r"message|nachricht|e-mail|mensaje|meddelande|bericht|messaggio|сообщение", re.IGNORECASE)

# Introductions of a quoted mail that quotequail does not know.
_INTRODUCTION = re.compile(
    r"(?:.+\b(?:wrote|writes)|.+\bschrieb(?: .+)?|Il .+ ha scritto|Le .+ a écrit|.+\bescreveu"
    r"|.+\bha scritto|.+\b(?:napisał|napisała|napisał\(a\)|pisze)|.+\bskrev(?: .+)?) ?:",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[-\s]*(?:Weitergeleitete Nachricht|Message transféré|Messaggio inoltrato|Original Message)[-\s]*"
)
_HEADER_LINE = re.compile(
    r"\*{0,2}(?:From|Von|De|Da|Van|Från|От|От кого|Subject|Betreff|Objet|Date|Datum)[*\s]{0,3}:", re.IGNORECASE
)

_SIGN_OFF = re.compile(
    r"(?:(?:with |many )?(?:best|kind|kindest|warm|warmest)?\s?(?:regards|wishes|greetings)|best|cheers|sincerely"
    r"|yours(?: sincerely| faithfully| truly)?|(?:many )?thanks(?: and regards| again| in advance)?|thank you|love"
    r"|mit (?:freundlichen|besten|herzlichen|lieben) grüßen|mit freundlichen gruessen|mfg|(?:viele|liebe|beste|schöne"
    r"|herzliche|freundliche) grüße.{0,20}|(?:bien )?cordialement|(?:bien )?à (?:vous|toi)|amicalement|bises"
    r"|salutations"
    r"|saludos(?: cordiales)?|un saludo|cordiali saluti|met vriendelijke groet(?:en)?|groeten|atenciosamente|abraços?"
    r"|\u0441 уважением|z poważaniem|pozdrawiam)\s?[,.!]*",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"-{0,3} ?(?:sent from (?:my|mail|outlook|yahoo|gmail|proton)|sent (?:via|with|using) |get outlook for"
    r"|von meinem .+ gesendet|gesendet (?:von|mit|über)|diese nachricht wurde von meinem"
    r"|envoyé (?:de|depuis|à partir)|enviado (?:desde|do|a partir)|inviato da|verzonden vanaf|skickat från).{0,80}",
    re.IGNORECASE,
)
_MAX_SIGNATURE_LINES = 25
_MAX_SIGN_OFF_LINES = 15
_MAX_INTRODUCTION = 300
_MAX_LOOKS = 3_000
"""Lines of one mail that are looked at closely: enough for any mail, and no burden in a log file of millions."""


def text_segments(text: str, first_line: int = 1) -> Iterator[Segment]:
    """One segment for each paragraph of a plain body; ``first_line`` is the number of the text's first line."""
    lines = text.split("\n")
    start = 0
    previous: tuple[int, Role] = (0, "body")
    shown: list[str] = []
    for number, (line, role) in enumerate(zip([*lines, ""], [*roles(lines), previous[1]], strict=True)):
        mark = _QUOTE_MARK.match(line) if role == "quoted" else None
        clean = (line[mark.end() :] if mark else line).rstrip()
        level = (mark[0].count(">") if mark else 0, role)
        if shown and (not clean.strip() or level != previous):
            if not _RULE.fullmatch("".join(shown)):
                where = Message(1, "", Lines(first_line + start, first_line + number - 1))
                yield Segment("\n".join(shown), where, role=previous[1])
            shown = []
        if clean.strip():
            if not shown:
                start = number
            shown.append(clean)
        previous = level


def roles(lines: Sequence[str]) -> list[Role]:
    """Who speaks in each line of a mail."""
    found: list[Role] = ["body"] * len(lines)
    number = looks = 0
    while number < len(lines):
        if _QUOTE_MARK.match(lines[number]):
            found[number] = "quoted"
        elif looks < _MAX_LOOKS and _worth_a_look(lines, number):
            looks += 1
            end = _introduction_end(lines, number)
            if end:
                following = next((n for n in range(end, len(lines)) if lines[n].strip()), len(lines))
                # A quotation without marks has no end that could be seen: it goes on to the end of the mail.
                marked = following < len(lines) and _QUOTE_MARK.match(lines[following])
                stop = following if marked else len(lines)
                found[number:stop] = ["quoted"] * (stop - number)
                number = stop
                continue
            if _forward_starts(lines, number):
                found[number:] = ["quoted"] * (len(lines) - number)
                break
        number += 1
    _mark_signatures(lines, found)
    return found


def _worth_a_look(lines: Sequence[str], number: int) -> bool:
    """A quick test that lets pass every line at which a quoted mail may begin."""
    line = lines[number]
    if not line or len(line) > _MAX_INTRODUCTION:
        return False
    if _HEADER_LINE.match(line) or (line.rstrip()[-1:] in ("-", ":") and _FORWARD_WORD.search(line)):
        return True
    near = lines[number : number + 3]
    return any(row.rstrip().endswith(":") for row in near) and any(_VERB.search(row) for row in near)


def _introduction_end(lines: Sequence[str], number: int) -> int:
    """The line after "On …, … wrote:" (which may be wrapped) if it begins at line ``number``, else 0."""
    for end in range(number + 1, min(number + 4, len(lines) + 1)):
        last = lines[end - 1].strip()
        if not last:
            return 0
        if not last.endswith(":"):
            continue
        whole = " ".join(" ".join(lines[number:end]).split())
        if len(whole) > _MAX_INTRODUCTION or not _HAS_DATE_OR_ADDRESS.search(whole):
            return 0
        if _INTRODUCTION.fullmatch(whole) or _quotequail_finds(whole):
            return end
    return 0


def _forward_starts(lines: Sequence[str], number: int) -> bool:
    """Whether a forwarded mail, or a mail quoted with its headers, begins at this line."""
    line = lines[number].rstrip()
    if _FORWARD_WORD.search(line) and (_FORWARDED.fullmatch(line) or _quotequail_finds(line)):
        return True
    if not _HEADER_LINE.match(line):
        return False
    found = quotequail.unwrap("\n".join(lines[number : number + 8]))
    if not found or found["type"] != "forward" or "text_top" in found:
        return False
    return "from" in found and sum(name in found for name in ("date", "to", "cc", "subject")) >= 2


def _quotequail_finds(line: str) -> bool:
    parts = quotequail.quote(line, quote_intro_line=True)
    return len(parts) == 2 and not parts[0][1]


def _mark_signatures(lines: Sequence[str], found: list[Role]) -> None:
    """Mark the signature at the end of each stretch that the sender wrote."""
    start = 0
    while start < len(lines):
        if found[start] != "body":
            start += 1
            continue
        end = start
        while end < len(lines) and found[end] == "body":
            end += 1
        tail = [n for n in range(start, end) if lines[n].strip()][-_MAX_SIGNATURE_LINES - 1 :]
        for position, number in enumerate(tail):
            if _signature_starts(lines, tail[position:], number > start):
                found[number:end] = ["signature"] * (end - number)
                break
        start = end


def _signature_starts(lines: Sequence[str], tail: Sequence[int], something_above: bool) -> bool:
    line = lines[tail[0]]
    word = line.strip()
    if line.startswith("-- ") and not word.strip("-"):
        return True
    if len(tail) > _MAX_SIGN_OFF_LINES:
        return False
    if word in ("--", "\u2013", "\u2014") or _SENT_FROM.fullmatch(word):
        return True
    if len(word) >= 20 and not word.strip("_"):  # the footer of a mailing list
        return True
    below = [lines[n].strip() for n in tail[1:]]
    return (
        something_above
        and bool(_SIGN_OFF.fullmatch(word))
        and all(len(row) <= 100 and not re.match(r"P\.?\s?S\b", row) for row in below)
    )


# --- HTML bodies -----------------------------------------------------------------------------------------------------

# Characters that no text may contain mark, in the page handed to the HTML parser, where a quotation or signature is.
_OPENING: dict[str, Role] = {"\ufdd0": "quoted", "\ufdd1": "signature"}
_CLOSING = "\ufdd2"
_ANY_MARK = re.compile("([\ufdd0-\ufdd2])")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufdd0-\ufdd2\ufffe\uffff]")
_WORTH_MARKING = re.compile(
    r"<blockquote|gmail_|moz-|divRplyFwdMsg|yahoo_quoted|protonmail_|signature|appendonsend", re.IGNORECASE
)
_QUOTED_CLASS = re.compile(r"gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote|zmail_extra")
_OUTLOOK_QUOTE = ("divRplyFwdMsg", "appendonsend")
_SIGNATURE_CLASS = re.compile(r"gmail_signature|moz-signature|protonmail_signature|^signature$|^Signature$")


def html_segments_by_role(data: bytes, declared: str) -> Iterator[Segment]:
    """The segments of an HTML body, in reading order."""
    from desktop_rag.parsing.web.html import html_segments

    page = decode_bytes(data, declared or _charset_in_page(data))
    pieces: list[tuple[Segment, str, Role]] = []  # segment, one of its lines, the role the markup gives it
    open_marks: list[Role] = []
    marked: Role = "body"
    for segment in html_segments(_marked(page), boilerplate=False):
        for line in segment.text.split("\n"):
            for bit in _ANY_MARK.split(line):
                if bit in _OPENING:
                    open_marks.append(_OPENING[bit])
                elif bit == _CLOSING:
                    del open_marks[-1:]
                elif bit.strip():
                    pieces.append((segment, bit, marked))
                marked = "quoted" if "quoted" in open_marks else open_marks[-1] if open_marks else "body"
        pieces.append((segment, "", marked))
    seen = roles([f"> {line}" if marked == "quoted" and line else line for _, line, marked in pieces])
    yield from _grouped(
        [
            (segment, line, role if marked == "body" else marked)
            for (segment, line, marked), role in zip(pieces, seen, strict=True)
        ]
    )


def _grouped(pieces: Sequence[tuple[Segment, str, Role]]) -> Iterator[Segment]:
    lines: list[str] = []
    for number, (segment, line, role) in enumerate(pieces):
        if line:
            lines.append(line.strip() if segment.form == "prose" else line.rstrip())
        following = pieces[number + 1] if number + 1 < len(pieces) else None
        if following is None or following[0] is not segment or (following[1] and following[2] != role):
            text = "\n".join(lines)
            if not _RULE.fullmatch(text):
                yield replace(segment, text=text, locator=Message(1), role=role)
            lines = []


def _charset_in_page(data: bytes) -> str:
    found = re.search(rb"charset\s*=\s*[\"']?([\w.:-]+)", data[:4096], re.IGNORECASE)
    return found[1].decode("ascii", "replace") if found else ""


def _marked(page: str) -> str:
    """The page with marks around what its markup says is quoted or a signature."""
    if not _WORTH_MARKING.search(page):
        return page
    from lxml import etree, html

    page = _NO_XML.sub("", page)
    try:
        tree = html.document_fromstring(page.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError):
        return page
    for element in list(tree.iter("blockquote", "div", "pre", "span", "table")):
        role = _role_of_element(element)
        if not role or element.getparent() is None:
            continue
        opening, closing = html.Element("p"), html.Element("p")
        opening.text = next(mark for mark, opened in _OPENING.items() if opened == role)
        closing.text = _CLOSING
        element.addprevious(opening)
        if element.get("id") not in _OUTLOOK_QUOTE:  # there the quoted mail is all that follows
            closing.tail, element.tail = element.tail, None
            element.addnext(closing)
    return str(html.tostring(tree, encoding="unicode"))


def _role_of_element(element: HtmlElement) -> Role | None:
    classes, identifier = element.get("class") or "", element.get("id") or ""
    if any(_SIGNATURE_CLASS.search(name) for name in (*classes.split(), identifier)):
        return "signature"
    if _QUOTED_CLASS.search(classes) or identifier in _OUTLOOK_QUOTE:
        return "quoted"
    # Composers indent with the same element, and then switch its border off.
    indented = element.tag == "blockquote" and "border:none" in (element.get("style") or "").replace(" ", "")
    return "quoted" if element.tag == "blockquote" and not indented else None
