"""Runs the engine or a command as usual, but notes each text that goes through the embedding model.

``python -m tests.crash.noting LOG engine LIBRARY`` or ``python -m tests.crash.noting LOG ARGUMENT …``
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.models.onnx.text_embedding import TextEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def main() -> int:
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    embed = TextEmbedder.embed

    def noted(
        self: TextEmbedder, texts: Sequence[str], between: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        os.write(log, "".join(f"{digest_of(text).hex()}\n" for text in texts).encode("ascii"))
        return embed(self, texts, between)

    TextEmbedder.embed = noted  # type: ignore[method-assign]
    if sys.argv[2] == "engine":
        from desktop_rag.engine.service import server

        return server.main(sys.argv[3:])
    from desktop_rag.cli.main import main as run_command

    return run_command(sys.argv[2:])


def digest_of(text: str) -> bytes:
    """The name of a text in the embedding cache."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def embedded_texts(log: Path) -> list[bytes]:
    """What was noted, in order: the digest of each text."""
    lines = log.read_text(encoding="ascii").splitlines() if log.exists() else []
    return [bytes.fromhex(line) for line in lines if len(line) == 32]


if __name__ == "__main__":
    sys.exit(main())
