"""Makes tiny open_clip models: one with random weights, and one trained on drawn shapes that finds what a text says.

It has also learnt that most texts speak of none of them. Training takes about a minute on a processor; it is done once
for each version of this file and its libraries, and the model kept in the folder for temporary files.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from filelock import FileLock
from PIL import Image, ImageDraw

WEIGHTS = "open_clip_model.safetensors"
COLOURS = {
    "red": (214, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 70, 210),
    "yellow": (245, 215, 40),
    "black": (20, 20, 20),
    "white": (250, 250, 250),
}
SHAPES = ("circle", "square", "triangle", "cross")
NUMBERS = {"a": 1, "two": 2, "three": 3}
_STEPS = 450
_BATCH = 60

CAPTIONS = tuple(
    f"{number} {colour} {shape}{'s' if NUMBERS[number] > 1 else ''} on {ground}"
    for number, colour, shape, ground in itertools.product(NUMBERS, COLOURS, SHAPES, COLOURS)
    if colour != ground
)
"""All that can be drawn."""


def draw(caption: str, *, seed: int = 0, side: int = 64, form: str = "PNG") -> bytes:
    """The picture that ``caption`` ("a red circle", "two blue squares on green") describes. ``seed`` moves and scales
    the shapes, and chooses what is behind them when the caption does not say."""
    words = caption.split()
    number, colour, shape = NUMBERS[words[0]], COLOURS[words[1]], words[2].rstrip("s")
    chance = random.Random(f"{caption} {seed}")
    ground = COLOURS[words[4] if len(words) > 4 else chance.choice([name for name in COLOURS if name != words[1]])]
    picture = Image.new("RGB", (side, side), ground)
    pen = ImageDraw.Draw(picture)
    for x, y in chance.sample([(0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)], number):
        radius = side * chance.uniform(0.16, 0.21)
        _shape(
            pen,
            shape,
            side * (x + chance.uniform(-0.05, 0.05)),
            side * (y + chance.uniform(-0.05, 0.05)),
            radius,
            colour,
        )
    data = BytesIO()
    picture.save(data, form, quality=90)
    return data.getvalue()


def _shape(pen: ImageDraw.ImageDraw, shape: str, x: float, y: float, r: float, colour: tuple[int, int, int]) -> None:
    if shape == "circle":
        pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    elif shape == "square":
        pen.rectangle((x - r, y - r, x + r, y + r), fill=colour)
    elif shape == "triangle":
        pen.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=colour)
    else:
        pen.rectangle((x - r, y - r / 3, x + r, y + r / 3), fill=colour)
        pen.rectangle((x - r / 3, y - r, x + r / 3, y + r), fill=colour)


def random_clip(folder: Path, *, seed: int = 7, **changes: Any) -> Path:
    """A model with random weights, in ``folder``; ``changes`` are laid over the parts of its configuration."""
    import torch
    from open_clip.model import CLIP

    torch.manual_seed(seed)
    config = _config(**changes)
    _save(CLIP(**config), config, folder)
    return folder


def tiny_clip(folder: Path) -> Path:
    """A model that has learnt the shapes, their colours and their number, in ``folder``."""
    made_of = Path(__file__).read_bytes() + version("open_clip_torch").encode() + version("torch").encode()
    kept = Path(tempfile.gettempdir()) / f"desktop-rag-tiny-clip-{hashlib.sha256(made_of).hexdigest()[:16]}"
    with FileLock(f"{kept}.lock"):
        if not kept.is_dir():
            unfinished = Path(f"{kept}.part")
            shutil.rmtree(unfinished, ignore_errors=True)
            _train(unfinished)
            unfinished.rename(kept)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    return folder


def _config(**changes: Any) -> dict[str, Any]:
    config: dict[str, Any] = {
        "embed_dim": 64,
        "vision_cfg": {"image_size": 64, "layers": 3, "width": 96, "head_width": 32, "patch_size": 16},
        "text_cfg": {"context_length": 16, "vocab_size": 49_408, "width": 64, "heads": 2, "layers": 2},
    }
    for name, change in changes.items():
        config[name] = {**config[name], **change} if isinstance(change, dict) else change
    return config


def _save(model: Any, config: dict[str, Any], folder: Path) -> None:
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / WEIGHTS)
    described = {"model_cfg": config, "preprocess_cfg": {"interpolation": "bicubic", "resize_mode": "shortest"}}
    (folder / "open_clip_config.json").write_text(json.dumps(described), encoding="utf-8")


def _train(folder: Path) -> None:
    """Pull together picture and caption, push apart all others of a batch (CLIP's symmetric cross entropy)."""
    import torch
    from open_clip.model import CLIP
    from open_clip.tokenizer import SimpleTokenizer
    from open_clip.transform import PreprocessCfg, image_transform_v2

    torch.manual_seed(3)
    torch.set_num_threads(1)  # more get in each other's way over a model so small
    chance = random.Random(3)
    config = _config()
    model = CLIP(**config)
    model.token_embedding.requires_grad_(False)  # most of the weights, and random ones tell the few words apart
    transform = image_transform_v2(PreprocessCfg(size=64), is_train=False)
    tokenizer = SimpleTokenizer(context_length=16)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=_STEPS, pct_start=0.1)
    labels = torch.arange(_BATCH)
    for step in range(_STEPS):
        captions = _alike(chance) if step % 4 else chance.sample(CAPTIONS, _BATCH)
        pictures = [Image.open(BytesIO(draw(caption, seed=step + 1))) for caption in captions]
        pixels = torch.stack([transform(picture) for picture in pictures])
        said = tokenizer(_phrased(captions, chance))
        tokens = torch.cat([said, _about_nothing_shown(said, chance)])
        seen, meant = model.encode_image(pixels, normalize=True), model.encode_text(tokens, normalize=True)
        scores = model.logit_scale.exp().clamp(max=100) * seen @ meant.T
        loss = torch.nn.functional.cross_entropy(scores, labels)
        loss = loss + torch.nn.functional.cross_entropy(scores[:, :_BATCH].T, labels)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    _save(model, config, folder)


def _alike(chance: random.Random) -> list[str]:
    """A batch in which shape and number matter, and not colour alone: all shapes and numbers in a few colours."""
    colours = chance.sample(sorted({(caption.split()[1], caption.split()[4]) for caption in CAPTIONS}), 5)
    return [caption for caption in CAPTIONS if (caption.split()[1], caption.split()[4]) in colours]


def _about_nothing_shown(said: Any, chance: random.Random) -> Any:
    """Texts of all the other words there are, some of them with a word or two of the captions ``said`` [n, length]."""
    import torch

    texts = torch.zeros_like(said)
    start, end = int(said[0, 0]), int(said.max())
    for text, caption in zip(texts, said, strict=True):
        length = chance.randrange(3, len(text) - 1)
        words = [chance.randrange(256, start) for _ in range(length)]
        for at in range(length):
            if chance.random() < 0.15 and start > int(caption[at + 1]) > 0:
                words[at] = int(caption[at + 1])
        text[: length + 2] = torch.tensor([start, *words, end])
    return texts


def _phrased(captions: Sequence[str], chance: random.Random) -> list[str]:
    """People write captions in many ways, and seldom say what is behind."""
    forms = ("{}", "{}", "a photo of {}", "a picture of {}")
    return [
        chance.choice(forms).format(caption if chance.random() < 0.8 else caption.partition(" on ")[0])
        for caption in captions
    ]
