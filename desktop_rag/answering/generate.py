"""An answer in a language model's words: all passages into one prompt ("stuff"), the answer streamed, then checked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktop_rag.answering.cite import Claim, cite, read
from desktop_rag.answering.extract import QuotableText
from desktop_rag.answering.prompt import compose
from desktop_rag.answering.respond import NOTHING, NOTHING_TEXT
from desktop_rag.answering.verify import ClaimChecker, ClaimVerdict, admits_ignorance
from desktop_rag.messages import say
from desktop_rag.models.llama.chat import ChatModel
from desktop_rag.models.llama.messages import ChatEnd, ChatPiece
from desktop_rag.places import day, describe
from desktop_rag.retrieval.analysis import AnalyzedText
from desktop_rag.types import Answer, AnswerEvent, Cells, Finished, Hit, Retrieved, Token, Turn, Usage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 512
"""Tokens of an answer."""
_LONGEST_SHARE = 0.25
"""Of a small context, for the answer."""
SURE = 0.95
"""How likely the reader must find an answer for claims to be held against it."""
CUT_SHORT = say("answering.answer-cut-off-because-reached-greatest")


def generate(
    question: str,
    asked: AnalyzedText,
    hits: Sequence[Hit],
    turns: Sequence[Turn],
    chat: ChatModel,
    *,
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    on_event: Callable[[AnswerEvent], None],
    cancelled: threading.Event,
    began: float,
) -> Answer:
    """Answer ``question`` (``asked``, as it was completed from the earlier ``turns``) from ``hits``.

    ``on_event`` gets ``Retrieved`` (a marker [k] in what follows means the k-th of its hits), ``Token`` for each piece
    of text, and ``Finished``. ``began`` is ``time.monotonic()`` when the question came. Once ``cancelled``, the answer
    is what there is of it by then. An answer with nothing behind it becomes the statement that nothing answers.
    Raises ``ModelError`` when the model fails.
    """
    longest = min(LONGEST, int(chat.context * _LONGEST_SHARE))
    prompt = compose(question, asked, hits, turns, chat.count, chat.context - longest)
    shown = (*prompt.passages, *prompt.left_out)
    on_event(Retrieved(shown, "" if asked.text == question else asked.text))
    if not prompt.passages:
        answer = Answer(question, NOTHING_TEXT, (), (), NOTHING, shown)
        on_event(Finished(answer))
        return answer
    written, first, end = "", 0.0, None
    stream = chat.stream(
        prompt.messages, markers=len(prompt.passages), max_tokens=longest, temperature=0.0, cancelled=cancelled
    )
    for reply in stream:
        match reply:
            case ChatPiece(text=piece):
                piece = piece if written else piece.lstrip()
                if piece:
                    first = first or time.monotonic()
                    written += piece
                    on_event(Token(piece))
            case ChatEnd():
                end = reply
    usage = _usage(chat.name, end, first - began if first else 0.0)
    stopped = cancelled.is_set() or (end is not None and end.reason == "cancelled")
    answer = _checked(question, asked, written.strip(), prompt.passages, chat.name, embed, stopped=stopped)
    cut = end is not None and end.reason == "length" and answer.mode != NOTHING
    answer = replace(answer, hits=shown, note=CUT_SHORT if cut else "", usage=usage)
    on_event(Finished(answer))
    return answer


def _checked(
    question: str,
    asked: AnalyzedText,
    written: str,
    passages: Sequence[Hit],
    name: str,
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    stopped: bool,
) -> Answer:
    draft = read(written, len(passages))
    checker = ClaimChecker(asked, [_source(hit) for hit in passages], embed, [_read_answer(hit) for hit in passages])
    verdicts = [_verdict(checker, draft.text[claim.begin : claim.end], claim) for claim in draft.claims]
    if not stopped and not any(verdict.support in ("supported", "weak") for verdict in verdicts):
        return Answer(question, NOTHING_TEXT, (), (), NOTHING)
    cited = cite(draft, verdicts, passages, asked)
    scores = [verdict.score for verdict in verdicts if verdict.support != "none"]
    return Answer(
        question,
        cited.text,
        cited.citations,
        cited.support,
        name,
        confidence=sum(scores) / max(1, len(scores)),
        sentences=cited.sentences,
        stopped=stopped,
    )


def _verdict(checker: ClaimChecker, sentence: str, claim: Claim) -> ClaimVerdict:
    if admits_ignorance(sentence):
        return ClaimVerdict("none")
    return checker.check(sentence, claim.passages) if claim.passages else checker.find(sentence)


def _read_answer(hit: Hit) -> str:
    """What the reader takes for the answer in a passage; "" unless it is sure."""
    reading = hit.why.reading
    if reading is None or reading.likelihood < SURE:
        return ""
    return hit.chunk.text[reading.begin : reading.end]


def _source(hit: Hit) -> QuotableText:
    """A passage with all that the prompt tells of it: who sent a mail, and when, is to be found there only."""
    place = describe(hit.document, hit.path, hit.locator, hit.parent)
    told = "\n".join((place, day(hit.document.created), hit.document.author, hit.chunk.context))
    return QuotableText(hit.text, told, hit.score, isinstance(hit.chunk.locator, Cells))


def _usage(name: str, end: ChatEnd | None, first_token_s: float) -> Usage:
    if end is None:
        return Usage(name, first_token_s=first_token_s)
    return Usage(name, end.prompt_tokens, end.cached_tokens, end.tokens, first_token_s, end.tokens_per_s)
