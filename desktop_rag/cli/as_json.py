"""The shape of ``--json``: plain objects whose fields are always there, for scripts to rely on."""

from __future__ import annotations

from desktop_rag.engine.results import SearchResult
from desktop_rag.errors import DesktopRagError
from desktop_rag.places import describe
from desktop_rag.types import Answer, Citation, Hit


def hit_json(hit: Hit) -> dict[str, object]:
    """``path`` and ``locator`` are the place for programs, ``place`` for people."""
    return {
        "path": hit.path,
        "locator": hit.locator,
        "place": describe(hit.document, hit.path, hit.locator, hit.parent),
        "score": round(hit.score, 4),
        "text": hit.text,
        "kind": hit.document.kind,
        "title": hit.document.title,
        "copies": [path for path in hit.paths if path != hit.path],
        "keyword_rank": hit.why.keyword_rank,
        "dense_rank": hit.why.dense_rank,
        "picture_rank": hit.why.picture_rank,
    }


def batch_json(result: SearchResult) -> dict[str, object]:
    """One line of a batch."""
    return {"question": result.question, "hits": [hit_json(hit) for hit in result.hits]}


def search_json(result: SearchResult) -> dict[str, object]:
    """The result of one search."""
    return {
        **batch_json(result),
        "understood": result.understood,
        "note": result.note,
        "seconds": round(result.seconds, 4),
    }


def answer_json(answer: Answer) -> dict[str, object]:
    """An answer; each citation carries how well it bears its sentence."""
    return {
        "question": answer.question,
        "mode": answer.mode,
        "text": answer.text,
        "short": answer.short,
        "confidence": round(answer.confidence, 4),
        "citations": [
            _citation_json(answer, citation, support)
            for citation, support in zip(answer.citations, answer.support, strict=True)
        ],
        "sentences": answer.sentences,
        "usage": answer.usage,
        "stopped": answer.stopped,
        "asked": answer.asked,
        "conversation": answer.conversation,
        "understood": answer.understood,
        "note": answer.note,
        "hits": [hit_json(hit) for hit in answer.hits],
    }


def error_json(error: DesktopRagError) -> dict[str, object]:
    """An expected error."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}


def _citation_json(answer: Answer, citation: Citation, support: float) -> dict[str, object]:
    from desktop_rag.cli.render import source_of

    hit = source_of(answer, citation)
    return {
        "marker": citation.marker,
        "quote": citation.quote,
        "path": citation.path,
        "locator": citation.locator,
        "place": describe(hit.document, citation.path, citation.locator, hit.parent),
        "title": citation.document_title,
        "highlights": citation.highlights,
        "support": round(support, 4),
    }
