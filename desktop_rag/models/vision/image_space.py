"""An image model as others see it: its embedding space, told without loading it, and pictures in that space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from desktop_rag.errors import ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.requests import ModelClient
from desktop_rag.models.vision.image_embedding import EmbedImages
from desktop_rag.types import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONFIG_NAME = "open_clip_config.json"


class _DimensionConfig(Struct):
    embed_dim: int


class _SpaceConfig(Struct):
    model_cfg: _DimensionConfig


def image_space(installed: Installed) -> Space:
    """The space in which the model puts pictures and texts. Raises ``ModelRefused``."""
    path = Path(installed.folder) / CONFIG_NAME
    try:
        dim = msgspec.json.decode(path.read_bytes(), type=_SpaceConfig).model_cfg.embed_dim
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelRefused(
            say("models.does-not-say-what-model-produces", path=path, reason=error), say("models.install-again")
        ) from error
    return Space(installed.name, installed.fingerprint, dim)


def embed_pictures(model: ModelClient, previews: Sequence[bytes]) -> NDArray[np.float32]:
    """Unit vectors [n, dim] of pictures, from whatever answers an image model's requests. Raises ``ModelError``."""
    import numpy as np

    packed = next(model.ask(EmbedImages(tuple(previews))))
    return np.frombuffer(packed, np.float32).reshape(len(previews), -1)
