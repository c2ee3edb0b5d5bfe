"""Timed pieces of speech, as subtitles or a model that listens give them -> passages with the time they are said at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop_rag.parsing.media.sound_tags import tag_line
from desktop_rag.types import Segment, TimeSpan

if TYPE_CHECKING:
    from av.packet import Packet
    from av.subtitles.stream import SubtitleStream

TEXT_CODECS = frozenset(("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "subviewer", "microdvd", "sami"))
"""FFmpeg's names of subtitles that are text; the others are pictures of it."""
USUAL_S = 25.0
"""A passage that is as long ends with its sentence, or at a pause."""
LONGEST_S = 45.0
_PAUSE_S = 1.0
_SILENCE_S = 5.0
"""What is said after so long is something else."""
_SENTENCE_END = re.compile("[.!?\u2026\u3002\uff01\uff1f]['\"\u201d\u2019\u00bb)\\]]*$")
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Chinese and Japanese characters and their punctuation: no spaces between them."""
_STYLE = re.compile(r"\{\\[^}]*\}|</?[a-zA-Z][^>]*>")
_FIELDS_BEFORE_TEXT = 8
"""Commas before the text of a line of Advanced SubStation Alpha, as FFmpeg hands it on."""


class Caption(Struct, frozen=True):
    """Something said from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    text: str


def passages(captions: Iterable[Caption], context: str = "") -> Iterator[Segment]:
    """Merge captions, in order of time, into segments of about ``USUAL_S`` seconds, at most ``LONGEST_S`` unless a
    single one is longer. They end where a sentence does or the speaker pauses, if possible."""
    group: list[Caption] = []
    for caption in captions:
        if group and _is_border(group[0].start_s, group[-1], caption):
            yield _passage(group, context)
            group = []
        group.append(caption)
    if group:
        yield _passage(group, context)


def _is_border(begin_s: float, last: Caption, following: Caption) -> bool:
    pause_s = following.start_s - last.end_s
    if following.end_s - begin_s > LONGEST_S or pause_s >= _SILENCE_S:
        return True
    ends = pause_s >= _PAUSE_S or _SENTENCE_END.search(last.text) is not None
    return last.end_s - begin_s >= USUAL_S and ends


def _passage(group: list[Caption], context: str) -> Segment:
    text = ""
    for caption in group:
        unspaced = text and _UNSPACED.match(text[-1]) and _UNSPACED.match(caption.text)
        text += caption.text if not text or unspaced else f" {caption.text}"
    end_s = max(caption.end_s for caption in group)
    return Segment(text, TimeSpan(group[0].start_s, end_s), role="speech", context=context)


class SubtitleTrack:
    """Collects one track of subtitles inside a video. What is broken in it is left out."""

    def __init__(self, stream: SubtitleStream, room: int) -> None:
        self._stream = stream
        self._room = room
        self._captions: list[Caption] = []

    def add(self, packet: Packet[SubtitleStream], base_s: float) -> None:
        """Take the captions of ``packet``; ``base_s`` is the time at which the video begins."""
        if packet.pts is None or packet.time_base is None or not packet.size or self._room <= 0:
            return
        start_s = float(packet.pts * packet.time_base) - base_s
        shown_s = float((packet.duration or 0) * packet.time_base)
        from av.error import FFmpegError

        try:
            decoded = self._stream.decode(packet)
        except (FFmpegError, ValueError):
            return
        for rectangle in decoded:
            text = _text_of(bytes(getattr(rectangle, "ass", b"") or b""))[: self._room]
            if text:
                self._room -= len(text)
                self._captions.append(Caption(round(max(0.0, start_s), 3), round(max(0.0, start_s + shown_s), 3), text))

    def segments(self) -> Iterator[Segment]:
        language, title = (tag_line(self._stream.metadata, key) for key in ("language", "title"))
        named = ", ".join(part for part in (title, "" if language == "und" else language) if part)
        ordered = sorted(self._captions, key=lambda caption: caption.start_s)
        return passages(ordered, f"Subtitles ({named})" if named else "Subtitles")


def _text_of(line: bytes) -> str:
    """The words of a line of Advanced SubStation Alpha, without styles."""
    text = line.decode("utf-8", "replace").split(",", _FIELDS_BEFORE_TEXT)[-1]
    return " ".join(_STYLE.sub("", text.replace("\\N", " ").replace("\\n", " ").replace("\\h", " ")).split())
