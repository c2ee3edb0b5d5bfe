"""How many files of each kind have been read so far."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from typing import Literal

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.types import FileState

FileGroup = Literal[
    "documents", "notes", "mail", "pictures", "recordings", "videos", "tables", "slides", "pages", "others"
]

_SUFFIXES: dict[FileGroup, str] = {
    "documents": ".pdf .doc .docx .odt .rtf .epub .pages",
    "notes": ".txt .md .markdown .org .rst .text .log",
    "mail": ".eml .msg .mbox .mbx",
    "pictures": ".jpg .jpeg .png .gif .webp .heic .heif .avif .tif .tiff .bmp .svg",
    "recordings": ".mp3 .m4a .wav .flac .ogg .oga .opus .aac .wma",
    "videos": ".mp4 .mov .mkv .avi .webm .m4v .wmv",
    "tables": ".csv .tsv .xls .xlsx .ods",
    "slides": ".ppt .pptx .odp",
    "pages": ".htm .html .mhtml",
}
_GROUP = {suffix: group for group, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
ICONS: dict[FileGroup, str] = {
    "documents": "file", "notes": "note", "mail": "mail", "pictures": "image", "recordings": "audio", "videos": "video",
    "tables": "table", "slides": "slides", "pages": "web", "others": "code",
}  # fmt: skip
_READ = (FileState.INDEXED, FileState.PARTIAL, FileState.WAITING)
_PAGE = 1_000
_MOST = 20_000
"""Files that are told apart; beyond, the picture does not change much."""


def count_by_group(client: EngineClient, stop: threading.Event) -> dict[FileGroup, int]:
    """Files that were read, by what they are; the most frequent first."""
    counted: Counter[FileGroup] = Counter()
    after = ""
    while not stop.is_set():
        files = client.files(states=_READ, after=after, limit=_PAGE).files
        counted.update(group_of(file.path) for file in files)
        if len(files) < _PAGE or counted.total() >= _MOST:
            break
        after = files[-1].path
    return dict(counted.most_common())


def group_of(path: str) -> FileGroup:
    """By the suffix; a file without one may be the mailbox of a mail program."""
    suffix = PurePath(path).suffix.lower()
    return "mail" if not suffix and ("/Mail/" in path or "/ImapMail/" in path) else _GROUP.get(suffix, "others")


def describe_counts(counted: Mapping[FileGroup, int]) -> list[tuple[FileGroup, str]]:
    return [(group, _said(group, count)) for group, count in counted.items() if count]


def _said(group: FileGroup, count: int) -> str:
    return {
        "documents": tr("%n document(s)", count),
        "notes": tr("%n note(s)", count),
        "mail": tr("%n email file(s)", count),
        "pictures": tr("%n picture(s)", count),
        "recordings": tr("%n recording(s)", count),
        "videos": tr("%n video(s)", count),
        "tables": tr("%n table(s)", count),
        "slides": tr("%n presentation(s)", count),
        "pages": tr("%n web page(s)", count),
        "others": tr("%n other file(s)", count),
    }[group]
