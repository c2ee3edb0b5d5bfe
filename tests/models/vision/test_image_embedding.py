"""Pictures and texts in one space: what a text says is found, and what is not a picture or no model is told apart."""

from __future__ import annotations

import json
import random
import shutil
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from desktop_rag.errors import ModelRefused, NoMemoryForModel
from desktop_rag.models.vision.image_embedding import (
    CONFIG_NAME,
    DescribeImageModel,
    EmbedImages,
    EmbedTexts,
    ImageModel,
    ImageModelSettings,
    open_model,
)
from tests.tiny.clip import CAPTIONS, WEIGHTS, draw, random_clip, tiny_clip

pytest.importorskip("open_clip")


@pytest.fixture(scope="module")
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_clip(tmp_path_factory.mktemp("random"))


@pytest.fixture(scope="module")
def model(random_folder: Path) -> ImageModel:
    return open_model(ImageModelSettings(str(random_folder), threads=1, batch=4))


def see(model: ImageModel, *images: bytes) -> NDArray[np.float32]:
    (packed,) = EmbedImages(images).perform(model, threading.Event())
    return np.frombuffer(packed, "<f4").reshape(len(images), -1)


def understand(model: ImageModel, *texts: str) -> NDArray[np.float32]:
    (packed,) = EmbedTexts(texts).perform(model, threading.Event())
    return np.frombuffer(packed, "<f4").reshape(len(texts), -1)


def test_describes_itself(model: ImageModel) -> None:
    (description,) = DescribeImageModel().perform(model, threading.Event())
    assert (description.dim, description.side) == (64, 64)


def test_vectors_are_of_unit_length(model: ImageModel) -> None:
    assert np.linalg.norm(see(model, draw("a red circle")), axis=1) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(understand(model, "a red circle", ""), axis=1) == pytest.approx(1, abs=1e-5)


def test_batches_change_nothing(model: ImageModel) -> None:
    images = [
        draw(f"two {colour} circles on white", seed=seed) for seed in range(2) for colour in ("red", "blue", "green")
    ]
    together = see(model, *images)
    alone = np.concatenate([see(model, image) for image in images])
    assert (together * alone).sum(1).min() > 0.9999


def test_prepares_pictures_as_open_clip_does(model: ImageModel, random_folder: Path) -> None:
    import open_clip
    import torch

    image = draw("three blue crosses on yellow", side=300)
    theirs, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{random_folder}")
    theirs.eval()
    with torch.inference_mode():
        vector = theirs.encode_image(preprocess(Image.open(BytesIO(image)))[None], normalize=True).numpy()
    assert float(vector[0] @ see(model, image)[0]) == pytest.approx(1, abs=1e-5)


def test_a_large_jpeg_keeps_its_vector_when_it_is_decoded_smaller(model: ImageModel) -> None:
    large = draw("two green triangles on black", side=1600, form="JPEG")
    data = BytesIO()
    Image.open(BytesIO(large)).save(data, "PNG")  # which is always decoded in full
    assert float(see(model, large)[0] @ see(model, data.getvalue())[0]) > 0.999


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_mode(model: ImageModel, mode: str) -> None:
    data = BytesIO()
    Image.new(mode, (40, 90)).save(data, "TIFF" if mode == "CMYK" else "PNG")
    assert np.linalg.norm(see(model, data.getvalue())) == pytest.approx(1, abs=1e-5)


def test_a_broken_picture_spoils_no_other(model: ImageModel) -> None:
    whole = draw("a red circle", side=200, form="JPEG")
    vectors = see(model, b"no picture", whole, b"", whole[: len(whole) // 2], whole, draw("a blue circle"))
    assert not vectors[[0, 2, 3]].any()
    assert vectors[1] == pytest.approx(vectors[4], abs=1e-5)
    assert np.linalg.norm(vectors[[1, 4, 5]], axis=1) == pytest.approx(1, abs=1e-5)


def test_nothing_in_nothing_out(model: ImageModel) -> None:
    assert list(EmbedImages(()).perform(model, threading.Event())) == [b""]
    assert list(EmbedTexts(()).perform(model, threading.Event())) == [b""]


def test_stops_between_batches(model: ImageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = threading.Event()
    seen: list[int] = []
    see_batch = model._see

    def see_and_cancel(pixels: object) -> object:
        seen.append(1)
        cancelled.set()
        return see_batch(pixels)  # type: ignore[arg-type]

    monkeypatch.setattr(model, "_see", see_and_cancel)
    assert list(EmbedImages((draw("a red circle"),) * 20).perform(model, cancelled)) == []
    assert len(seen) <= 2
    assert list(EmbedTexts(("a",)).perform(model, cancelled)) == []


def test_takes_smaller_batches_when_memory_runs_out(random_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = open_model(ImageModelSettings(str(random_folder), threads=1, batch=8))
    images = tuple(draw("a red circle", seed=seed) for seed in range(8))
    expected = see(model, *images)
    encode = model._model.encode_image

    def encode_two(pixels: torch.Tensor, normalize: bool) -> object:
        if len(pixels) > 2:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return encode(pixels, normalize=normalize)

    monkeypatch.setattr(model._model, "encode_image", encode_two)
    assert (see(model, *images) * expected).sum(1).min() > 0.9999

    def encode_none(*_: torch.Tensor, **__: bool) -> object:
        raise RuntimeError("DefaultCPUAllocator: not enough memory")

    monkeypatch.setattr(model._model, "encode_image", encode_none)
    with pytest.raises(NoMemoryForModel):
        see(model, *images)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(random_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(random_folder, tmp_path / "model"))


def refused(folder: Path) -> str:
    with pytest.raises(ModelRefused) as caught:
        open_model(ImageModelSettings(str(folder), threads=1))
    assert caught.value.hint
    return caught.value.message


def test_a_pickle_is_not_loaded(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "open_clip_pytorch_model.bin")
    assert "pickle" in refused(folder)


def test_a_pickle_beside_the_weights_is_left_alone(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "weights.safetensors")
    (folder / "open_clip_pytorch_model.bin").write_bytes(b"cos\nabort\n(tR.")  # would end this process
    assert open_model(ImageModelSettings(str(folder), threads=1)).description.dim == 64


def test_weights_cut_short(folder: Path) -> None:
    weights = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(weights[: len(weights) * 2 // 3])
    assert "could not be loaded (" in refused(folder)


def test_weights_of_another_model(folder: Path, tmp_path: Path) -> None:
    other = random_clip(tmp_path / "other", vision_cfg={"width": 64})
    shutil.copy(other / WEIGHTS, folder / WEIGHTS)
    assert "could not be loaded (" in refused(folder)


def test_weights_that_are_no_numbers(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / WEIGHTS)
    save_file({name: tensor * float("nan") for name, tensor in tensors.items()}, folder / WEIGHTS)
    assert "no numbers" in refused(folder)


def test_without_weights_or_configuration(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    assert "no weights" in refused(folder)
    (folder / CONFIG_NAME).unlink()
    assert "does not contain an image model:" in refused(folder)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("text_cfg", {"hf_tokenizer_name": "timm/ViT-B-16-SigLIP"}),
        ("text_cfg", {"hf_model_name": "xlm-roberta-base"}),
        ("vision_cfg", {"timm_model_name": "hf-hub:someone/something"}),
        ("vision_cfg", {"width": 10**9}),
        ("vision_cfg", {"layers": -1}),
        ("text_cfg", {"vocab_size": "many"}),
        ("text_cfg", {"vocab_size": 100}),
    ],
)
def test_configurations_that_cannot_be_used(folder: Path, part: str, change: dict[str, object]) -> None:
    path = folder / CONFIG_NAME
    config = json.loads(path.read_text(encoding="utf-8"))
    config["model_cfg"][part] |= change
    path.write_text(json.dumps(config), encoding="utf-8")
    assert str(folder) in refused(folder)


def test_a_configuration_that_is_no_json(folder: Path) -> None:
    (folder / CONFIG_NAME).write_bytes(b"\xff\xfe{")
    assert "does not describe" in refused(folder)


# --- a model that has learnt something -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_text_finds_its_picture(tmp_path: Path) -> None:
    model = open_model(ImageModelSettings(str(tiny_clip(tmp_path / "tiny")), threads=1))
    captions = random.Random(1).sample(CAPTIONS, 100)
    pictures = see(model, *(draw(caption, seed=99_999) for caption in captions))
    ranked = np.argsort(-(understand(model, *captions) @ pictures.T), axis=1)
    right = np.arange(len(captions))[:, None]
    assert (ranked[:, :1] == right).mean() >= 0.6
    assert (ranked[:, :5] == right).any(axis=1).mean() >= 0.95
