"""The embedding space of an installed image model, told without loading it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from desktop_rag.errors import ModelRefused
from desktop_rag.models.shelf import Installed
from desktop_rag.types import Space

CONFIG_NAME = "open_clip_config.json"


class _Model(Struct):
    embed_dim: int


class _Config(Struct):
    model_cfg: _Model


def image_space(installed: Installed) -> Space:
    """The space in which the model puts pictures and texts. Raises ``ModelRefused``."""
    path = Path(installed.folder) / CONFIG_NAME
    try:
        dim = msgspec.json.decode(path.read_bytes(), type=_Config).model_cfg.embed_dim
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelRefused(f"{path} does not say what the model gives ({error}).", "Install it again.") from error
    return Space(installed.name, installed.fingerprint, dim)
