"""What a file is: by its content, with the suffix (and a mail's word for it) as a hint.

Content that is text costs a look at its first bytes; containers are told apart by their members; only what is left,
sound, pictures and the like, is looked up in puremagic's table of signatures (half a millisecond).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO

from desktop_rag.errors import Damaged, Encrypted
from desktop_rag.messages import say
from desktop_rag.parsing.faults import is_fault
from desktop_rag.parsing.formats import Format, by_mime, by_suffix
from desktop_rag.parsing.sniff_text import is_text, text_format

HEAD_BYTES = 8192
"""How much of a file's beginning ``detect`` wants to see."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TNEF = b"\x78\x9f\x3e\x22"
_PDF_WITHIN = 1024
_MIMETYPE_BYTES = 256
_WEAK_SIGNATURE = 3  # bytes; a shorter one is met by chance

_OLE_STREAMS = {
    "worddocument": ".doc",
    "workbook": ".xls",
    "book": ".xls",
    "powerpoint document": ".ppt",
    "pp97_dualstorage": ".ppt",
    "__properties_version1.0": ".msg",
    "visiodocument": ".vsd",
    "quill": ".pub",
    "matost": ".wps",
    "perfectoffice_main": ".wpd",
    "bodytext": ".hwp",
}
_PACKAGE_PARTS = (
    ("word/document", ".docx"),
    ("ppt/presentation", ".pptx"),
    ("xl/workbook", ".xlsx"),
    ("visio/", ".vsdx"),
    ("word/", ".docx"),
    ("ppt/", ".pptx"),
    ("xl/", ".xlsx"),
    ("fixeddocseq", ".xps"),
    ("fixeddocumentsequence", ".xps"),
    ("documents/1/", ".xps"),
)
_IWORK = (".pages", ".key", ".numbers")


def detect(name: str, head: bytes, open: Callable[[], BinaryIO], mime: str = "") -> Format | None:
    """The format of a file, or None when nothing is known about it.

    ``head`` is its first ``HEAD_BYTES``; ``open`` gives a seekable stream of all of it and is called for containers
    only. ``mime`` is what a mail says about its attachment: a hint when the name has no known suffix. A hint is kept
    when the content does not speak against it, so that a damaged file is reported as what it was meant to be.

    Raises ``Encrypted`` for an Office file wrapped into an encrypted container and ``Damaged`` for a container whose
    directory cannot be read and whose name says nothing.
    """
    hint = _hint(name, mime)
    if not head:
        return hint
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(head, open, hint)
    if head.startswith(_OLE):
        return _ole_format(name, open, hint)
    if _is_pdf(head, hint):
        return by_suffix(".pdf")
    if head.startswith(_TNEF):
        return by_suffix(".tnef")
    expects_text = hint is not None and hint.carrier == "text"
    if is_text(head, expected=expects_text):
        return text_format(head, hint)
    return _binary_format(head, hint)


def _hint(name: str, mime: str) -> Format | None:
    declared = by_mime(mime)
    if declared is not None and declared.mime == "message/rfc822":
        return declared  # its name is often the subject, which may well end in ".com"
    return by_suffix(name) or declared


def _is_pdf(head: bytes, hint: Format | None) -> bool:
    """Readers accept junk before the header; a text that merely mentions it is no PDF."""
    at = head.find(b"%PDF-", 0, _PDF_WITHIN)
    return at == 0 or (at > 0 and (hint is None or hint.carrier != "text"))


# --- ZIP -------------------------------------------------------------------------------------------------------------


def _zip_format(head: bytes, open: Callable[[], BinaryIO], hint: Format | None) -> Format | None:
    import zipfile

    try:
        with open() as stream, zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            declared = b""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < _MIMETYPE_BYTES:
                declared = archive.read("mimetype")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return _cut_zip_format(head, hint)
    return _package_format(names, declared.decode("ascii", "ignore"), hint)


def _cut_zip_format(head: bytes, hint: Format | None) -> Format | None:
    """A ZIP whose directory, which is at its end, is missing: the first members still tell."""
    if hint is not None and hint.carrier == "zip":
        return hint
    _, found, declared = head.partition(b"mimetype")
    if found:
        declared = declared[:80].split(b"PK", 1)[0]
    names = [text for text in ("word/", "ppt/", "xl/") if text.encode() in head]
    return _package_format(names, declared.decode("ascii", "ignore") if found else "", hint)


def _package_format(names: Iterable[str], declared: str, hint: Format | None) -> Format | None:
    by_declared = by_mime(declared.strip())
    if by_declared is not None and by_declared.carrier == "zip":
        return by_declared
    members = {name.replace("\\", "/").lstrip("/").lower() for name in names}
    if any(name.endswith(".iwa") or name in ("index.zip", "index.apxl", "index.xml.gz") for name in members) or (
        "index.xml" in members and "buildversionhistory.plist" in members
    ):
        return hint if hint is not None and hint.suffixes[0] in _IWORK else by_suffix(_IWORK[0])
    if "meta-inf/container.xml" in members:
        return by_suffix(".epub")
    for part, suffix in _PACKAGE_PARTS:
        if any(name.startswith(part) for name in members):
            return by_suffix(suffix)
    return hint if hint is not None and hint.carrier == "zip" else by_suffix(".zip")


# --- OLE -------------------------------------------------------------------------------------------------------------


def _ole_format(name: str, open: Callable[[], BinaryIO], hint: Format | None) -> Format | None:
    import olefile

    kept = hint if hint is not None and hint.carrier == "ole" else None
    try:
        with open() as stream, olefile.OleFileIO(stream) as container:
            streams = {entry[0].lower() for entry in container.listdir(storages=True)}
    except Exception as error:  # olefile raises whatever its reading of the sectors runs into
        if is_fault(error):
            raise
        if kept is not None:
            return kept
        raise Damaged(
            say("parsing.damaged-office-file-directory-cannot-read", name=name), say("parsing.get-fresh-copy")
        ) from error
    if "encryptedpackage" in streams:
        raise Encrypted(
            say("parsing.protected-password", name=name), say("parsing.open-program-made-save-copy-without")
        )
    for stream_name, suffix in _OLE_STREAMS.items():
        if stream_name in streams:
            return by_suffix(suffix)
    return kept


# --- everything else -------------------------------------------------------------------------------------------------


def _binary_format(head: bytes, hint: Format | None) -> Format | None:
    import puremagic

    if _is_transport_stream(head):
        return by_suffix(".m2ts")
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        matches = []
    found: list[Format] = []
    for match in matches:
        row = by_mime(match.mime_type) or by_suffix(match.extension)
        if row is not None and row.carrier == "binary" and (row == hint or len(match.byte_match) >= _WEAK_SIGNATURE):
            found.append(row)
    if hint is not None and (hint in found or not found):
        return hint if hint.carrier != "text" else None
    if not found:
        return None
    if hint is not None and {hint.kind, found[0].kind} <= {"audio", "video"}:
        return hint  # containers such as MP4 and Ogg hold either
    if hint is not None and hint.name == "raw photo":
        return hint  # most are TIFF files that hold nothing a reader of TIFF understands
    return found[0]


def _is_transport_stream(head: bytes) -> bool:
    """MPEG transport streams, whose suffix .ts is TypeScript's too: a sync byte at the start of each packet."""
    return len(head) > 800 and (
        head[0] == head[188] == head[376] == 0x47 or head[4] == head[196] == head[388] == head[580] == 0x47
    )
