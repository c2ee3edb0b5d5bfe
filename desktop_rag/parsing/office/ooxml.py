"""What Word, PowerPoint and Excel files since 2007 share: parts, the relationships between them, properties.

Tags are compared by their local names, so that the "strict" variant of the formats, whose namespaces differ, reads the
same.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.archive import GET_A_FRESH_COPY, Archive
from desktop_rag.parsing.office.embedded import unwrap_ole
from desktop_rag.parsing.xml_values import local, moment
from desktop_rag.types import Attachment, Entry, Kind, Metadata, ParseItem, Problem

if TYPE_CHECKING:
    from lxml.etree import _Element

_EMBEDDED = {"oleobject", "package", "afchunk"}
_PROGRAMS_PREFIX = re.compile(r"microsoft (?:word|excel|powerpoint) - ", re.IGNORECASE)
_EMPTY_TITLE = re.compile(
    r"(?:powerpoint[ -]presentation|presentation|document|slide|folie|diapositive|workbook|book|untitled)?[ -]?\d*",
    re.IGNORECASE,
)


class Relationship(Struct, frozen=True):
    kind: str
    """Last part of the type's address, in lower case: "slide", "comments", "hyperlink", …"""
    target: str
    """Name of the part, or the address of an external one."""
    external: bool


class Package:
    """An office file: its parts by name, and what each refers to."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def main_part(self, usual: str) -> str:
        """The name of the part that holds the document. Raises ``Damaged`` when there is none."""
        for link in self.links("").values():
            if link.kind == "officedocument" and link.target in self.archive:
                return link.target
        if usual not in self.archive:
            raise Damaged(say("parsing.damaged-contains-no-document", name=self.archive.name), GET_A_FRESH_COPY)
        return usual

    def links(self, part: str) -> dict[str, Relationship]:
        """Relationships of a part (of the package itself for "") by their id; none where they cannot be read."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self.archive:
            return {}
        try:
            root = self.archive.xml(rels)
        except Damaged:
            return {}
        found = {}
        for node in root:
            target = node.get("Target", "")
            external = node.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = node.get("Type", "").rpartition("/")[2].lower()
            found[node.get("Id", "")] = Relationship(kind, target, external)
        return found

    def parts(self, part: str, kind: str) -> list[str]:
        """Names of the existing parts of one kind that a part refers to."""
        return [
            link.target
            for link in self.links(part).values()
            if link.kind == kind and not link.external and link.target in self.archive
        ]

    def root(self, part: str) -> _Element | None:
        """The root of a part the document can do without; None if it is missing or damaged."""
        try:
            return self.archive.xml(part) if part in self.archive else None
        except Damaged:
            self.archive.mended.append(part)
            return None

    def metadata(self, kind: Kind) -> Metadata:
        """Title, author, date, language and keywords of the document."""
        parts = [*self.parts("", "core-properties"), "docProps/core.xml"]
        root = self.root(parts[0])
        values: dict[str, str] = {}
        for node in root if root is not None else ():
            values.setdefault(local(node), " ".join((node.text or "").split()))
        return Metadata(
            kind=kind,
            title=real_title(values.get("title", "")),
            author=values.get("creator", ""),
            created=moment(values.get("created", "")),
            language=values.get("language", ""),
            tags=tuple(tag for tag in re.split(r"\s*[,;]\s*", values.get("keywords", "")) if tag),
        )

    def attachments(self, parts: Iterator[str] | list[str]) -> Iterator[Attachment]:
        """Files embedded in the given parts, each once. Pictures and the fallbacks of charts are none."""
        seen = set()
        for part in parts:
            for link in self.links(part).values():
                if (
                    link.kind not in _EMBEDDED
                    or link.external
                    or link.target in seen
                    or link.target not in self.archive
                ):
                    continue
                seen.add(link.target)
                try:
                    name, data = unwrap_ole(posixpath.basename(link.target), self.archive.read(link.target))
                except Damaged:
                    self.archive.mended.append(link.target)
                    continue
                if data:
                    yield Attachment(name, "", data, Entry(name))

    def problems(self) -> Iterator[ParseItem]:
        """The problem to report when parts were broken and read as far as possible."""
        if self.archive.mended:
            yield Problem(
                "damaged",
                say("parsing.parts-damaged-much-possible-read", name=self.archive.name),
                GET_A_FRESH_COPY,
            )


def real_title(title: str) -> str:
    """A document's title without what programs put there by themselves ("Slide 1", "Microsoft Word - ")."""
    title = _PROGRAMS_PREFIX.sub("", title).strip()
    return "" if _EMPTY_TITLE.fullmatch(title) else title
