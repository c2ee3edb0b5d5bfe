"""DrawingML: paragraphs of shapes, the charts and diagrams that a part refers to, and the pictures in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from desktop_rag.parsing.office.ooxml import Package, Relationship
from desktop_rag.parsing.xml_values import attribute, local

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


def drawn_pictures(node: _Element, links: dict[str, Relationship]) -> Iterator[tuple[str, str]]:
    """Part name and description of each picture drawn below an element of Word or PowerPoint."""
    for found in node.iter("{*}blip", "{*}imagedata"):
        link = links.get(attribute(found, "embed") or attribute(found, "id"))
        if link is not None and link.kind == "image" and not link.external:
            yield link.target, _alternative(found)


def _alternative(found: _Element) -> str:
    """The alternative text of a picture: of the frame around it that is nearest."""
    if title := attribute(found, "title"):  # VML
        return title
    for around in found.iterancestors():
        if local(around) in ("pic", "inline", "anchor", "sp", "graphicFrame"):
            told = next((node for node in around.iter("{*}docPr", "{*}cNvPr")), None)
            text = (attribute(told, "descr") or attribute(told, "title")) if told is not None else ""
            if text:
                return text
        if local(around) in ("p", "shape", "spTree"):
            break
    return ""
