"""Tiny models of each form, written with the libraries that write the real ones."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np


def open_clip_folder(folder: Path, *, seed: int = 0) -> Path:
    """What open_clip keeps in a folder; the weights are one small matrix."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = np.random.default_rng(seed).normal(size=(32, 16)).astype(np.float32)
    save_file({"visual.proj": weights, "text.proj": weights[:4]}, folder / "open_clip_model.safetensors")
    model = {"embed_dim": 32, "vision_cfg": {"image_size": 32}, "text_cfg": {"context_length": 16}}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model}), encoding="utf-8")
    (folder / "README.md").write_text("# A model", encoding="utf-8")
    return folder


def whisper_folder(folder: Path, *, name: str = "WhisperSpec") -> Path:
    """What faster-whisper keeps in a folder. The weights do not make a model that runs."""
    base: Any = importlib.import_module("ctranslate2.specs.model_spec").ModelSpec

    class Spec(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = np.arange(600, dtype=np.float32).reshape(20, 30)
            self.bias = np.arange(20, dtype=np.float32)

        @property
        def name(self) -> str:
            return name

        @property
        def revision(self) -> int:
            return 3

    folder.mkdir(parents=True, exist_ok=True)
    spec = Spec()
    spec.validate()
    spec.save(str(folder))
    for text in ("config.json", "tokenizer.json", "vocabulary.json", "preprocessor_config.json"):
        (folder / text).write_text("{}", encoding="utf-8")
    return folder
