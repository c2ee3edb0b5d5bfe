"""Answers questions: in the words of a chat model where there is one, or else in sentences quoted from the files."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from desktop_rag.answering.condense import condense
from desktop_rag.answering.generate import generate
from desktop_rag.answering.respond import answer as quote_answer
from desktop_rag.answering.transcript import markdown
from desktop_rag.clock import local_zone
from desktop_rag.engine.library import Library
from desktop_rag.engine.queries.search import Finding, SearchQueries, SearchRequest, note, parse
from desktop_rag.errors import ModelError, ModelStopped
from desktop_rag.messages import say
from desktop_rag.models.llama.chat import ChatModel, ProcessChat
from desktop_rag.models.llama.llm import Rerank
from desktop_rag.models.runtime.scheduled import ScheduledModel
from desktop_rag.storage.conversations import ConversationStore
from desktop_rag.types import Answer, AnswerEvent, Finished, Hit, Retrieved, Token, Turn

_RERANKED = 24
"""Passages that a reranking model looks at."""

OnEvent = Callable[[AnswerEvent], None]


class AnswerQueries:
    """Safe to use from several threads."""

    def __init__(self, library: Library, finder: SearchQueries) -> None:
        self._library = library
        self._search = finder
        self._conversations = ConversationStore(library.catalog)

    def ask(
        self,
        request: SearchRequest,
        *,
        conversation: int | None,
        remember: bool,
        quote: bool,
        on_event: OnEvent,
        stop: threading.Event,
        call_id: str = "",
    ) -> Answer:
        """The answer, and the events of its making; ``Finished`` comes last. A chat model that fails is done without:
        the answer then quotes, and its note says why. Raises ``QueryError``, ``ModelError`` for a file that cannot be
        searched by."""
        began = time.monotonic()
        turns = [] if conversation is None else self._conversations.turns(conversation)
        chat = None if quote else self._chat(stop)
        trouble = ""
        put = query = parse(request.question, request.filters)
        asked = condense(put.asked, turns, chat)
        if asked != put.original:
            query = parse(asked, request.filters)
        reranking = self._library.model_for("reranking") is not None
        wanted = max(request.limit, _RERANKED) if reranking else request.limit
        finding = self._search.find(replace(request, question=query.original, limit=wanted), query)
        hits = self._reranked(finding, request.limit) if reranking else finding.hits
        if chat is not None and hits:
            try:
                given = generate(
                    put.original or finding.asked,
                    finding.query.asked,
                    hits,
                    turns,
                    chat,
                    embed=self._library.bundled.embed,
                    on_event=lambda event: on_event(event) if isinstance(event, Retrieved | Token) else None,
                    cancelled=stop,
                    began=began,
                )
            except ModelStopped:
                given = Answer(put.original, "", (), (), chat.name, hits, stopped=True)
            except ModelError as error:
                logging.getLogger("desktop_rag").warning("%s: %s", error.code, error.message)
                trouble = say("engine.passages-quoted-because-chat-model-could", reason=error.message)
                given = self._quoted(put.original or finding.asked, finding, hits, on_event)
        else:
            given = self._quoted(put.original or finding.asked, finding, hits, on_event)
        given = replace(
            given,
            understood=finding.found.query.understood,
            note=" ".join(filter(None, (note(finding.query, finding.found.query), given.note, trouble))),
            asked="" if finding.asked == put.original else finding.asked,
            conversation=conversation,
        )
        if remember or conversation is not None:
            given = self._remember(put.original or finding.asked, given, call_id)
        on_event(Finished(given))
        return given

    def export(self, conversation: int) -> str:
        """A conversation as Markdown, with its sources. Raises ``QueryError``."""
        return markdown(self._conversations.get(conversation), self._conversations.turns(conversation), local_zone())

    @property
    def conversations(self) -> ConversationStore:
        return self._conversations

    def _chat(self, stop: threading.Event) -> ChatModel | None:
        installed = self._library.model_for("chat")
        if installed is None:
            return None
        return ProcessChat(ScheduledModel(self._library.scheduler, "chat", urgent=True), installed.title, stop)

    def _reranked(self, finding: Finding, limit: int) -> tuple[Hit, ...]:
        """The best of what was found, by a reranking model's judgement of passages."""
        hits = finding.hits
        if len(hits) < 2:
            return hits
        texts = tuple(f"{hit.chunk.context}\n{hit.text}" for hit in hits)
        asking = ScheduledModel(self._library.scheduler, "reranking", urgent=True)
        try:
            scores: Sequence[float] = next(asking.ask(Rerank(finding.found.query.text, texts)))
        except ModelError as error:
            logging.getLogger("desktop_rag").warning("Passages were not reranked: %s", error.message)
            return hits[:limit]
        # What a picture shows is not in its text: there the search has judged better.
        judged = [
            replace(hit, score=max(score, hit.why.picture_score)) for hit, score in zip(hits, scores, strict=True)
        ]
        return tuple(sorted(judged, key=lambda hit: -hit.score)[:limit])

    def _quoted(self, question: str, finding: Finding, hits: tuple[Hit, ...], on_event: OnEvent) -> Answer:
        on_event(Retrieved(hits))
        library, found = self._library, finding.found
        features = None if found.features is None else msgspec.structs.asdict(found.features)
        return quote_answer(
            question,
            found.query.sought,
            hits,
            features,
            library.retriever.term_weights(found.query.sought),
            library.bundled.embed,
            filtered=not found.query.filters.is_empty,
        )

    def _remember(self, question: str, given: Answer, call_id: str) -> Answer:
        turn = Turn(datetime.now(UTC), question, given)
        number = self._conversations.add_turn(given.conversation, turn, call_id)
        return replace(given, conversation=number)
