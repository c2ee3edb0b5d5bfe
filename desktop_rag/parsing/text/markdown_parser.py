"""The inline parser of notes: markdown-it's own, which keeps every line break, and the rules of Obsidian and Logseq."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from desktop_rag.parsing.text.markdown_rules import LINE_START_RULES, RULES, picture

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

    from desktop_rag.parsing.text.markdown_rules import InlineRule


@cache
def note_parser() -> MarkdownIt:
    """The inline parser of notes: CommonMark, struck text, and the rules of Obsidian and Logseq."""
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import image, link

    class NoteParser(MarkdownIt):
        """Links are read and not followed: they stay as they are written."""

        def validateLink(self, _url: str) -> bool:
            return True

        def normalizeLink(self, url: str) -> str:
            return url

        def normalizeLinkText(self, link: str) -> str:
            return link

    parser = NoteParser("commonmark").enable("strikethrough")
    parser.inline.add_terminator_char("(")
    rules = parser.inline.ruler
    for name, rule in LINE_START_RULES:
        rules.before("text", name, rule)
    for name, rule in RULES:
        rules.before("strikethrough", name, rule)
    rules.before("strikethrough", "star_in_word", _star_in_word)
    rules.after("image", "picture", picture)
    rules.at("backticks", _code)
    rules.at("link", _keeping_lines(link))
    rules.at("image", _keeping_lines(image))
    return parser


def line_breaks(token: Token) -> int:
    """How many line breaks a token stands for."""
    if token.type in ("softbreak", "hardbreak"):
        return 1
    if token.children:
        return sum(map(line_breaks, token.children))
    return token.content.count("\n")


def _keeping_lines(rule: InlineRule) -> InlineRule:
    """The rule, followed by the line breaks that it took without a trace, as in the addresses of links."""

    def keep(state: StateInline, silent: bool) -> bool:
        begin, known = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent and (taken := state.src.count("\n", begin, state.pos)):
            for _ in range(taken - sum(map(line_breaks, state.tokens[known:]))):
                state.push("softbreak", "br", 0)
        return True

    return keep


def _code(state: StateInline, silent: bool) -> bool:
    """Code between backticks, its line breaks kept."""
    from markdown_it.rules_inline import backtick

    begin, known = state.pos, len(state.tokens)
    if not backtick(state, silent):
        return False
    if len(state.tokens) > known and "\n" in state.src[begin : state.pos]:
        code = state.tokens[-1]
        code.content = state.src[begin + len(code.markup) : state.pos - len(code.markup)]
    return True


def _star_in_word(state: StateInline, silent: bool) -> bool:
    """``2*3``: a single star between letters and digits multiplies, whatever CommonMark says."""
    at = state.pos
    around = state.src[at - 1 : at] + state.src[at + 1 : at + 2]
    if state.src[at] != "*" or len(around) < 2 or not around.isalnum():
        return False
    if not silent:
        state.append_pending("*")
    state.pos = at + 1
    return True
