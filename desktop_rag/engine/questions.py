"""What the values of questions are made of: filters, from options and operators, and words to mark in a hit."""

from __future__ import annotations

from desktop_rag.retrieval.filters import OPERATORS, Filters, read_filters
from desktop_rag.retrieval.question import analyze
from desktop_rag.retrieval.terms import search_terms

__all__ = ["OPERATORS", "Filters", "analyze", "read_filters", "search_terms"]
