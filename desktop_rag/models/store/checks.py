"""Looks at a model's files before anything loads them: is it a model, is it whole, and what is it for?

Only forms that hold nothing but numbers and text are taken: GGUF, safetensors and CTranslate2. A pickle can run any
program when it is loaded, so it is refused whatever it is called. ONNX is as harmless, but the only models of that form
that the program runs are those it brings.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import msgspec
from msgspec import Struct

from desktop_rag.errors import ModelRefused
from desktop_rag.models.llama.gguf_file import read_header
from desktop_rag.models.requests import Form, ModelRole
from desktop_rag.models.store.weight_files import (
    PICKLE,
    TAKEN,
    ZIP,
    begins,
    broken,
    check_ctranslate2,
    check_safetensors,
    refusal,
)  # fmt: skip
from desktop_rag.models.template_check import check_template

_MIB = 1024 * 1024
_MAX_TEXT = 128 * _MIB
"""Bytes of one of the small files. The largest tokenizers have some 40 MiB."""
_MAX_TITLE = 100
_EMBEDDERS = {
    "bert", "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "eurobert",
    "gemma-embedding", "t5encoder", "llama-embed",
}  # fmt: skip
"""Architectures that read a text at once and cannot go on writing it."""
_EYE = "the eye of a vision model"
_HALVES = {"clip": _EYE, "mmproj": _EYE, "adapter": "an adapter for another model"}
_OPEN_CLIP_CONFIG = "open_clip_config.json"
_OPEN_CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors")
_TEXTS = (
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocabulary.json", "vocabulary.txt", "vocab.json", "vocab.txt", "merges.txt", "preprocessor_config.json",
    "generation_config.json", "modules.json", _OPEN_CLIP_CONFIG, "LICENSE*", "LICENCE*", "NOTICE*",
)  # fmt: skip
"""The small files that come with the weights; others are left behind."""
SAID: dict[ModelRole, str] = {
    "chat": "a chat model (it answers in sentences)",
    "embedding": "a text embedding model (it finds passages by their meaning)",
    "reranking": "a reranking model (it puts the best passage first)",
    "image": "an image model (it finds pictures)",
    "speech": "a speech model (it understands recordings)",
    "ocr": "a model that reads text in pictures",
}


class Nature(Struct, frozen=True):
    """What a model turned out to be. ``files``, names in its folder, are all of it, and ``main`` has the weights."""

    role: ModelRole
    form: Form
    title: str
    main: str
    files: tuple[str, ...]


_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10))}
"""Names that mean a device on Windows."""


def safe_file(name: str) -> bool:
    """Whether this is the name of a file, on every system, and not a path that leads elsewhere."""
    return (
        0 < len(name) <= 200
        and re.search(r'[\x00-\x1f\x7f/\\:*?"<>|]', name) is None
        and name[0] not in ". "
        and name[-1] not in ". "
        and name.partition(".")[0].strip().upper() not in _DEVICES
    )


def safe_name(name: str) -> bool:
    """Whether a model, and so its folder, can be called this: a word that one can type."""
    return safe_file(name) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}", name) is not None


def examine(path: Path) -> Nature:
    """Look at a GGUF file, or at the folder of any model. Raises ``ModelRefused``."""
    try:
        if path.is_dir():
            return _examine_folder(path)
        if not path.is_file():
            raise ModelRefused(f"There is no model at {path}.", "Give a GGUF file, or the folder that holds a model.")
        return _examine_file(path)
    except OSError as error:
        raise ModelRefused(f"{path} could not be read: {error.strerror or error}.", "") from error


def check_role(role: ModelRole, wanted: ModelRole | None, name: str) -> None:
    """Raises ``ModelRefused`` when the model called ``name``, which is for ``role``, is wanted for something else."""
    if wanted is not None and role != wanted:
        raise ModelRefused(
            f"{name} is {SAID[role]}, not {SAID[wanted].partition(' (')[0]}.",
            f"It can only be used for {role}.",
        )


# --- what it is ------------------------------------------------------------------------------------------------------


def _examine_file(path: Path) -> Nature:
    kind = path.suffix.casefold()
    if kind == ".gguf" or begins(path) == b"GGUF":
        return _gguf(path)
    if kind in (".safetensors", ".json") or path.name == "model.bin":
        raise ModelRefused(f"{path.name} is only one file of a model.", f"Give the folder: {path.parent}")
    raise _onnx(path) if kind == ".onnx" else refusal(path)


def _onnx(path: Path) -> ModelRefused:
    return ModelRefused(f"{path.name} is an ONNX model, and the program runs only its own.", TAKEN)


def _examine_folder(folder: Path) -> Nature:
    found = {entry.name: entry for entry in sorted(folder.iterdir()) if entry.is_file() and safe_file(entry.name)}
    texts = tuple(name for name in found if any(fnmatch(name, pattern) for pattern in _TEXTS))
    weights = [name for name in found if name.endswith(".safetensors")]
    if _OPEN_CLIP_CONFIG in found and weights:
        main = next((name for name in _OPEN_CLIP_WEIGHTS if name in weights), weights[0])
        if len(weights) > 1 and main not in _OPEN_CLIP_WEIGHTS:
            raise ModelRefused(f"{folder} holds several weights ({', '.join(weights)}).", "Keep those of the model.")
        check_safetensors(found[main])
        _check_open_clip(found[_OPEN_CLIP_CONFIG])
        nature = Nature("image", "open_clip", folder.name, main, (main, *texts))
    elif "model.bin" in found and begins(found["model.bin"]) not in (PICKLE, ZIP):
        spec = check_ctranslate2(found["model.bin"])
        if spec != "WhisperSpec":
            raise ModelRefused(f"{folder} holds a CTranslate2 model, but not of speech ({spec}).", TAKEN)
        _need(folder, found, "tokenizer.json", "config.json", "vocabulary.*")
        nature = Nature("speech", "ctranslate2", folder.name, "model.bin", ("model.bin", *texts))
    else:
        return _other_folder(folder, found)
    for name in texts:
        _check_text(found[name])
    return nature


def _other_folder(folder: Path, found: dict[str, Path]) -> Nature:
    """A folder that holds one GGUF file, or nothing we know."""
    files = [name for name in found if name.casefold().endswith(".gguf")]
    if len(files) == 1:
        return _gguf(found[files[0]])
    if files:
        raise ModelRefused(f"{folder} holds {len(files)} GGUF files.", f"Give one of them: {', '.join(files[:5])}")
    for path in found.values():
        if path.suffix == ".onnx":
            raise _onnx(path)
        if begins(path) in (PICKLE, ZIP):
            raise refusal(path)
    raise ModelRefused(f"{folder} holds no model that can be used.", TAKEN)


def _gguf(path: Path) -> Nature:
    header = read_header(path)
    architecture, metadata = header.architecture, header.metadata
    for kind in (architecture, str(metadata.get("general.type", ""))):
        if kind in _HALVES:
            raise ModelRefused(f"{path.name} is only {_HALVES[kind]}.", "Give the model itself.")
    parts = metadata.get("split.count")
    if isinstance(parts, int) and parts > 1:
        raise ModelRefused(
            f"{path.name} is one of {parts} parts of a model.",
            "Give a model in one file: “llama-gguf-split --merge” joins them.",
        )
    if not header.tensor_bytes:
        raise ModelRefused(f"{path.name} holds no weights.", "Give the model itself.")
    if header.pooling == "rank":
        role: ModelRole = "reranking"
    elif architecture in _EMBEDDERS or header.pooling not in ("", "none"):
        role = "embedding"
    else:
        role = "chat"
        check_template(header.chat_template)
    title = str(metadata.get("general.name", "")).strip() or path.stem
    return Nature(role, "gguf", title[:_MAX_TITLE], path.name, (path.name,))


def _need(folder: Path, found: dict[str, Path], *patterns: str) -> None:
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in found):
            raise ModelRefused(f"{pattern} is missing in {folder}.", "Get the model again, with all its files.")


class _CheckedText(Struct):
    hf_model_name: str | None = None
    hf_tokenizer_name: str | None = None


class _CheckedModel(Struct):
    embed_dim: int
    vision_cfg: msgspec.Raw
    text_cfg: _CheckedText


class _CheckedConfig(Struct):
    model_cfg: _CheckedModel


def _check_open_clip(path: Path) -> None:
    """The description of an open_clip model: all of the model must be in its folder."""
    _check_text(path)
    try:
        text = msgspec.json.decode(path.read_bytes(), type=_CheckedConfig).model_cfg.text_cfg
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise broken(path, f"it describes no model of open_clip ({error})") from error
    if text.hf_model_name or text.hf_tokenizer_name:
        raise ModelRefused(
            f"This image model needs {text.hf_model_name or text.hf_tokenizer_name} besides, to read texts.",
            "Take one with CLIP's own way of reading, such as clip-vit-b-32.",
        )


def _check_text(path: Path) -> None:
    """One of the small files: not too large, and JSON where its name says so."""
    if path.stat().st_size > _MAX_TEXT:
        raise broken(path, "it is far larger than such a file can be")
    if path.suffix == ".json":
        try:
            msgspec.json.decode(path.read_bytes(), type=msgspec.Raw)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise broken(path, f"it is not the text it should be ({error})") from error
