"""Markdown inside its blocks -> what a person reads. The number of lines never changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from desktop_rag.parsing.text.lines import LONGEST_MARKUP
from desktop_rag.parsing.text.markdown_parser import line_breaks, note_parser
from desktop_rag.parsing.text.markdown_rules import TAGS

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKS = re.compile(r"[*_~=\[\]<>`\\&!{(^%#]|::")
_HTML_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
_HTML_NAMES = (
    "a abbr audio b big blockquote br center cite code dd del details div dl dt em embed figcaption figure font h1 h2 "
    "h3 h4 h5 h6 hr i iframe img ins kbd li mark ol p picture pre q s script section small source span strike strong "
    "style sub summary sup table tbody td tfoot th thead tr tt u ul video"
)
_HTML = frozenset(_HTML_NAMES.split())
"""What is a tag of a page; any other word in angle brackets, as in ``List<String>``, is text."""


def readable_markdown(text: str, tags: dict[str, None], references: Mapping[str, object] | None = None) -> str:
    """The text of one block without markup, with as many lines; tags in it are added to ``tags`` (a set in order).

    ``references`` are the addresses of links that the note defines elsewhere, by their names, as markdown-it has them.
    """
    if not _MARKS.search(text):
        return text
    if len(text) > LONGEST_MARKUP and any(len(line) > LONGEST_MARKUP for line in text.split("\n")):
        return text
    parser = note_parser()
    tokens: list[Token] = []
    parser.inline.parse(text, parser, {TAGS: tags, "references": references or {}}, tokens)
    return "".join(map(_shown, tokens))


def _shown(token: Token) -> str:
    match token.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "image" if token.children:
            return "".join(map(_shown, token.children))
        case "html_inline":
            name = _HTML_NAME.match(token.content)
            is_hidden = name[1].lower() in _HTML if name else token.content.startswith("<!--")
            return "\n" * line_breaks(token) if is_hidden else token.content
        case "text_special":
            return " " if token.content.isspace() else token.content  # a line break among them would add a line
        case _:
            return token.content
