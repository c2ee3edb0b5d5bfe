"""The bytes of a language model's tokens -> the text a person sees, piece by piece.

Held back until more is known: the bytes of an incomplete character, what may become a stop string, an open marker.
Left out: the space before an answer, and what a model thinks aloud between ``<think>`` and ``</think>`` before it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

THINKING = "<think>"
THOUGHT = "</think>"
_OPEN_MARKER = re.compile(r"\[[0-9]*\Z")


class VisibleText:
    """Feed it bytes; each call returns the text that is certain by then, maybe "".

    ``markers``: no "[" without its "]" is ever returned. ``thinking``: the prompt has begun a thought already.
    ``stopped`` is set once a stop string has come; neither it nor what follows is returned.
    """

    def __init__(self, stop: Sequence[str] = (), *, markers: bool = False, thinking: bool = False) -> None:
        self._stop = tuple(text for text in stop if text)
        self._markers = markers
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._where = "thought" if thinking else "start"
        self.stopped = False

    def feed(self, data: bytes) -> str:
        self._held += self._decoder.decode(data)
        return self._take(final=False)

    def end(self) -> str:
        """The rest, when no more comes."""
        self._held += self._decoder.decode(b"", True)
        return self._take(final=True)

    def _take(self, *, final: bool) -> str:
        if self._where == "start":
            begun = self._held.lstrip()
            if begun.startswith(THINKING):
                self._where, self._held = "thought", begun[len(THINKING) :]
            elif begun and (final or not THINKING.startswith(begun)):
                self._where = "after"
        if self._where == "thought":
            _, ended, rest = self._held.partition(THOUGHT)
            # Of a long thought only what may be the beginning of its end is kept.
            self._held = rest if ended else self._held[1 - len(THOUGHT) :]
            if ended:
                self._where = "after"
        if self._where == "after":
            self._held = self._held.lstrip()
            if self._held:
                self._where = "answer"
        return self._answer(final=final) if self._where == "answer" else ""

    def _answer(self, *, final: bool) -> str:
        found = [place for stop in self._stop if (place := self._held.find(stop)) >= 0]
        if self.stopped or found:
            text, self._held = ("" if self.stopped else self._held[: min(found)]), ""
            self.stopped = True
            return _OPEN_MARKER.sub("", text) if self._markers else text
        keep = 0 if final else max((_overlap(self._held, stop) for stop in self._stop), default=0)
        text = self._held[: len(self._held) - keep]
        if self._markers and (marker := _OPEN_MARKER.search(text)):
            text = text[: marker.start()]
        self._held = "" if final else self._held[len(text) :]
        return text


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` are the beginning of ``stop``."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:size])), 0)
