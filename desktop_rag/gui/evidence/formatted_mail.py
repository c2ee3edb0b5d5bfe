"""The HTML of a mail, cleaned of everything that could run, load or submit something."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

import nh3
from msgspec import Struct
from PySide6.QtGui import QPalette

from desktop_rag.gui.evidence.evidence_reader import EvidenceReader
from desktop_rag.gui.evidence.link_bar import OPENED
from desktop_rag.gui.widgets.colours import LIGHT
from desktop_rag.gui.widgets.formatting import tr

if TYPE_CHECKING:
    from desktop_rag.engine.views import FilePart

_TAGS = {
    "a", "abbr", "address", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd",
    "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
}  # fmt: skip
_WITHOUT_CONTENT = {"script", "style", "title", "head", "template", "object", "svg", "math", "iframe", "noscript"}
_ATTRIBUTES = {
    "*": {"align", "valign", "dir", "style"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "bgcolor"},
    "tr": {"bgcolor"},
}
_STYLES = {
    "color", "background-color", "font-weight", "font-style", "text-align", "text-decoration", "padding",
    "margin-left", "margin-right", "vertical-align", "white-space",
}  # fmt: skip
_INLINE_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]*", re.IGNORECASE)
_SPACES = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u034f]")
"""Invisible characters; among them those that turn round what stands there."""

_IMAGE = re.compile(r"<img((?:\s+[\w-]+(?:=\"[^\"]*\")?)*)\s*/?>")
_ALTERNATIVE = re.compile(r"\salt=\"([^\"]*)\"")
_TAG = re.compile(r"<(/?)([a-z0-9]+)")
_VOID = {"br", "col", "hr", "img"}
_PLAIN_TAGS = {"a", "b", "br", "em", "i", "p", "strong"}
_DEEPEST = 100
"""Tags within tags; what is nested deeper is no mail."""
_MOST_CELLS = 3_000
"""Cells of tables, each counted twice for each table that it is in: Qt lays them out so often."""
_MOST_SPANNED = 100
_TABLE_TAGS = {"table", "caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"}

_MOST_BYTES = 200_000
"""Of a mail's formatted text: more of it would hold up the window while it is laid out."""


class FormattedMail(Struct, frozen=True):
    """``html`` is safe to show; ``pictures`` counts those on the internet, which were left out."""

    html: str
    pictures: int = 0
    cut: bool = False


def clean_mail(part: FilePart) -> FormattedMail | None:
    """The formatted text of a message; None if it has none."""
    if part.mime != "text/html":
        return None
    text = part.data.decode("utf-8", "replace")
    left_out = 0

    def keep(tag: str, attribute: str, value: str) -> str | None:
        nonlocal left_out
        if tag == "img" and attribute == "src":
            if _INLINE_PICTURE.fullmatch(value.strip()):
                return value
            left_out += value.strip().lower().startswith(("http:", "https:", "//"))
            return None
        if attribute in ("colspan", "rowspan") and not (value.isdecimal() and int(value[:9]) <= _MOST_SPANNED):
            return None
        if attribute == "href" and not value.strip().lower().startswith(tuple(f"{scheme}:" for scheme in OPENED)):
            return None
        return value

    def cleaned(tags: set[str]) -> str:
        return nh3.clean(
            _SPACES.sub("", text[:_MOST_BYTES]),
            tags=tags,
            clean_content_tags=_WITHOUT_CONTENT,
            attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags or tag == "*"},
            attribute_filter=keep,
            url_schemes={*OPENED, "data"},
            filter_style_properties=_STYLES,
        )

    html = cleaned(_TAGS)
    cells, deepest = _effort(html)
    if cells > _MOST_CELLS or deepest > _DEEPEST:
        left_out = 0
        html = cleaned(_TAGS - _TABLE_TAGS if deepest <= _DEEPEST else _PLAIN_TAGS)
    html = _IMAGE.sub(_described, html)
    return FormattedMail(html, left_out, len(text) > _MOST_BYTES)


def _described(image: re.Match[str]) -> str:
    """The alternative text of a picture that is not shown."""
    if " src=" in image[1]:
        return image[0]
    said = _ALTERNATIVE.search(image[1])
    return escape(unescape(said[1])) if said else ""


def _effort(html: str) -> tuple[int, int]:
    """How hard it is to lay out: the number of table cells, and how deep tags are nested."""
    cells = tables = depth = deepest = 0
    for closing, tag in _TAG.findall(html):
        if tag in _VOID:
            continue
        step = -1 if closing else 1
        depth += step
        deepest = max(deepest, depth)
        if tag == "table":
            tables += step
        elif tag in ("td", "th") and not closing:
            cells += 1 << min(tables, 20)
    return cells, deepest


class FormattedMailReader(EvidenceReader):
    """White in either theme, because senders choose their colours for that."""

    def __init__(self) -> None:
        super().__init__(tr("Email as sent"))
        palette = self.palette()
        self.setStyleSheet(f"QTextBrowser {{ background: {LIGHT.paper}; color: {LIGHT.text}; }}")
        palette.setColor(QPalette.ColorRole.Link, LIGHT.accent)
        self.setPalette(palette)

    def show_mail(self, mail: FormattedMail) -> None:
        self.begin()
        self.setHtml(mail.html)
