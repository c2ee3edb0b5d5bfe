"""Jupyter notebooks: the prose, code and printed results of their cells, read as one Markdown text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

import msgspec

from desktop_rag.parsing.text.markdown import markdown_items
from desktop_rag.types import Metadata, Segment, Whole

_FENCE = "`" * 12


def is_notebook(value: object) -> TypeGuard[dict[str, list[object]]]:
    """Whether a JSON document is a notebook (format 4, which all programs write since 2015)."""
    return isinstance(value, dict) and "nbformat" in value and isinstance(value.get("cells"), list)


def notebook_items(notebook: dict[str, list[object]], name: str) -> Iterator[Metadata | Segment]:
    """The cells in order, below the headings of the prose; pictures and other rich results are left out."""
    parts: list[str] = []
    for cell in notebook["cells"]:
        if not isinstance(cell, dict):
            continue
        source = _joined(cell.get("source"))
        parts += [_fenced(source) if cell.get("cell_type") == "code" else source]
        parts += [_fenced(printed) for printed in _printed(cell.get("outputs"))]
    for item in markdown_items("\n\n".join(parts), name):
        yield msgspec.structs.replace(item, locator=Whole()) if isinstance(item, Segment) else item


def _printed(outputs: object) -> Iterator[str]:
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        yield _joined(output.get("text")) or _joined(data.get("text/plain") if isinstance(data, dict) else "")


def _fenced(text: str) -> str:
    return f"{_FENCE}\n{text}\n{_FENCE}" if text.strip() else ""


def _joined(text: object) -> str:
    """A text that may be written as a list of its lines."""
    if isinstance(text, list):
        return "".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""
