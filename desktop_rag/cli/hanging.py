"""Text that hangs behind a head: a marker, a number, a label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text


class HangingText:
    """Text behind a head, wrapped lines standing below the text's beginning; no blanks at the ends of lines."""

    def __init__(self, text: Text, head: str | Text, style: str = "") -> None:
        from rich.text import Text

        self.text = text
        self.head = Text(head, style) if isinstance(head, str) else head

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text

        lines = self.text.wrap(console, max(20, options.max_width - len(self.head)), overflow="fold")
        for number, line in enumerate(lines):
            line.rstrip()
            head = " " * len(self.head) if number else self.head
            yield Text.assemble(head, line) if line else Text("")
