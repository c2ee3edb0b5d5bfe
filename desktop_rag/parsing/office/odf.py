"""What OpenDocument files share: properties, and the check for a password."""

from __future__ import annotations

from desktop_rag.errors import Damaged, Encrypted
from desktop_rag.messages import say
from desktop_rag.parsing.archive import SAVE_WITHOUT_PASSWORD, Archive
from desktop_rag.parsing.office.ooxml import real_title
from desktop_rag.parsing.xml_values import local, moment
from desktop_rag.types import Kind, Metadata

_MANIFEST = "META-INF/manifest.xml"
_META = "meta.xml"


def refuse_encrypted(archive: Archive) -> None:
    """Raise ``Encrypted`` for a file whose content is protected by a password."""
    try:
        locked = _MANIFEST in archive and archive.xml(_MANIFEST).find(".//{*}encryption-data") is not None
    except Damaged:
        return
    if locked:
        raise Encrypted(say("parsing.protected-password", name=archive.name), SAVE_WITHOUT_PASSWORD)


def odf_metadata(archive: Archive, kind: Kind) -> Metadata:
    """Title, author, date, language and keywords; what cannot be read is left out."""
    try:
        root = archive.xml(_META) if _META in archive else None
    except Damaged:
        root = None
    values: dict[str, str] = {}
    tags = []
    for node in root.iter("{*}*") if root is not None else ():
        text = " ".join((node.text or "").split())
        if local(node) == "keyword" and text:
            tags.append(text)
        elif text:
            values.setdefault(local(node), text)
    return Metadata(
        kind=kind,
        title=real_title(values.get("title", "")),
        author=values.get("initial-creator", "") or values.get("creator", ""),
        created=moment(values.get("creation-date", "") or values.get("date", "")),
        language=values.get("language", ""),
        tags=tuple(tags),
    )
