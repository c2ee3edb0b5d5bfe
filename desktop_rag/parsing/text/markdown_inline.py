"""Markdown inside its blocks -> what a person reads. The number of lines never changes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from desktop_rag.parsing.text.lines import LONGEST_MARKUP

_MARKS = re.compile(r"[*_~=\[\]<>`\\&!:{(^%#|]")

_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^\n]{1,1000}?)(?<!`)\1(?!`)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK = re.compile(r"<((?:https?|ftp|file|mailto|obsidian|zotero):[^<>\s]+|[\w.+-]+@[\w.-]+)>")
_KEPT = re.compile("\x00(\\d+)\x00")

_COMMENT = re.compile(r"<!--((?:(?!<!--)[\s\S])*?)-->")
_QUERY = re.compile(r"#\+BEGIN_QUERY((?:(?!#\+BEGIN_QUERY)[\s\S])*?)#\+END_QUERY", re.IGNORECASE)
_DRAWER = re.compile(r"^[ \t]*:(?:LOGBOOK|PROPERTIES):((?:(?!:LOGBOOK:)[\s\S])*?):END:[ \t]*$", re.MULTILINE)
_FENCE_LINE = re.compile(r"^([ \t]*(?:[-*+][ \t]+)?)#\+(?:BEGIN|END)_\w+.*$", re.MULTILINE | re.IGNORECASE)
_QUOTE = re.compile(r"^([ \t]*(?:[-*+][ \t]+)?)(?:>[ \t]?)+", re.MULTILINE)
_CALLOUT = re.compile(r"^([ \t]*)\[!([\w-]+)(?:\|[^\]\n]*)?\][+-]?[ \t]*(.*)$", re.MULTILINE)
_PROPERTY = re.compile(r"^([ \t]*(?:[-*+][ \t]+)?)([\w./?-]+(?: [\w./?-]+)?)::(?:[ \t]+(.*))?$", re.MULTILINE)
_INLINE_PROPERTY = re.compile(r"[\[(]([\w -]{1,40})::[ \t]*([^\[\]()\n]*)[\])]")
_HEADING = re.compile(r"^([ \t]*(?:[-*+][ \t]+)?)#{1,6}[ \t]+", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*(?:[-*+](?:[ \t]+|$))?", re.MULTILINE)
_RULE = re.compile(
    r"^[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|=+|\|?[ \t]*:?-{2,}[-:| \t]*)$", re.MULTILINE
)

_EMBED_MACRO = re.compile(r"\{\{(?:embed|video|youtube|vimeo|tweet|twitter|pdf|img|cloze)[ \t]+([^{}\n]*)\}\}")
_OTHER_MACRO = re.compile(r"\{\{(?:query|renderer|function|cards|namespace|table)\b[^{}\n]*\}\}")
_BLOCK_LINK = re.compile(r"\[([^\[\]\n]*)\]\(\(\([\w-]+\)\)\)")
_BLOCK_REFERENCE = re.compile(r"\(\([\w-]{8,}\)\)")
_WIKILINK = re.compile(r"!?\[\[([^\[\]|\n]*)(?:\|([^\[\]\n]*))?\]\]")
_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)(?:\{[^{}\n]*\})?")
_LINK = re.compile(
    r"\[([^\[\]]*)\]\([ \t]*(?:<[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*){0,9})"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)"
)
_REFERENCE_LINK = re.compile(r"(?<![\w\]])!?\[([^\[\]]+)\]\[[^\[\]\n]*\]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\](?::[ \t]?)?")
_BLOCK_ID = re.compile(r"(?:^|[ \t]+)\^[\w-]+[ \t]*$", re.MULTILINE)
_TAGS = "a abbr audio b big blockquote br center cite code dd del details div dl dt em embed figcaption figure font "
_TAGS += "h1 h2 h3 h4 h5 h6 hr i iframe img ins kbd li mark ol p picture pre q s script section small source span "
_TAGS += "strike strong style sub summary sup table tbody td tfoot th thead tr tt u ul video"
_TAG = re.compile(rf"</?(?:{'|'.join(_TAGS.split())})\b[^<>]*>", re.IGNORECASE)
_STARS = re.compile(r"(\*{2,3}|(?<![\w*])\*)(?=[^*\s])([^*\n]*(?:\n[^*\n]+)?)(?<=\S)\1")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=[^_\s])([^\n]{1,500}?)(?<=[^\s_])\1(?!\w)")
_STRUCK = re.compile(r"~~(?=[^\s~])([^~\n]+)~~")
_MARKED = re.compile(r"==(?=[^\s=])([^=\n]+)==|\^\^(?=[^\s^])([^^\n]+)\^\^")

_HASHTAG = re.compile(
    r"(?<![\w/&#\]\x00])(?<!\]\()#(?:\[\[([^\[\]\n]+)\]\]|([^\W\d_][\w/-]*|\d+[\w/-]*[^\W\d][\w/-]*))"
)
_COLOUR = re.compile(r"[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")

_NOISE = re.compile(
    r"id|collapsed|heading|icon|public|file|file-path|background-color|background-image|title|template|"
    r"template-including-parent|exclude-from-graph-view|created-at|updated-at|ls-type|"
    r"(?:card|hl|query|logseq)[-.].*"
)
"""Properties a program keeps for itself."""


def readable_markdown(text: str, tags: dict[str, None], *, outline: bool = False) -> str:
    """``text`` without markup, with as many lines; the tags in it are added to ``tags`` (a set that keeps its order).

    In an ``outline`` every paragraph is a list item, so bullets and indentation are dropped.
    """
    if outline:
        text = _BULLET.sub("", text)
    if not _MARKS.search(text) and "---" not in text:
        return text
    if len(text) > LONGEST_MARKUP and any(len(line) > LONGEST_MARKUP for line in text.split("\n")):
        return text
    kept: list[str] = []

    def keep(group: int) -> Callable[[re.Match[str]], str]:
        def put_aside(found: re.Match[str]) -> str:
            kept.append(found.group(group))
            return f"\x00{len(kept) - 1}\x00"

        return put_aside

    if "`" in text:
        text = _CODE.sub(keep(2), text)
    if "\\" in text:
        text = _ESCAPE.sub(keep(1), text)
    text = _blocks(text)
    if "<" in text:
        text = _AUTOLINK.sub(keep(1), text)
        text = _TAG.sub(_newlines, text)
    if "#" in text:
        for found in _HASHTAG.finditer(text):
            tag = found.group(1) or found.group(2).rstrip("/-")
            if not _COLOUR.fullmatch(tag):
                tags[tag] = None
    text = _links(text)
    text = _emphasis(text)
    if "&" in text:
        text = html.unescape(text).replace("\r", " ") if "&#" not in text else _unescaped(text)
    while kept and "\x00" in text:
        text = _KEPT.sub(lambda found: kept[int(found.group(1))], text)
    return text


def logseq_properties(text: str) -> dict[str, str]:
    """The ``name:: value`` lines of a block."""
    return {found.group(2).lower(): (found.group(3) or "").strip() for found in _PROPERTY.finditer(text)}


def _blocks(text: str) -> str:
    """Drop what stands at the beginning of lines, and lines that are there for a program."""
    if "<!--" in text:
        text = _COMMENT.sub(_newlines, text)
    if ">" in text:
        text = _QUOTE.sub(r"\1", text)
    if "[!" in text:
        text = _CALLOUT.sub(_callout, text)
    if "#+" in text:
        text = _FENCE_LINE.sub(r"\1", _QUERY.sub(_newlines, text))
    if ":END:" in text:
        text = _DRAWER.sub(_newlines, text)
    if "::" in text:
        text = _INLINE_PROPERTY.sub(r"\1: \2", _PROPERTY.sub(_property, text))
    if "#" in text:
        text = _HEADING.sub(r"\1", text)
    return _RULE.sub("", text).replace("%%", "")


def _links(text: str) -> str:
    if "{{" in text:
        text = _OTHER_MACRO.sub("", _EMBED_MACRO.sub(r"\1", text))
    if "((" in text:
        text = _BLOCK_REFERENCE.sub("", _BLOCK_LINK.sub(r"\1", text))
    if "[" in text:
        text = _WIKILINK.sub(_wikilink, text)
        text = _IMAGE.sub(r"\1", text)
        text = _LINK.sub(r"\1", text)
        text = _FOOTNOTE.sub("", text)
        text = _REFERENCE_LINK.sub(r"\1", text)
    return _BLOCK_ID.sub("", text) if "^" in text else text


def _emphasis(text: str) -> str:
    if "*" in text:
        text = _STARS.sub(r"\2", _STARS.sub(r"\2", text))
    if "_" in text:
        text = _UNDERSCORES.sub(r"\2", text)
    if "~~" in text:
        text = _STRUCK.sub(r"\1", text)
    if "==" in text or "^^" in text:
        text = _MARKED.sub(lambda found: found.group(1) or found.group(2), text)
    return text


def _newlines(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def _callout(found: re.Match[str]) -> str:
    indent, kind, title = found.groups()
    name = kind.replace("-", " ").capitalize()
    return f"{indent}{name}: {title}" if title.strip() else f"{indent}{name}"


def _property(found: re.Match[str]) -> str:
    bullet, name, value = found.groups()
    if not value or _NOISE.fullmatch(name.lower()):
        return ""
    return f"{bullet}{name}: {value}"


def _wikilink(found: re.Match[str]) -> str:
    target, alias = found.groups()
    if alias and not (found.group().startswith("!") and alias[:1].isdigit()):  # the size of an embedded picture
        return alias
    page, _, place = target.partition("#")
    return f"{page}, {place}".strip(" ,") if place and not place.startswith("^") else page


def _unescaped(text: str) -> str:
    """Character references, except those that would break a line."""
    return re.sub(r"&[#\w]{2,32};", lambda found: " ".join(html.unescape(found.group()).split()) or " ", text)
