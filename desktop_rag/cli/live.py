"""An answer while it is written: its text grows on the terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from desktop_rag.cli.terminal import clean, console
from desktop_rag.types import AnswerEvent, Retrieved, Token

if TYPE_CHECKING:
    from rich.live import Live


class LiveAnswer:
    """Use as a context manager around the question. When it ends the text is gone from the terminal again: the whole
    answer, checked, is shown in its place by others. Without ``shown``, or where standard output is no terminal,
    nothing is shown meanwhile."""

    def __init__(self, *, shown: bool) -> None:
        self._console = console()
        self._shown = shown and self._console.is_terminal
        self._text = ""
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def hear(self, event: AnswerEvent) -> None:
        """Show what has happened."""
        if isinstance(event, Retrieved):
            self._text = ""  # an engine that was started again begins anew
        elif isinstance(event, Token) and self._shown:
            self._text += event.text
            self._show()

    def _show(self) -> None:
        from rich.live import Live
        from rich.text import Text

        if self._live is None:
            self._live = Live(console=self._console, transient=True, refresh_per_second=12)
            self._live.start()
        self._live.update(Text(clean(self._text)))
