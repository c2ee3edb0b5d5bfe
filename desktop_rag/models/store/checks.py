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
from desktop_rag.messages import say
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
_EYE = say("models.image-part-vision-model")
_HALVES = {"clip": _EYE, "mmproj": _EYE, "adapter": say("models.adapter-another-model")}
_OPEN_CLIP_CONFIG = "open_clip_config.json"
_OPEN_CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors")
_TEXTS = (
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocabulary.json", "vocabulary.txt", "vocab.json", "vocab.txt", "merges.txt", "preprocessor_config.json",
    "generation_config.json", "modules.json", _OPEN_CLIP_CONFIG, "LICENSE*", "LICENCE*", "NOTICE*",
)  # fmt: skip
"""The small files that come with the weights; others are left behind."""
SAID: dict[ModelRole, str] = {
    "chat": say("models.chat-model-writes-answers"),
    "embedding": say("models.text-embedding-model-finds-passages-their"),
    "reranking": say("models.reranking-model-puts-best-passages-first"),
    "image": say("models.image-model-finds-pictures"),
    "speech": say("models.speech-model-understands-recordings"),
    "ocr": say("models.model-reads-text-pictures"),
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
            raise ModelRefused(
                say("models.there-no-model", path=path), say("models.give-gguf-file-folder-contains-model")
            )
        return _examine_file(path)
    except OSError as error:
        raise ModelRefused(say("common.could-not-read", path=path, reason=error.strerror or error), "") from error


def check_role(role: ModelRole, wanted: ModelRole | None, name: str) -> None:
    """Raises ``ModelRefused`` when the model called ``name``, which is for ``role``, is wanted for something else."""
    if wanted is not None and role != wanted:
        raise ModelRefused(
            say("models.is-not", name=name, found=SAID[role], wanted=SAID[wanted].partition(" (")[0]),
            say("models.can-only-used", role=role),
        )


# --- what it is ------------------------------------------------------------------------------------------------------


def _examine_file(path: Path) -> Nature:
    kind = path.suffix.casefold()
    if kind == ".gguf" or begins(path) == b"GGUF":
        return _gguf(path)
    if kind in (".safetensors", ".json") or path.name == "model.bin":
        raise ModelRefused(
            say("models.only-one-file-model", name=path.name), say("models.give-folder-instead", folder=path.parent)
        )
    raise _onnx(path) if kind == ".onnx" else refusal(path)


def _onnx(path: Path) -> ModelRefused:
    return ModelRefused(say("models.onnx-model-program-only-runs-onnx", name=path.name), TAKEN)


def _examine_folder(folder: Path) -> Nature:
    found = {entry.name: entry for entry in sorted(folder.iterdir()) if entry.is_file() and safe_file(entry.name)}
    texts = tuple(name for name in found if any(fnmatch(name, pattern) for pattern in _TEXTS))
    weights = [name for name in found if name.endswith(".safetensors")]
    if _OPEN_CLIP_CONFIG in found and weights:
        main = next((name for name in _OPEN_CLIP_WEIGHTS if name in weights), weights[0])
        if len(weights) > 1 and main not in _OPEN_CLIP_WEIGHTS:
            raise ModelRefused(
                say("models.contains-several-files-weights", folder=folder, weights=", ".join(weights)),
                say("models.keep-only-those-belong-model"),
            )
        check_safetensors(found[main])
        _check_open_clip(found[_OPEN_CLIP_CONFIG])
        nature = Nature("image", "open_clip", folder.name, main, (main, *texts))
    elif "model.bin" in found and begins(found["model.bin"]) not in (PICKLE, ZIP):
        spec = check_ctranslate2(found["model.bin"])
        if spec != "WhisperSpec":
            raise ModelRefused(say("models.contains-ctranslate2-model-but-not-speech", folder=folder, spec=spec), TAKEN)
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
        raise ModelRefused(
            say("models.contains-gguf-files", folder=folder, count=len(files)),
            say("models.give-one-these", files=", ".join(files[:5])),
        )
    for path in found.values():
        if path.suffix == ".onnx":
            raise _onnx(path)
        if begins(path) in (PICKLE, ZIP):
            raise refusal(path)
    raise ModelRefused(say("models.does-not-contain-usable-model", folder=folder), TAKEN)


def _gguf(path: Path) -> Nature:
    header = read_header(path)
    architecture, metadata = header.architecture, header.metadata
    for kind in (architecture, str(metadata.get("general.type", ""))):
        if kind in _HALVES:
            raise ModelRefused(
                say("models.is-only", name=path.name, what=_HALVES[kind]), say("models.give-model-itself")
            )
    parts = metadata.get("split.count")
    if isinstance(parts, int) and parts > 1:
        raise ModelRefused(
            say("models.only-one-parts-model", name=path.name, parts=parts),
            say("models.give-model-single-file-llama-gguf"),
        )
    if not header.tensor_bytes:
        raise ModelRefused(say("models.contains-no-weights", name=path.name), say("models.give-model-itself"))
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
            raise ModelRefused(
                say("models.is-missing-from", missing=pattern, folder=folder),
                say("models.download-model-again-all-files"),
            )


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
        raise broken(path, say("models.does-not-describe-open-clip-model", reason=error)) from error
    if text.hf_model_name or text.hf_tokenizer_name:
        raise ModelRefused(
            say("models.image-model-also-needs-read-text", model=text.hf_model_name or text.hf_tokenizer_name),
            say("models.choose-one-clips-own-tokenizer-such"),
        )


def _check_text(path: Path) -> None:
    """One of the small files: not too large, and JSON where its name says so."""
    if path.stat().st_size > _MAX_TEXT:
        raise broken(path, say("models.far-too-large-such-file"))
    if path.suffix == ".json":
        try:
            msgspec.json.decode(path.read_bytes(), type=msgspec.Raw)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise broken(path, say("models.not-text-file-should", reason=error)) from error
