"""Rich Text Format: control words, groups and code pages -> paragraphs, tables and notes.

RTF is a stream of control words that change a state, and groups that save and restore it. Here the state is what text
is for (its destination), its font's code page and the paragraph's style; everything that only looks is ignored.
"""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime

from msgspec import Struct, field

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|([^\\{}\r\n\0]+)|[\r\n\0]+|\\"
)
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_CODE_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_MAC_CODE_PAGES = {
    10000: "mac_roman",
    10001: "shift_jis",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10029: "mac_latin2",
}
_SYMBOL = 2
_CHARACTERS = {
    "tab": "\t", "line": "\n", "emdash": "\u2014", "endash": "\u2013", "emspace": " ", "enspace": " ", "qmspace": " ",
    "bullet": "\u2022", "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d",
    "nestcell": " ", "nestrow": "\n", "zwj": "\u200d", "zwnj": "\u200c", "lbr": "\n", "column": "\n",
}  # fmt: skip
_SYMBOLS = {b"~": " ", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n"}
_OWN_TEXT = {
    "footnote": "note", "annotation": "comment", "header": "aside", "headerl": "aside", "headerr": "aside",
    "headerf": "aside", "footer": "aside", "footerl": "aside", "footerr": "aside", "footerf": "aside",
    "shptxt": "box", "dptxbxtext": "box", "title": "title", "author": "author", "subject": "subject",
    "keywords": "keywords", "atnauthor": "atnauthor", "objdata": "object", "creatim": "creatim",
    "fonttbl": "fonttbl", "stylesheet": "stylesheet", "listtext": "listtext", "pntext": "listtext",
}  # fmt: skip
_SKIPPED = {
    "aftnsep", "aftnsepc", "aftncn", "atnid", "atnref", "bkmkstart", "bkmkend", "colortbl", "colorschememapping",
    "comment", "company", "datafield", "datastore", "doccomm", "filetbl", "fldinst", "ftnsep", "ftnsepc", "ftncn",
    "generator", "hlinkbase", "htmltag", "info", "latentstyles", "leveltext", "levelnumbers",
    "list", "listlevel", "listname", "listoverride", "listoverridetable", "listtable", "manager", "mmathPr",
    "nonshppict", "objclass", "objname", "operator", "pict", "pgdsctbl", "pn", "pnseclvl", "printim", "private",
    "revtbl", "revtim", "rsidtbl", "rxe", "shppict", "sn", "sp", "sv", "tc", "template", "themedata", "upr",
    "userprops", "wgrffmtfilter", "xe", "xmlnstbl",
}  # fmt: skip
_IGNORABLE_READ = {"shpinst", "ud", "moMath", "moMathPara", "cs", "ts"} | set(_OWN_TEXT)
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik)\s*([1-9])", re.IGNORECASE)
_BODY = "body"


class RtfBlock(Struct):
    """A paragraph (its ``level`` from 1 if it is a heading), a note below it, or a table's rows of cells."""

    text: str = ""
    level: int = 0
    listed: bool = False
    rows: list[list[str]] = field(default_factory=list)
    after_blank: bool = False
    """Whether a paragraph without text stands before it."""


class RtfDocument(Struct):
    """What an RTF file holds."""

    blocks: list[RtfBlock] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    """Headers and footers."""
    objects: list[bytes] = field(default_factory=list)
    """Embedded objects in OLE 1 form."""
    title: str = ""
    author: str = ""
    created: datetime | None = None


class _RtfGroup(Struct):
    """The state that braces save and restore."""

    destination: str = _BODY
    encoding: str = ""
    unicode_skip: int = 1
    hidden: bool = False
    owner: bool = False
    """Whether this group opened its destination: its end is the destination's end."""


class _RtfParagraph(Struct):
    style: int = 0
    level: int = 0
    in_table: bool = False
    listed: bool = False


def read_rtf(data: bytes) -> RtfDocument:
    """Read an RTF file; what is cut short is read up to the cut."""
    reader = _RtfReader()
    reader.run(data)
    return reader.found


class _RtfReader:
    def __init__(self) -> None:
        self.found = RtfDocument()
        self._default = "cp1252"
        self._group = _RtfGroup(encoding=self._default)
        self._stack: list[_RtfGroup] = []
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._levels: dict[int, int] = {}
        self._paragraph = _RtfParagraph()
        self._style_group = _RtfParagraph()
        self._texts: dict[str, list[str]] = {_BODY: []}
        self._bytes = bytearray()
        self._skip = 0
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._notes: list[str] = []
        self._blank = False
        self._time: dict[str, int] = {}

    def run(self, data: bytes) -> None:
        at = 0
        starting = starred = False  # right after an opening brace; right after the \\* that follows it
        while at < len(data):
            match = _TOKEN.match(data, at)
            if match is None:
                break
            at = match.end()
            word, number, code, symbol, brace, text = match.groups()
            if word is not None:
                name = word.decode("ascii")
                value = int(number) if number else None
                if name == "bin":
                    at += max(value or 0, 0)
                else:
                    self._word(name, value, starred=starred)
                starting = starred = False
                continue
            if code is not None:
                self._put_bytes(bytes.fromhex(code.decode("ascii")))
            elif symbol is not None:
                starred = symbol == b"*" and starting
                if symbol in b"\\{}":
                    self._put_bytes(symbol)
                elif symbol in _SYMBOLS:
                    self._put(_SYMBOLS[symbol])
                if starred:
                    continue
            elif brace == b"{":
                self._flush()
                self._stack.append(self._group)
                self._group = _RtfGroup(
                    self._group.destination, self._group.encoding, self._group.unicode_skip, self._group.hidden
                )
                self._skip = 0
                starting = True
                continue
            elif brace == b"}":
                self._close()
            elif text is not None:
                self._put_bytes(text)
            else:  # a line end means nothing
                continue
            starting = starred = False
        while self._stack:
            self._close()
        self._end_paragraph(always=False)
        self._end_table()

    # --- text ---------------------------------------------------------------------------------------------------------

    def _put_bytes(self, data: bytes) -> None:
        if self._skip:  # what programs without Unicode show in place of the character before
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        if data and self._group.destination and not self._group.hidden:
            self._bytes += data

    def _put(self, text: str) -> None:
        self._flush()
        if text and self._group.destination and not self._group.hidden:
            self._texts.setdefault(self._group.destination, []).append(text)

    def _flush(self) -> None:
        """Decode the bytes collected in one code page; characters of several bytes come in several tokens."""
        if self._bytes:
            text = bytes(self._bytes).decode(self._group.encoding, errors="replace")
            self._bytes.clear()
            self._texts.setdefault(self._group.destination, []).append(text)

    def _take(self, destination: str) -> str:
        text = "".join(self._texts.pop(destination, []))
        # Characters beyond the first 65,536 are written as two surrogates.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        lines = (" ".join(line.split()) for line in re.sub("[\uf000-\uf0ff\ufeff]", " ", text).split("\n"))
        return "\n".join(line for line in lines if line)

    # --- control words ------------------------------------------------------------------------------------------------

    def _word(self, name: str, value: int | None, *, starred: bool) -> None:
        if name == "u" and value is not None:
            self._put(chr(value % 0x10000))
            self._skip = self._group.unicode_skip
            return
        self._flush()
        self._skip = 0
        group = self._group
        if name in _OWN_TEXT and (group.destination or starred or name == "title"):
            self._open(_OWN_TEXT[name])
        elif name in _SKIPPED or (starred and name not in _IGNORABLE_READ):
            # The summary's title and author are groups inside a skipped one.
            group.destination = "info" if name == "info" else ""
        elif name == "ud":
            group.destination = self._stack[-2].destination if len(self._stack) > 1 else _BODY
        elif name == "uc":
            group.unicode_skip = max(value or 0, 0)
        elif name in ("v", "deleted"):
            group.hidden = value != 0
        elif name == "plain":
            group.hidden = False
        elif name == "f":
            self._font = value or 0
            group.encoding = self._fonts.get(self._font, self._default)
        elif name in _CHARACTERS:
            self._put(_CHARACTERS[name])
        elif name in ("fcharset", "cpg", "ansicpg") or name in _CODE_PAGES:
            self._code_page(name, value or 0)
        elif group.destination == "creatim":
            self._time[name] = value or 0
        elif group.destination == "stylesheet":
            self._style(name, value or 0)
        elif group.destination == _BODY:
            self._layout(name, value or 0)
        elif name == "par":
            self._put("\n")
        elif name == "cell":
            self._put(" ")

    def _open(self, destination: str) -> None:
        self._group.destination = destination
        self._group.owner = True
        self._group.hidden = False

    def _code_page(self, name: str, value: int) -> None:
        if name == "fcharset":
            if value in _CHARSETS:
                self._fonts[self._font] = _CHARSETS[value]
            elif value == _SYMBOL:
                self._fonts[self._font] = "latin-1"
            return
        encoding = _CODE_PAGES.get(name) or _MAC_CODE_PAGES.get(value) or f"cp{value}"
        try:
            codecs.lookup(encoding)
        except LookupError:
            return
        if name == "cpg":
            self._fonts[self._font] = encoding
        else:
            self._default = self._group.encoding = encoding

    def _style(self, name: str, value: int) -> None:
        if name == "s":
            self._style_group = _RtfParagraph(style=value)
        elif name == "outlinelevel" and value < 9:
            self._style_group.level = value + 2

    def _layout(self, name: str, value: int) -> None:
        match name:
            case "pard":
                self._paragraph = _RtfParagraph(listed=self._paragraph.listed)  # the number may stand before it
            case "s":
                self._paragraph.style = value
            case "outlinelevel":
                self._paragraph.level = value + 2 if value < 9 else 0
            case "intbl":
                self._paragraph.in_table = True
            case "par" | "sect" | "page":
                self._end_paragraph(always=name == "par")
            case "cell":
                self._cells.append(self._take(_BODY).replace("\n", " "))
            case "row":
                self._rows.append(self._cells)
                self._cells = []
                self._add_notes()

    # --- ends ---------------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        self._flush()
        self._skip = 0
        group = self._group
        if group.destination == "stylesheet" and not group.owner:
            self._end_style()
        if self._stack:
            self._group = self._stack.pop()
        if not group.owner:
            return
        text = self._take(group.destination)
        match group.destination:
            case "note" | "box" if text:
                self._notes.append(text)
            case "comment" if text:
                author = self._take("written by")
                self._notes.append(f"Comment by {author}: {text}" if author else f"Comment: {text}")
            case "atnauthor":
                self._texts["written by"] = [text]
            case "aside" if text and text not in self.found.asides:
                self.found.asides.append(text)
            case "listtext":
                self._paragraph.listed = True
            case "title" | "author":
                setattr(self.found, group.destination, text.replace("\n", " "))
            case "creatim":
                self._set_created()
            case "object":
                digits = "".join(text.split())
                if re.fullmatch("(?:[0-9A-Fa-f]{2})+", digits):
                    self.found.objects.append(bytes.fromhex(digits))

    def _end_style(self) -> None:
        name = self._take("stylesheet").rstrip(";")
        match = _HEADING.match(name)
        level = self._style_group.level or (int(match.group(1)) + 1 if match else int(name.lower() == "title"))
        if level:
            self._levels[self._style_group.style] = level
        self._style_group = _RtfParagraph()

    def _set_created(self) -> None:
        try:
            self.found.created = datetime(
                self._time.get("yr", 0), self._time.get("mo", 1), self._time.get("dy", 1), self._time.get("hr", 0),
                self._time.get("min", 0), tzinfo=UTC,
            )  # fmt: skip
        except ValueError:
            self.found.created = None

    def _end_paragraph(self, *, always: bool) -> None:
        if self._paragraph.in_table and always:
            self._put("\n")
            return
        self._end_table()
        text = self._take(_BODY)
        if text:
            level = self._paragraph.level or self._levels.get(self._paragraph.style, 0)
            self._add_block(RtfBlock(text, level, self._paragraph.listed))
        self._blank = self._blank or (always and not text)
        self._paragraph.listed = False
        self._add_notes()

    def _end_table(self) -> None:
        if self._cells:
            self._rows.append(self._cells)
            self._cells = []
        if self._rows:
            self._add_block(RtfBlock(rows=self._rows))
            self._rows = []
            self._add_notes()

    def _add_block(self, block: RtfBlock) -> None:
        block.after_blank, self._blank = self._blank, False
        self.found.blocks.append(block)

    def _add_notes(self) -> None:
        if not self._rows:
            self.found.blocks.extend(RtfBlock(text) for text in self._notes)
            self._notes = []
