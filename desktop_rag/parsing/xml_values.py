"""Values in XML, whatever its namespaces: names of elements, attributes, and moments in ISO form."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from desktop_rag.clock import zoned

if TYPE_CHECKING:
    from lxml.etree import _Element


def local(node: _Element) -> str:
    """The local name of an element's tag."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(node: _Element, name: str) -> str:
    """An attribute by its local name, "" when it is missing."""
    for key, value in node.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def moment(text: str) -> datetime | None:
    """A date and time in ISO form, by the reader's clock unless it names a zone; None when it is none."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return zoned(found)
