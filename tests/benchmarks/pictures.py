"""How quickly pictures are embedded, beside a plain loop around open_clip, and how little is lost by hurrying."""

from __future__ import annotations

import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from desktop_rag.models.runtime.process import ModelProcess
from desktop_rag.models.vision.image_embedding import EmbedImages, ImageModelSettings
from desktop_rag.types import PREVIEW_SIDE
from tests.benchmarks.report import Section, Target
from tests.tiny.clip import CAPTIONS, draw, random_clip

TITLE = "Pictures"
PICTURES = 256
BATCH = 32
_REAL_SIZE: dict[str, Any] = {
    "embed_dim": 512,
    "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "head_width": 64, "patch_size": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49_408, "width": 512, "heads": 8, "layers": 12},
}
"""ViT-B-32; how quick it is does not depend on what its weights are."""


def measure(section: Section) -> None:
    """Rows for the previews that parsers hand on, and for whole photographs."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    count = PICTURES // 4 if section.quick else PICTURES
    with tempfile.TemporaryDirectory() as folder:
        model = random_clip(Path(folder), **_REAL_SIZE)
        for name, side in (
            (f"previews of {PREVIEW_SIDE} pixels", PREVIEW_SIDE),
            ("photographs of 2,048 pixels", 2_048),
        ):
            pictures = tuple(_photograph(number, side) for number in range(count))
            # The parts of both runs alternate, so that what else the machine does burdens both.
            theirs_s, theirs, ours_s, ours = _both(model, device, pictures)
            section.add(
                f"{count} {name}, {device}",
                {
                    "pictures/s": count / ours_s,
                    "open_clip alone, pictures/s": count / theirs_s,
                    "ratio": theirs_s / ours_s,
                    "least cosine": float((ours * theirs).sum(1).min()),
                },
                Target("ratio", 0.9),
                Target("least cosine", 0.999),
            )


def _both(model: Path, device: str, pictures: tuple[bytes, ...]) -> tuple[float, np.ndarray, float, np.ndarray]:
    """Seconds and vectors [n, dim] of open_clip in a plain loop, and of ours in its process."""
    import open_clip
    import torch

    network, _, preprocess = open_clip.create_model_and_transforms(
        f"local-dir:{model}", device=device, precision="fp16" if device == "cuda" else "fp32"
    )
    network.eval()
    process = ModelProcess(
        "desktop_rag.models.vision.image_embedding",
        ImageModelSettings(
            str(model), device="cuda" if device == "cuda" else "cpu", half=device == "cuda", batch=BATCH
        ),
    )
    theirs: list[np.ndarray] = []
    ours: list[np.ndarray] = []
    theirs_s = ours_s = 0.0
    try:
        for round_number in (-1, *range(0, len(pictures), 2 * BATCH)):  # the first one warms up
            part = pictures[max(0, round_number) : max(0, round_number) + 2 * BATCH]
            start = time.perf_counter()
            seen = []
            with torch.inference_mode():
                for begin in range(0, len(part), BATCH):
                    pixels = [preprocess(Image.open(BytesIO(data))) for data in part[begin : begin + BATCH]]
                    stacked = torch.stack(pixels).to(device, torch.float16 if device == "cuda" else torch.float32)
                    seen.append(network.encode_image(stacked, normalize=True).float().cpu().numpy())
            between = time.perf_counter()
            (packed,) = process.ask(EmbedImages(part))
            end = time.perf_counter()
            if round_number >= 0:
                theirs_s += between - start
                ours_s += end - between
                theirs += seen
                ours.append(np.frombuffer(packed, "<f4").reshape(len(part), -1))
    finally:
        process.close()
    return theirs_s, np.concatenate(theirs), ours_s, np.concatenate(ours)


def _photograph(number: int, side: int) -> bytes:
    """Shapes before grain: as large in a JPEG, and as slow to decode, as a photograph."""
    chance = np.random.default_rng(number)
    shapes = np.asarray(Image.open(BytesIO(draw(CAPTIONS[number % len(CAPTIONS)], seed=number, side=side))), np.int16)
    grain = chance.normal(0, 12, shapes.shape).astype(np.int16)
    data = BytesIO()
    Image.fromarray(np.clip(shapes + grain, 0, 255).astype(np.uint8)[: side * 3 // 4]).save(data, "JPEG", quality=85)
    return data.getvalue()
