"""An engine that watches a folder, and sees a file come, change and go: ``python -m tests.offline.watching FOLDER``.

It prints the engine's status at the end.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from desktop_rag.engine.service.opening import AnyEngine, start_engine, stop_engine
from desktop_rag.paths import default_library_dir
from tests.engine.waiting import until


def main() -> int:
    folder, library = Path(sys.argv[1]), default_library_dir()
    try:
        with start_engine(library) as engine:
            engine.index([folder])
            note = folder / "lighthouse.txt"
            note.write_text("The lighthouse sync_worker is called Tamsin.", encoding="utf-8")
            until(lambda: _found(engine, "Who keeps the lighthouse?", "Tamsin"), "the new note is found")
            note.write_text("The lighthouse sync_worker is called Jory.", encoding="utf-8")
            until(lambda: _found(engine, "Who keeps the lighthouse?", "Jory"), "the changed note is found")
            note.unlink()
            until(lambda: engine.why(note).file is None, "the note is forgotten")
            print(msgspec.json.encode(engine.status()).decode())  # noqa: T201
    finally:
        stop_engine(library)
    return 0


def _found(engine: AnyEngine, question: str, word: str) -> bool:
    return any(word in hit.text for hit in engine.search(question).hits)


if __name__ == "__main__":
    sys.exit(main())
