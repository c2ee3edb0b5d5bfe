"""Performs what is looked at: lists of files, documents, what is in them, and why a file was found or not."""

# ruff: noqa: ARG001 (each function gets what any may need)

from __future__ import annotations

from desktop_rag.engine import api
from desktop_rag.engine.call import CallListener
from desktop_rag.engine.handlers.context import EngineContext
from desktop_rag.engine.handlers.registry import handles
from desktop_rag.engine.queries import explain
from desktop_rag.engine.queries.search import parse
from desktop_rag.engine.results import Explanation
from desktop_rag.engine.views import DocumentView, FileList, PartContent
from desktop_rag.retrieval.filters import Filters
from desktop_rag.types import Person


@handles(api.ListFiles)
def list_files(context: EngineContext, call: api.ListFiles, listener: CallListener) -> FileList:
    return context.documents.files(call.states, call.root, call.name, call.after, call.limit)


@handles(api.ViewDocument)
def view_document(context: EngineContext, call: api.ViewDocument, listener: CallListener) -> DocumentView:
    return context.documents.view(call.path, call.document, call.chunk, call.limit)


@handles(api.ReadPart)
def read_part(context: EngineContext, call: api.ReadPart, listener: CallListener) -> PartContent:
    return context.documents.part(call.path, call.locator)


@handles(api.ReadPreviews)
def read_previews(context: EngineContext, call: api.ReadPreviews, listener: CallListener) -> dict[int, bytes]:
    return context.documents.previews(call.chunks)


@handles(api.FindPeople)
def find_people(context: EngineContext, call: api.FindPeople, listener: CallListener) -> tuple[Person, ...]:
    return context.documents.people(call.name, call.limit)


@handles(api.ExplainFile)
def explain_file(context: EngineContext, call: api.ExplainFile, listener: CallListener) -> Explanation:
    query = parse(call.question, Filters()) if call.question else None
    library = context.library
    with library.searching() as texts:
        return explain.explain(
            library.catalog, texts.search, texts.retriever, call.path, query, library.config, library.own
        )
