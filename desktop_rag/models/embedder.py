"""What embeds text: the bundled model, or one that a person has installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from desktop_rag.types import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Safe to use from several threads. The methods raise ``ModelError``."""

    @property
    def space(self) -> Space: ...

    def embed(self, texts: Sequence[str], between: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Unit vectors [n, dim] of passages [n]; ``between`` is told after each batch how many were in it, and what it
        raises ends the work."""
        ...

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """The unit vector [dim] of a question."""
        ...

    def load(self) -> Any:
        """Load the model now rather than at the first text."""
        ...
