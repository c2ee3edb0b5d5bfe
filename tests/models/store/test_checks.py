"""What is taken for a model, and what is refused."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_rag.errors import ModelRefused
from desktop_rag.models.store.checks import check_role, examine, safe_file, safe_name
from desktop_rag.models.store.weight_files import check_ctranslate2, check_safetensors
from desktop_rag.paths import resources_dir
from tests.models.model_files import open_clip_folder, whisper_folder
from tests.tiny.gguf import tiny_chat, tiny_embedder, tiny_reranker


def header_only(path: Path, architecture: str, **texts: str) -> Path:
    writer = gguf.GGUFWriter(path, architecture)
    for name, value in texts.items():
        writer.add_string(name.replace("_", "."), value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_gguf_files_say_what_they_are_for(tmp_path: Path) -> None:
    chat = examine(tiny_chat(tmp_path / "a.gguf"))
    assert (chat.role, chat.form, chat.main, chat.files, chat.title) == (
        "chat",
        "gguf",
        "a.gguf",
        ("a.gguf",),
        "Tiny Chat",
    )
    assert examine(tiny_embedder(tmp_path / "b.gguf")).role == "embedding"
    assert examine(tiny_reranker(tmp_path / "c.gguf")).role == "reranking"


def test_folders_say_what_they_are_for(tmp_path: Path) -> None:
    image = examine(open_clip_folder(tmp_path / "clip"))
    assert (image.role, image.form, image.main) == ("image", "open_clip", "open_clip_model.safetensors")
    assert set(image.files) == {"open_clip_model.safetensors", "open_clip_config.json"}
    speech = examine(whisper_folder(tmp_path / "whisper"))
    assert (speech.role, speech.form, speech.main) == ("speech", "ctranslate2", "model.bin")
    assert set(speech.files) == {
        "model.bin",
        "config.json",
        "tokenizer.json",
        "vocabulary.json",
        "preprocessor_config.json",
    }
    (tmp_path / "one").mkdir()
    assert examine(tiny_chat(tmp_path / "one" / "my model (Q4).gguf").parent).main == "my model (Q4).gguf"


def test_a_model_for_something_else_is_named_as_what_it_is(tmp_path: Path) -> None:
    chat = examine(tiny_chat(tmp_path / "a.gguf"))
    with pytest.raises(ModelRefused, match=r"a\.gguf is a chat model .* not a text embedding model\."):
        check_role(chat.role, "embedding", "a.gguf")
    check_role(chat.role, "chat", "a.gguf")
    check_role(chat.role, None, "a.gguf")


class Trap:
    """Would run a program when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return print, ("unpickled",)


def truncated(path: Path, share: float = 0.7) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def longer(path: Path) -> Path:
    path.write_bytes(path.read_bytes() + b"x")
    return path


def cases() -> dict[str, tuple[Callable[[Path], Path], str]]:
    def written(name: str, data: bytes) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            (folder / name).write_bytes(data)
            return folder / name

        return write

    def archive(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "model.gguf", "w") as file:
            file.writestr("data.pkl", "x")
        return folder / "model.gguf"

    def clip(change: Callable[[Path], object]) -> Callable[[Path], Path]:
        def make(folder: Path) -> Path:
            change(open_clip_folder(folder))
            return folder

        return make

    def whisper(change: Callable[[Path], object]) -> Callable[[Path], Path]:
        def make(folder: Path) -> Path:
            change(whisper_folder(folder))
            return folder

        return make

    def two(folder: Path) -> Path:
        tiny_chat(folder / "a.gguf")
        tiny_chat(folder / "b.gguf")
        return folder

    def only_pickle(folder: Path) -> Path:
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
        return folder

    def several(folder: Path) -> None:
        for name in ("a", "b"):
            shutil.copy(folder / "open_clip_model.safetensors", folder / f"{name}.safetensors")
        (folder / "open_clip_model.safetensors").unlink()

    def safetensors(header: object, length: int | None = None) -> Callable[[Path], Path]:
        text = json.dumps(header).encode()
        data = (len(text) if length is None else length).to_bytes(8, "little") + text + bytes(16)
        return clip(lambda folder: (folder / "open_clip_model.safetensors").write_bytes(data))

    hub_text = json.dumps({"model_cfg": {"embed_dim": 8, "vision_cfg": {}, "text_cfg": {"hf_tokenizer_name": "a/b"}}})
    tensor = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    return {
        "nothing there": (lambda folder: folder / "gone.gguf", "There is no model at"),
        "empty folder": (lambda folder: folder, "does not contain a usable model"),
        "text": (written("notes.txt", b"hello"), "is not a usable model"),
        "empty": (written("empty.gguf", b""), "empty.gguf"),
        "pickle called GGUF": (written("model.gguf", pickle.dumps(Trap())), "model.gguf"),
        "pickle": (written("model.pt", pickle.dumps(Trap())), "is a pickle file, which can run any program"),
        "only a pickle": (only_pickle, "is a pickle"),
        "zip called GGUF": (archive, "model.gguf"),
        "zip": (written("model.pth", b"PK\x03\x04" + bytes(30)), "is a ZIP archive"),
        "ONNX": (lambda _: resources_dir() / "models" / "all-MiniLM-L6-v2", "only runs the ONNX models it comes with"),
        "ONNX file": (written("model.onnx", b"\x08\x07"), "only runs the ONNX models it comes with"),
        "one file of several": (written("model.safetensors", b"x"), "only one file of a model"),
        "cut GGUF": (lambda folder: truncated(tiny_chat(folder / "model.gguf")), "cut short"),
        "no weights": (lambda folder: header_only(folder / "v.gguf", "llama"), "contains no weights"),
        "eye": (lambda folder: header_only(folder / "v.gguf", "clip"), "only the image part of a vision model"),
        "adapter": (lambda folder: header_only(folder / "v.gguf", "llama", general_type="adapter"), "only an adapter"),
        "two GGUF": (two, "contains 2 GGUF files"),
        "cut safetensors": (clip(lambda at: truncated(at / "open_clip_model.safetensors")), "cut short"),
        "long safetensors": (clip(lambda at: longer(at / "open_clip_model.safetensors")), "cut short"),
        "petabytes of header": (safetensors({}, 1 << 50), "not a safetensors file"),
        "no tensors": (safetensors({"__metadata__": {"a": "b"}}), "no weights"),
        "unknown numbers": (safetensors({"a": tensor | {"dtype": "PICKLE"}}), "unknown type"),
        "overlap": (safetensors({"a": tensor, "b": tensor}), "does not match"),
        "wrong size": (safetensors({"a": tensor | {"shape": [5]}}), "does not match"),
        "huge shape": (safetensors({"a": tensor | {"shape": [1 << 62, 1 << 62]}}), "does not match"),
        "negative": (safetensors({"a": tensor | {"shape": [-1, -4]}}), "unknown type"),
        "header is a list": (safetensors([1]), "header cannot be read"),
        "pickle called safetensors": (
            clip(lambda at: (at / "open_clip_model.safetensors").write_bytes(pickle.dumps(Trap()))),
            "is a pickle",
        ),
        "no description": (
            clip(lambda at: (at / "open_clip_config.json").write_text("{}")),
            "not describe an open_clip model",
        ),
        "no JSON": (clip(lambda at: (at / "open_clip_config.json").write_text("{")), "not the text file it should be"),
        "tokenizer elsewhere": (
            clip(lambda at: (at / "open_clip_config.json").write_text(hub_text)),
            "also needs a/b",
        ),
        "several weight files": (clip(several), "several weight files"),
        "cut whisper": (whisper(lambda at: truncated(at / "model.bin")), "cut short"),
        "long whisper": (whisper(lambda at: longer(at / "model.bin")), "more than it declares"),
        "no tokenizer": (whisper(lambda at: (at / "tokenizer.json").unlink()), "tokenizer.json is missing"),
        "no vocabulary": (whisper(lambda at: (at / "vocabulary.json").unlink()), r"vocabulary\.\* is missing"),
        "pickle as model.bin": (
            whisper(lambda at: (at / "model.bin").write_bytes(pickle.dumps(Trap()))), "is a pickle",
        ),
        "translation": (lambda folder: whisper_folder(folder, name="TransformerSpec"), "not a speech model"),
    }  # fmt: skip


@pytest.mark.parametrize("case", cases())
def test_what_is_no_sound_model_is_refused_in_words(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = cases()[case]
    with pytest.raises(ModelRefused, match=said):
        examine(make(tmp_path))
    assert "unpickled" not in capsys.readouterr().out


def test_one_part_of_several_is_refused(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "a-00001-of-00002.gguf", "llama")
    writer.add_uint16("split.count", 2)
    writer.add_tensor("x", np.zeros(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelRefused, match="one of the 2 parts"):
        examine(tmp_path / "a-00001-of-00002.gguf")


def sound_safetensors(folder: Path) -> Path:
    return open_clip_folder(folder) / "open_clip_model.safetensors"


def sound_ctranslate2(folder: Path) -> Path:
    return whisper_folder(folder) / "model.bin"


@pytest.mark.parametrize(
    ("check", "make"),
    [(check_safetensors, sound_safetensors), (check_ctranslate2, sound_ctranslate2)],
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_refused_or_harmless(
    check: Callable[[Path], object], make: Callable[[Path], Path], tmp_path: Path, data: st.DataObject
) -> None:
    sound = make(tmp_path).read_bytes()[: 1 << 16]
    place, after = (data.draw(st.integers(0, len(sound))) for _ in range(2))
    damaged = tmp_path / "damaged"
    damaged.write_bytes(sound[:place] + data.draw(st.binary(max_size=40)) + sound[after:])
    with suppress(ModelRefused):
        check(damaged)


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "a\\b", "", ".hidden", "nul", "NUL.txt", "a:b", "a\nb", "x.", "x" * 201]
)
def test_names_that_lead_elsewhere(name: str) -> None:
    assert not safe_file(name)
    assert not safe_name(name)


def test_names_of_models_can_be_typed() -> None:
    assert safe_name("qwen3-4b-q4_k_m.v1+x")
    assert safe_file("My model (Q4).gguf")
    assert not safe_name("my model")
    assert not safe_name("-y")
