"""The image model in use, as a search asks it: texts into the space of the pictures."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from desktop_rag.errors import ModelError
from desktop_rag.models.runtime.scheduled import ScheduledModel
from desktop_rag.models.runtime.scheduler import ModelScheduler
from desktop_rag.models.vision import image_embedding
from desktop_rag.models.vision.image_space import embed_pictures
from desktop_rag.worker_thread import run_in_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ImageTextEncoder:
    """Embeds texts and pictures for questions, which come before indexing. Every method raises ``ModelError``."""

    def __init__(self, scheduler: ModelScheduler) -> None:
        self._scheduler = scheduler
        self._scale: float | None = None
        self._loading: threading.Thread | None = None
        self.ahead = False
        """Whether this process lives on after the question: only then is it worth while to load for the next."""

    @property
    def ready(self) -> bool:
        """Whether the model is in memory."""
        return any(model.role == "image" for model in self._scheduler.loaded())

    def get_ready(self) -> None:
        """Have it loaded in the background, where somebody is likely to ask again soon."""
        if self.ahead and (self._loading is None or not self._loading.is_alive()):
            self._loading = run_in_thread("image model", self._load)

    def _load(self) -> None:
        with suppress(ModelError), self._scheduler.use("image"):
            pass

    def embed_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], float]:
        """Unit vectors [n, dim] in the space of the pictures, and the scale by which cosines become log-odds."""
        import numpy as np

        with self._scheduler.use("image", urgent=True) as process:
            if self._scale is None:
                self._scale = next(process.ask(image_embedding.DescribeImageModel())).scale
            packed = next(process.ask(image_embedding.EmbedTexts(tuple(texts))))
        return np.frombuffer(packed, np.float32).reshape(len(texts), -1), self._scale

    def embed_pictures(self, previews: Sequence[bytes]) -> NDArray[np.float32]:
        """Unit vectors [n, dim]."""
        return embed_pictures(ScheduledModel(self._scheduler, "image", urgent=True), previews)
