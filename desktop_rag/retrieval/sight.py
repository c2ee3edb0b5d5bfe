"""The image model in use, as a search asks it: texts into the space of the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from desktop_rag.models import image_embedding
from desktop_rag.models.conductor import Conductor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ModelSight:
    """Embeds texts and pictures for questions, which come before indexing. Every method raises ``ModelError``."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._scale: float | None = None

    @property
    def ready(self) -> bool:
        """Whether the model is in memory."""
        return any(model.role == "image" for model in self._conductor.loaded())

    def embed_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], float]:
        """Unit vectors [n, dim] in the space of the pictures, and the scale by which cosines become log-odds."""
        import numpy as np

        with self._conductor.use("image", urgent=True) as process:
            if self._scale is None:
                self._scale = next(process.ask(image_embedding.Describe())).scale
            packed = next(process.ask(image_embedding.EmbedTexts(tuple(texts))))
        return np.frombuffer(packed, np.float32).reshape(len(texts), -1), self._scale

    def embed_pictures(self, previews: Sequence[bytes]) -> NDArray[np.float32]:
        """Unit vectors [n, dim]."""
        import numpy as np

        with self._conductor.use("image", urgent=True) as process:
            packed = next(process.ask(image_embedding.EmbedImages(tuple(previews))))
        return np.frombuffer(packed, np.float32).reshape(len(previews), -1)
