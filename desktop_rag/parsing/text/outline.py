"""The path of headings above the place a parser has reached."""

from __future__ import annotations

from collections.abc import Iterator

from desktop_rag.types import Locator, Segment


class Outline:
    """A stack of open headings. A heading that nothing follows becomes a segment itself, so that it is found too."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str, Locator]] = []
        self._used = 0
        """How many headings, from the outermost, have something below them."""

    def enter(self, level: int, text: str, locator: Locator) -> Iterator[Segment]:
        """Open a heading (1 is the outermost) and close those of its level and below."""
        yield from self._close(level)
        self._open.append((level, text, locator))

    def leave(self) -> Iterator[Segment]:
        """Close all headings."""
        return self._close(-1)

    def path(self) -> tuple[str, ...]:
        """The headings above a segment that is about to be yielded, outermost first."""
        self._used = len(self._open)
        return tuple(text for _, text, _ in self._open)

    def _close(self, level: int) -> Iterator[Segment]:
        while self._open and self._open[-1][0] >= level:
            _, text, locator = self._open.pop()
            if self._used > len(self._open):
                self._used = len(self._open)
            else:
                yield Segment(text, locator, headings=self.path())
