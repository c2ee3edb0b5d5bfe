"""ZIP containers (office documents, books), opened with care: size and ratio caps, no entities, no surprises."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from desktop_rag.errors import Damaged, Encrypted, OverCap
from desktop_rag.messages import say
from desktop_rag.parsing.source import MIB, Source

if TYPE_CHECKING:
    from lxml.etree import _Element

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SMALL_BYTES = 32 * MIB
"""Up to this unpacked size a high ratio is harmless: empty sheets and templates shrink a hundredfold."""

SAVE_WITHOUT_PASSWORD = say("parsing.save-copy-without-password")
GET_A_FRESH_COPY = say("parsing.open-program-made-save-again-get")


class Archive:
    """The members of an open ZIP container, by name; a name is found whatever its case."""

    def __init__(self, name: str, container: zipfile.ZipFile) -> None:
        self.name = name
        self._container = container
        self._members = {_key(info.filename): info for info in container.infolist() if not info.is_dir()}
        self.mended: list[str] = []
        """Members whose XML was broken and was read as far as possible."""

    @property
    def names(self) -> list[str]:
        return [info.filename for info in self._members.values()]

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._members

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises ``Damaged`` (also when it is missing) and ``Encrypted``."""
        info = self._members.get(_key(name))
        if info is None:
            raise Damaged(say("parsing.damaged-part-missing", name=self.name, name_2=name), GET_A_FRESH_COPY)
        if info.flag_bits & 1:
            raise Encrypted(say("parsing.protected-password", name=self.name), SAVE_WITHOUT_PASSWORD)
        try:
            with self._container.open(info) as stream:
                # The size is asked for: a bare read() would unpack more than the container declares.
                return stream.read(info.file_size)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            OSError,
            RuntimeError,
            ValueError,
        ) as error:
            raise Damaged(
                say("parsing.damaged-part-cannot-unpacked", name=self.name, name_2=name, reason=error), GET_A_FRESH_COPY
            ) from error

    def xml(self, name: str) -> _Element:
        """The root element of an XML member. Raises ``Damaged``."""
        root, whole = parse_xml(self.read(name))
        if root is None:
            raise Damaged(say("parsing.damaged-part-not-xml", name=self.name, name_2=name), GET_A_FRESH_COPY)
        if not whole:
            self.mended.append(name)
        return root


def parse_xml(data: bytes) -> tuple[_Element | None, bool]:
    """The root element, broken XML mended as far as possible, and whether nothing had to be mended.

    Entities are not expanded and nothing is fetched.
    """
    from lxml import etree

    def parser(recover: bool) -> etree.XMLParser:
        return etree.XMLParser(
            recover=recover,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )

    try:
        return etree.fromstring(data, parser(recover=False)), True
    except (etree.XMLSyntaxError, ValueError):
        pass
    try:
        return etree.fromstring(data, parser(recover=True)), False
    except (etree.XMLSyntaxError, ValueError):
        return None, False


@contextmanager
def open_archive(source: Source) -> Iterator[Archive]:
    """Open a ZIP container.

    Raises ``Damaged`` when it is none, ``Encrypted`` for a protected office file (which is an OLE file), and
    ``OverCap`` when it is too large, or would be unpacked.
    """
    refuse_large(source)
    with source.open() as stream:
        start = stream.read(8)
        if start == OLE_MAGIC:
            raise _ole_instead(source)
        try:
            container = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, UnicodeDecodeError) as error:
            what = "empty" if not start else say("parsing.incomplete-not-format-name-says")
            raise Damaged(say("parsing.cannot-opened-2", name=source.name, what=what), GET_A_FRESH_COPY) from error
        with container:
            _check_size(source, container)
            yield Archive(source.name, container)


def refuse_large(source: Source) -> None:
    """Raise ``OverCap`` for a file larger than a format that is read whole may be."""
    if source.size > source.limits.file_bytes:
        raise OverCap(
            say(
                "parsing.too-large-mib-limit-mib",
                name=source.name,
                size=source.size / MIB,
                file_bytes=source.limits.file_bytes / MIB,
            ),
            say("parsing.split-into-smaller-files"),
        )


def _check_size(source: Source, container: zipfile.ZipFile) -> None:
    limits = source.limits
    unpacked = sum(info.file_size for info in container.infolist())
    ratio = unpacked / max(source.size, 1)
    if unpacked > limits.archive_bytes or (unpacked > _SMALL_BYTES and ratio > limits.archive_ratio):
        raise OverCap(
            say("parsing.would-unpack-mib-times-size-harmful", name=source.name, unpacked=unpacked / MIB, ratio=ratio),
            say("parsing.if-trust-open-program-made-save"),
        )


def _ole_instead(source: Source) -> Encrypted | Damaged:
    import olefile

    try:
        with source.open() as stream, olefile.OleFileIO(stream) as ole:
            locked = ole.exists("EncryptedPackage") or ole.exists("EncryptionInfo")
    except (OSError, ValueError, IndexError, TypeError) as error:
        return Damaged(say("parsing.cannot-opened", name=source.name, reason=error), GET_A_FRESH_COPY)
    if locked:
        return Encrypted(say("parsing.protected-password", name=source.name), SAVE_WITHOUT_PASSWORD)
    return Damaged(
        say("parsing.office-file-before-2007-new-suffix", name=source.name), say("parsing.change-ending-doc-xls-ppt")
    )


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
