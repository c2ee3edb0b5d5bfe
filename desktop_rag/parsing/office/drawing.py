"""Text of DrawingML: paragraphs of shapes, and the charts and diagrams that a part refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from desktop_rag.parsing.office.ooxml import Package, attribute, local

if TYPE_CHECKING:
    from lxml.etree import _Element

_UNSEEN_FIELDS = ("slidenum",)
_CHARTS = ("chart", "chartex", "diagramdata")


def drawing_paragraphs(node: _Element) -> list[str]:
    """The text of each ``a:p`` below an element, blank ones left out; slide numbers are no text."""
    texts = []
    for paragraph in node.iter("{*}p"):
        parts = []
        for child in paragraph:
            name = local(child)
            if name == "br":
                parts.append("\n")
            elif name in ("r", "AlternateContent") or (
                name == "fld" and not attribute(child, "type").startswith(_UNSEEN_FIELDS)
            ):
                parts.extend(text.text or "" for text in child.iter("{*}t"))
        lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
        text = "\n".join(line for line in lines if line)
        if text:
            texts.append(text)
    return texts


def drawing_texts(package: Package, part: str) -> Iterator[str]:
    """One text per chart or diagram that a part refers to: its title, its labels, its words."""
    for link in package.links(part).values():
        if link.kind not in _CHARTS or link.external:
            continue
        root = package.root(link.target)
        if root is None:
            continue
        labels = [
            " ".join((value.text or "").split())
            for cache in root.iter("{*}strCache", "{*}strDim")
            for value in cache.iter("{*}v", "{*}pt")
        ]
        words = [*drawing_paragraphs(root), *(label for label in labels if label)]
        text = "\n".join(dict.fromkeys(words))
        if text:
            yield text
