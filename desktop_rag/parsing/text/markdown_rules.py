"""What Obsidian and Logseq add to Markdown inside a line, as rules of markdown-it's inline parser.

Each rule looks at ``state.src`` from ``state.pos`` on: it says whether its form begins there, and if so moves on behind
it and, unless ``silent``, leaves what a person reads of it. None of them takes a line break.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

    InlineRule = Callable[[StateInline, bool], bool]

TAGS = "tags"
"""The name under which a parser's ``env`` holds the tags found, as the keys of a dict."""

_PROPERTY = re.compile(r"([\w./?-]+(?: [\w./?-]+)?)::(?:[ \t]+|(?=\n|$))")
_KEPT_BY_PROGRAM = re.compile(
    r"id|collapsed|heading|icon|public|file|file-path|background-color|background-image|title|template|"
    r"template-including-parent|exclude-from-graph-view|created-at|updated-at|ls-type|"
    r"(?:card|hl|query|logseq)[-.].*"
)
"""Properties a program keeps for itself."""
_BRACKETED_PROPERTY = re.compile(r"[\[(]([\w -]{1,40})::[ \t]*([^\[\]()\n]*)[\])]")
_CALLOUT = re.compile(r"\[!([\w-]+)(?:\|[^\]\n]*)?\][+-]?[ \t]*")
_WIKILINK = re.compile(r"!?\[\[([^\[\]|\n\\]*)(?:\\?\|([^\[\]\n]*))?\]\]")
_LINK_TO_PAGE = re.compile(r"\[([^\[\]\n]*)\]\(\[\[[^\[\]\n]*\]\]\)")
_PICTURE = re.compile(r"!\[([^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)")
_PICTURE_SIZE = re.compile(r"\{[^{}\n]*\}")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\](?::[ \t]?)?")
_BLOCK_ID = re.compile(r"\^[\w-]+[ \t]*(?=\n|$)")
_BLOCK_REFERENCE = re.compile(r"\(\([\w-]{8,}\)\)")
_EMBED = re.compile(r"\{\{(?:embed|video|youtube|vimeo|tweet|twitter|pdf|img|cloze)[ \t]+([^{}\n]*)\}\}")
_MACRO = re.compile(r"\{\{(?:query|renderer|function|cards|namespace|table)\b[^{}\n]*\}\}")
_HASHTAG = re.compile(r"#(?:\[\[([^\[\]\n]+)\]\]|([^\W\d_][\w/-]*|\d+[\w/-]*[^\W\d][\w/-]*))")
_COLOUR = re.compile(r"[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")


def _match(pattern: re.Pattern[str], state: StateInline) -> re.Match[str] | None:
    return pattern.match(state.src, state.pos, state.posMax)


def _read_inside(state: StateInline, begin: int, end: int, behind: int) -> None:
    """Read ``src[begin:end]`` by all rules, as a form of its own, and go on at ``behind``."""
    limit = state.posMax
    state.push("inside_open", "", 1)
    state.pos, state.posMax = begin, end
    state.md.inline.tokenize(state)
    state.push("inside_close", "", -1)
    state.pos, state.posMax = behind, limit


def _at_line_start(state: StateInline) -> bool:
    if state.pending or state.level:
        return False
    return not state.tokens or state.tokens[-1].type in ("softbreak", "hardbreak")


def _property(state: StateInline, silent: bool) -> bool:
    """``name:: value`` at the beginning of a line."""
    if silent or not _at_line_start(state) or not (found := _match(_PROPERTY, state)):
        return False
    end = state.src.find("\n", found.end(), state.posMax)
    end = state.posMax if end < 0 else end
    if _KEPT_BY_PROGRAM.fullmatch(found[1].lower()) or not state.src[found.end() : end].strip():
        state.pos = end
    else:
        state.append_pending(f"{found[1]}: ")
        state.pos = found.end()
    return state.pos > found.start()


def _callout(state: StateInline, silent: bool) -> bool:
    """``[!kind] Title`` at the beginning of a quotation."""
    if silent or state.src[state.pos] != "[" or not _at_line_start(state) or not (found := _match(_CALLOUT, state)):
        return False
    name = found[1].replace("-", " ").capitalize()
    titled = found.end() < state.posMax and state.src[found.end()] != "\n"
    state.append_pending(f"{name}: " if titled else name)
    state.pos = found.end()
    return True


def _wikilink(state: StateInline, silent: bool) -> bool:
    """``[[Page#Part|alias]]``, and ``![[Page]]``, which shows the page itself."""
    if state.src[state.pos] not in "[!" or not (found := _match(_WIKILINK, state)):
        return False
    if not silent:
        page, alias = found.groups()
        if alias and not (found[0].startswith("!") and alias[:1].isdigit()):  # the size of an embedded picture
            _read_inside(state, *found.span(2), found.end())
        else:
            page, _, place = page.partition("#")
            shown = f"{page}, {place}".strip(" ,") if place and not place.startswith("^") else page
            state.append_pending(shown)
    state.pos = found.end()
    return True


def _link_to_page(state: StateInline, silent: bool) -> bool:
    """``[text]([[Page]])``; any other address without spaces is a link of Markdown."""
    if state.src[state.pos] != "[" or not (found := _match(_LINK_TO_PAGE, state)):
        return False
    if not silent:
        _read_inside(state, *found.span(1), found.end())
    state.pos = found.end()
    return True


def _footnote(state: StateInline, _silent: bool) -> bool:
    """``[^1]`` in the text, and ``[^1]:`` before the note."""
    return state.src.startswith("[^", state.pos) and _skip(_FOOTNOTE, state)


def _bracketed_property(state: StateInline, silent: bool) -> bool:
    """``[name:: value]`` and ``(name:: value)``."""
    if state.src[state.pos] not in "[(" or not (found := _match(_BRACKETED_PROPERTY, state)):
        return False
    if not silent:
        state.append_pending(f"{found[1]}: ")
        _read_inside(state, *found.span(2), found.end())
    state.pos = found.end()
    return True


def _block_id(state: StateInline, silent: bool) -> bool:
    """``^name`` at the end of a paragraph, and the space before it."""
    if state.src[state.pos] != "^" or (state.pos and not state.src[state.pos - 1].isspace()):
        return False
    if not (found := _match(_BLOCK_ID, state)):
        return False
    if not silent:
        state.pending = state.pending.rstrip()
    state.pos = found.end()
    return True


def _block_reference(state: StateInline, _silent: bool) -> bool:
    """``((id))``, which stands for a paragraph elsewhere."""
    return state.src.startswith("((", state.pos) and _skip(_BLOCK_REFERENCE, state)


def _macro(state: StateInline, silent: bool) -> bool:
    """``{{embed something}}``, and macros that work something out."""
    if not state.src.startswith("{{", state.pos):
        return False
    if found := _match(_EMBED, state):
        if not silent:
            _read_inside(state, *found.span(1), found.end())
        state.pos = found.end()
        return True
    return _skip(_MACRO, state)


def _comment(state: StateInline, _silent: bool) -> bool:
    """The signs around ``%%a comment%%``. A person wrote it to find it again, so it is read like the rest."""
    if not state.src.startswith("%%", state.pos):
        return False
    state.pos = min(state.pos + 2, state.posMax)
    return True


def _highlight(state: StateInline, silent: bool) -> bool:
    """``==marked==`` and Logseq's ``^^marked^^``, on one line; not the sign of equality in ``a==b``."""
    begin = state.pos + 2
    mark = state.src[state.pos : begin]
    if mark not in ("==", "^^") or begin >= state.posMax:
        return False
    end = state.src.find(mark, begin, state.posMax)
    inside = state.src[begin:end] if end > begin else ""
    if not inside or inside[0].isspace() or inside[-1].isspace() or mark[0] in inside or "\n" in inside:
        return False
    if mark == "==" and state.pos and state.src[state.pos - 1].isalnum() and state.src[end + 2 : end + 3].isalnum():
        return False
    if not silent:
        _read_inside(state, begin, end, end + 2)
    state.pos = end + 2
    return True


def _hashtag(state: StateInline, silent: bool) -> bool:
    """``#tag`` and ``#[[several words]]``: noted, and read as written."""
    at = state.pos
    if state.src[at] != "#" or (at and (state.src[at - 1].isalnum() or state.src[at - 1] in "_/&#]`")):
        return False
    found = _match(_HASHTAG, state)
    if not found:
        return False
    if not silent:
        tags: dict[str, None] = state.env[TAGS]
        tag = found[1] or found[2].rstrip("/-")
        is_priority = state.src[at - 1 : at] == "[" and state.src[found.end() : found.end() + 1] == "]"
        if not is_priority and not _COLOUR.fullmatch(tag):
            tags[tag] = None
        state.append_pending(f"#{found[1] or found[2]}")
    state.pos = found.end()
    return True


def picture(state: StateInline, silent: bool) -> bool:
    """``![text](address with spaces)``, as Logseq writes it."""
    if not state.src.startswith("![", state.pos) or not (found := _match(_PICTURE, state)):
        return False
    if not silent:
        state.push("image", "img", 0).content = found[1]
    state.pos = found.end()
    return True


def _picture_size(state: StateInline, silent: bool) -> bool:
    """``{:height 320}`` behind a picture."""
    if silent or state.src[state.pos] != "{" or state.pending or not state.tokens or state.tokens[-1].type != "image":
        return False
    return _skip(_PICTURE_SIZE, state)


def _skip(pattern: re.Pattern[str], state: StateInline) -> bool:
    """Whether the pattern is found here; if so, go on behind it and leave nothing."""
    found = _match(pattern, state)
    if found:
        state.pos = found.end()
    return found is not None


LINE_START_RULES: tuple[tuple[str, InlineRule], ...] = (("property", _property), ("callout", _callout))
"""Rules for what begins a line, whatever its first character is."""
RULES: tuple[tuple[str, InlineRule], ...] = (
    ("wikilink", _wikilink),
    ("link_to_page", _link_to_page),
    ("footnote", _footnote),
    ("bracketed_property", _bracketed_property),
    ("block_id", _block_id),
    ("block_reference", _block_reference),
    ("macro", _macro),
    ("comment", _comment),
    ("highlight", _highlight),
    ("hashtag", _hashtag),
    ("picture_size", _picture_size),
)
"""Rules for what stands anywhere. ``picture`` is not among them: it must come after markdown-it's own pictures."""
