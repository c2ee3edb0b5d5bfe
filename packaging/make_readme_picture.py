"""Draw resources/readme/answer.svg: what ``desktop-rag ask`` prints about the sample library, as a picture.

Run it with the environment's Python after a change of how answers look.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from desktop_rag.cli.asking import terms_of
from desktop_rag.cli.render import show_answer
from desktop_rag.engine.engine import Engine
from desktop_rag.paths import resources_dir

QUESTIONS = (
    "When will the board shear be delivered, and who is the driver?",
    "Where is the spare key of the workshop hidden?",
)
TARGET = resources_dir() / "readme" / "answer.svg"
COLUMNS = 96


def main() -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder)) as engine:
        engine.index([resources_dir() / "samples"])
        for question in QUESTIONS:
            console.print(Text.assemble(("$ ", "bold green"), f'desktop-rag ask "{question}"'))
            for part in show_answer(engine.ask(question), terms_of(question)):
                console.print(part, highlight=False)
            console.print()
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(_picture(console), encoding="utf-8")


def _picture(console: Console) -> str:
    """What was printed, as SVG: with the reader's own font, for a picture must not load one from a server."""
    template = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    template = template.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    drawn = console.export_svg(title="Desktop RAG", code_format=template, unique_id="answer")
    return drawn.replace("<text ", '<text xml:space="preserve" ')


if __name__ == "__main__":
    main()
