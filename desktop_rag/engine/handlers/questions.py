"""Performs what is asked: searches, answers, conversations."""

# ruff: noqa: ARG001 (each function gets what any may need)

from __future__ import annotations

from desktop_rag.engine import api
from desktop_rag.engine.call import CallListener
from desktop_rag.engine.handlers.context import EngineContext
from desktop_rag.engine.handlers.registry import handles
from desktop_rag.engine.queries.search import SearchRequest
from desktop_rag.engine.results import SearchResult
from desktop_rag.errors import QueryError
from desktop_rag.types import Answer, Conversation, Finished, Turn


@handles(api.Search)
def search(context: EngineContext, call: api.Search, listener: CallListener) -> SearchResult:
    complete = call.wait or context.sync_worker is None or context.warmup.ready.is_set()
    complete = complete or call.mode in ("keyword", "typing")
    request = SearchRequest(
        call.question, call.like, call.like_kind, call.filters, call.limit, call.mode, call.per_document, call.rerank
    )
    return context.search.search(request, complete=complete)


@handles(api.AskQuestion)
def ask(context: EngineContext, call: api.AskQuestion, listener: CallListener) -> Answer:
    if listener.first_tried is not None:
        kept = context.answers.conversations.answer_to(listener.call_id)
        if kept is not None:
            listener.on_event(Finished(kept))
            return kept
    return context.answers.ask(
        SearchRequest(call.question, call.like, call.like_kind, call.filters, call.limit, rerank=call.rerank),
        conversation=call.conversation,
        remember=call.remember,
        quote=call.quote,
        on_event=listener.on_event,
        stop=listener.stop,
        call_id=listener.call_id,
    )


@handles(api.SuggestQuestions)
def suggest_questions(context: EngineContext, call: api.SuggestQuestions, listener: CallListener) -> tuple[str, ...]:
    return context.documents.suggestions(call.limit)


@handles(api.ListConversations)
def list_conversations(
    context: EngineContext, call: api.ListConversations, listener: CallListener
) -> list[Conversation]:
    return context.answers.conversations.list(call.limit)


@handles(api.ReadTurns)
def read_turns(context: EngineContext, call: api.ReadTurns, listener: CallListener) -> list[Turn]:
    return context.answers.conversations.turns(call.conversation)


@handles(api.RenameConversation)
def rename_conversation(context: EngineContext, call: api.RenameConversation, listener: CallListener) -> None:
    context.answers.conversations.rename(call.conversation, call.title)


@handles(api.DeleteConversation)
def delete_conversation(context: EngineContext, call: api.DeleteConversation, listener: CallListener) -> None:
    try:
        context.answers.conversations.delete(call.conversation)
    except QueryError:  # of a call that came before: it has been deleted by that one
        if listener.first_tried is None:
            raise


@handles(api.ExportConversation)
def export_conversation(context: EngineContext, call: api.ExportConversation, listener: CallListener) -> str:
    return context.answers.export(call.conversation)


@handles(api.RateTurn)
def rate_turn(context: EngineContext, call: api.RateTurn, listener: CallListener) -> None:
    context.answers.conversations.rate(call.conversation, call.turn, call.rating)
