"""Pictures and texts -> unit vectors of one space, with open_clip. The only module that knows open_clip and torch.

A model is a folder with ``open_clip_config.json`` and its weights as safetensors. Nothing else in it is loaded: a
pickle could run any code. Models that cut up texts with another tokenizer than CLIP's, or read them with a network of
the Hugging Face hub, are refused: open_clip would fetch those parts.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from desktop_rag import offline
from desktop_rag.errors import ModelRefused, NoMemoryForModel
from desktop_rag.messages import say
from desktop_rag.models.requests import ModelRequest

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

CONFIG_NAME = "open_clip_config.json"
PROMPTS = ("{}", "a photo of {}")
"""A text is embedded in each of these forms, and the mean is taken: the prompt ensembling of Radford et al., "Learning
Transferable Visual Models From Natural Language Supervision", 2021, section 3.1.4, at its smallest. They report a gain
for names of things, which are unlike the sentences such models are trained on."""
_PREFERRED = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_MOST_PIXELS = 64_000_000
_MOST_THREADS = 8
_DRAFT = 2
"""A JPEG is decoded at a half, a quarter or an eighth of its size while its shorter side stays this many times what the
model sees: at twice, the vectors of drawn pictures keep a cosine of 0.999 with those of the full ones."""

_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_Width = Annotated[int, Meta(ge=1, le=16_384)]
_Layers = Annotated[int, Meta(ge=1, le=256)]
_Side = Annotated[int, Meta(ge=8, le=2_048)]


class ImageModelSettings(Struct, frozen=True):
    """``folder`` holds the model. ``half`` asks for 16 bits, which only a graphics card makes quicker; ``threads`` of
    the processor, 0 for as many as the libraries take; ``batch`` is the number of pictures computed at once."""

    folder: str
    device: Literal["cpu", "cuda"] = "cpu"
    half: bool = False
    threads: int = 0
    batch: int = 32


class ImageModelDescription(Struct, frozen=True):
    """``dim`` of the vectors, and ``side`` of the square, in pixels, that the model sees of a picture. ``scale`` is
    what it has learned to multiply cosines by to get log-odds (the inverse of its temperature)."""

    dim: int
    side: int
    scale: float


class EmbedImages(ModelRequest[bytes], frozen=True):
    """One reply: the vectors [n, dim] as float32, little-endian. A picture that cannot be decoded has zeros for its
    vector, which is like no other; the rest is not affected."""

    images: tuple[bytes, ...]

    def perform(self, model: ImageModel, cancelled: threading.Event) -> Iterator[bytes]:
        vectors = model.embed_images(self.images, cancelled)
        if vectors is not None:
            yield vectors.astype("<f4").tobytes()


class EmbedTexts(ModelRequest[bytes], frozen=True):
    """One reply: the vectors [n, dim] as float32, little-endian, in the space of the pictures."""

    texts: tuple[str, ...]

    def perform(self, model: ImageModel, cancelled: threading.Event) -> Iterator[bytes]:
        if not cancelled.is_set():
            yield model.embed_texts(self.texts).astype("<f4").tobytes()


class DescribeImageModel(ModelRequest[ImageModelDescription], frozen=True):
    """One reply: what the model gives."""

    def perform(self, model: ImageModel, cancelled: threading.Event) -> Iterator[ImageModelDescription]:  # noqa: ARG002
        yield model.description


SETTINGS = ImageModelSettings
REQUESTS = EmbedImages | EmbedTexts | DescribeImageModel


def open_model(settings: ImageModelSettings) -> ImageModel:
    """Raises ``ModelRefused``, and ``NoMemoryForModel`` when it fits into neither the card nor the memory."""
    folder = Path(settings.folder)
    _check_config(folder / CONFIG_NAME)
    weights = _weights(folder)
    offline.quieten()
    import torch
    from open_clip.factory import create_model, get_tokenizer, load_checkpoint
    from open_clip.transform import PreprocessCfg, image_transform_v2

    if settings.threads:
        torch.set_num_threads(settings.threads)
    half = settings.half and settings.device == "cuda"
    try:
        with _silence():
            # Without weights: it would take a pickle that lies beside them.
            model = create_model(
                f"local-dir:{folder}",
                load_weights=False,
                pretrained_text=False,
                precision="fp16" if half else "fp32",
                device=settings.device,
            )
            load_checkpoint(model, str(weights))
            tokenizer = get_tokenizer(f"local-dir:{folder}")
        transform = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
        model.eval().requires_grad_(False)
        loaded = ImageModel(model, transform, tokenizer, settings, weights, half=half)
    except Exception as error:
        if _is_out_of_memory(error):
            raise _no_memory(weights) from error
        raise ModelRefused(
            say("models.image-model-could-not-loaded", folder=folder, reason=error),
            say("models.install-again-choose-another-one"),
        ) from error
    return loaded


class ImageModel:
    """A loaded model. Not to be used from two threads at once. ``ValueError`` when its weights are no numbers."""

    def __init__(
        self, model: Any, transform: Any, tokenizer: Any, settings: ImageModelSettings, weights: Path, *, half: bool
    ) -> None:
        self._model = model
        self._transform = transform
        self._tokenizer = tokenizer
        self._device = settings.device
        self._half = half
        self._batch = max(1, settings.batch)
        self._weights = weights
        size = model.visual.image_size
        self._side = int(max(size) if isinstance(size, tuple | list) else size)
        threads = settings.threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._decoders = ThreadPoolExecutor(threads, "decode")
        probe = self.embed_texts(("",))
        if not abs(float((probe * probe).sum()) - 1) < 1e-3:
            raise ValueError("its vectors are no numbers")
        self.description = ImageModelDescription(probe.shape[1], self._side, float(model.logit_scale.exp()))

    def embed_images(self, images: Sequence[bytes], cancelled: threading.Event) -> NDArray[np.float32] | None:
        """Unit vectors [n, dim]; zeros for a picture that cannot be decoded. None once ``cancelled``.

        While a batch is computed the next one is decoded; more are never held.
        """
        import numpy as np
        import torch

        vectors = np.zeros((len(images), self.description.dim), np.float32)
        waiting = self._decode(images, 0)
        begin = 0
        while waiting:
            decoded = [future.result() for future in waiting]
            end = begin + len(waiting)
            waiting = [] if cancelled.is_set() else self._decode(images, end)
            rows = [begin + row for row, picture in enumerate(decoded) if picture is not None]
            if rows:
                pixels = torch.stack([picture for picture in decoded if picture is not None])
                vectors[rows] = self._see(pixels)
            begin = end
        return None if cancelled.is_set() else vectors

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [n, dim]: for each text the mean over ``PROMPTS``."""
        import torch

        found = []
        with torch.inference_mode():
            for begin in range(0, len(texts), self._batch):
                part = texts[begin : begin + self._batch]
                tokens = self._tokenizer([prompt.format(text) for prompt in PROMPTS for text in part])
                vectors = self._model.encode_text(tokens.to(self._device), normalize=True).float()
                mean = vectors.view(len(PROMPTS), len(part), -1).mean(0)
                found.append(torch.nn.functional.normalize(mean, dim=-1).cpu())
        vectors = torch.cat(found) if found else torch.zeros((0, self.description.dim))
        return vectors.numpy()

    def _decode(self, images: Sequence[bytes], begin: int) -> list[Future[torch.Tensor | None]]:
        return [self._decoders.submit(self._prepare, image) for image in images[begin : begin + self._batch]]

    def _prepare(self, image: bytes) -> torch.Tensor | None:
        """Pixels [3, side, side] as the model was trained on; None for a picture that cannot be decoded."""
        from PIL import Image

        try:
            with Image.open(BytesIO(image)) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    return None
                picture.draft("RGB", (_DRAFT * self._side, _DRAFT * self._side))
                prepared: torch.Tensor = self._transform(picture)
        except (OSError, ValueError, SyntaxError, EOFError):  # what Pillow raises for broken pictures
            return None
        return prepared

    def _see(self, pixels: torch.Tensor) -> NDArray[np.float32]:
        """Vectors of ``pixels`` [n, 3, side, side], in smaller batches from now on when memory runs out."""
        import torch

        while True:
            try:
                with torch.inference_mode():
                    parts = [self._see_at_once(part) for part in torch.split(pixels, self._batch)]
                vectors: NDArray[np.float32] = torch.cat(parts).numpy()
                return vectors
            except Exception as error:
                if not _is_out_of_memory(error):
                    raise
                if self._batch == 1:
                    raise _no_memory(self._weights) from error
            self._batch //= 2
            if self._device == "cuda":
                torch.cuda.empty_cache()

    def _see_at_once(self, pixels: torch.Tensor) -> torch.Tensor:
        import torch

        if self._device == "cuda":
            pixels = pixels.pin_memory().to(self._device, torch.float16 if self._half else None, non_blocking=True)
        seen: torch.Tensor = self._model.encode_image(pixels, normalize=True)
        return seen.float().cpu()


# --- what is checked before anything is loaded -----------------------------------------------------------------------


class _VisionConfig(Struct):
    image_size: _Side | tuple[_Side, ...] = 224
    layers: _Layers | tuple[_Layers, ...] = 12
    width: _Width = 768
    timm_model_name: str | None = None


class _TextConfig(Struct):
    context_length: _Width = 77
    vocab_size: _Count = 49_408
    width: _Width = 512
    layers: _Layers = 12
    hf_model_name: str | None = None
    hf_tokenizer_name: str | None = None


class _ImageModelConfig(Struct):
    embed_dim: _Width
    vision_cfg: _VisionConfig
    text_cfg: _TextConfig


class _OpenClipConfig(Struct):
    model_cfg: _ImageModelConfig


def _check_config(path: Path) -> None:
    """Raises ``ModelRefused`` unless it describes a model of a sane size that is all in its folder."""
    try:
        model = msgspec.json.decode(path.read_bytes(), type=_OpenClipConfig).model_cfg
    except FileNotFoundError as error:
        raise ModelRefused(
            say("models.does-not-contain-image-model-missing", folder=path.parent, name=path.name),
            say("models.choose-open-clip-model"),
        ) from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelRefused(
            say("models.does-not-describe-image-model", path=path, reason=error), say("models.install-again")
        ) from error
    text = model.text_cfg
    if text.hf_model_name or text.hf_tokenizer_name:
        raise ModelRefused(
            say(
                "models.image-model-needs-hugging-face-hub",
                folder=path.parent,
                model=text.hf_model_name or text.hf_tokenizer_name,
            ),
            say("models.choose-model-clips-own-tokenizer-such"),
        )
    if set(model.vision_cfg.timm_model_name or "") & set(":/\\"):
        raise ModelRefused(
            say("models.image-model-refers-part-outside-folder", folder=path.parent), say("models.choose-another-model")
        )


def _weights(folder: Path) -> Path:
    """The file of the weights. Raises ``ModelRefused`` when there is none, or only a pickle."""
    found = sorted(folder.glob("*.safetensors"))
    for name in _PREFERRED:
        if folder / name in found:
            return folder / name
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelRefused(
            say("models.contains-several-files-weights", folder=folder, weights=", ".join(path.name for path in found)),
            say("models.keep-one-belongs-model"),
        )
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise ModelRefused(
            say("models.pickle-file-can-run-any-program-2", file=folder / pickles[0]),
            say("models.choose-same-model-weights-safetensors"),
        )
    raise ModelRefused(say("models.contains-no-weights", name=folder), say("models.install-model-again"))


def _is_out_of_memory(error: Exception) -> bool:
    import torch

    words = "not enough memory", "can't allocate memory", "out of memory"
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    )


def _no_memory(weights: Path) -> NoMemoryForModel:
    return NoMemoryForModel(
        say("models.there-not-enough-memory-image-model", name=weights.parent.name),
        say("models.close-other-programs-choose-smaller-model"),
    )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep back what open_clip tells the root logger: that there are no weights, which come right after."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
