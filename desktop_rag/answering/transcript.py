"""A conversation as Markdown, each answer with its sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo

from desktop_rag.messages import say
from desktop_rag.places import where
from desktop_rag.types import Answer, Citation, Conversation, Turn

_FORMATTING = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(conversation: Conversation, turns: Sequence[Turn], zone: tzinfo) -> str:
    """The whole conversation, which began by the clock of ``zone``; every citation of an answer is listed below it with
    its quote and where that stands.

    Questions, titles and quotes are written so that nothing in them formats the page, loads a picture or hides where a
    link leads.
    """
    blocks = [f"# {_plain(conversation.title)}", f"*{conversation.began.astimezone(zone):%d.%m.%Y, %H:%M %Z}*"]
    for turn in turns:
        blocks.append(f"## {_plain(' '.join(turn.question.split()))}")
        if turn.answer.asked:
            blocks.append(say("answering.searched-for", asked=_plain(turn.answer.asked)))
        blocks.append(_answer(turn.answer))
        if turn.answer.citations:
            blocks.append("\n".join(_source(citation) for citation in turn.answer.citations))
        if turn.answer.note:
            blocks.append(f"*{_plain(turn.answer.note)}*")
    return "\n\n".join(blocks) + "\n"


def _answer(answer: Answer) -> str:
    lines = (_plain(line) for line in answer.text.strip().splitlines())
    text = "\n".join(line if not line or line.startswith("-") else f"{line}  " for line in lines).rstrip()
    doubted = [sentence for sentence in answer.sentences if sentence.support == "unsupported"]
    ended = [say("answering.stopped-before-finished")] if answer.stopped else []
    doubts = [say("answering.not-sources", text=_plain(answer.text[part.begin : part.end])) for part in doubted]
    return "\n\n".join(filter(None, (text, *doubts, *ended)))


def _source(citation: Citation) -> str:
    place = where(citation.locator)
    title = citation.document_title
    told = ", ".join(filter(None, (title and _plain(title), _code(citation.path), place and _plain(place))))
    return f"- \\[{citation.marker}\\] {told}: “{_plain(' '.join(citation.quote.split()))}”"


def _code(path: str) -> str:
    """A path between as many backquotes as it has none of in a row."""
    longest = max((len(run) for run in re.findall(r"`+", path)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{' '.join(path.splitlines())}{pad}{fence}"


def _plain(text: str) -> str:
    return _FORMATTING.sub(r"\\\1", text)
