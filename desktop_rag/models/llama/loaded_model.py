"""A GGUF model that llama.cpp has loaded: its tokens, its context, its errors. What ``generation`` and
``pooled`` have in common.

It speaks to llama.cpp's own interface: the comfortable one of llama-cpp-python copies the logits of each token, cannot
mask a few of them in place, and reads the control tokens that a passage spells as control tokens.
"""

from __future__ import annotations

import ctypes
import os
import re
import weakref
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from desktop_rag.errors import ModelError, ModelRefused, NoMemoryForModel
from desktop_rag.messages import say
from desktop_rag.models.llama.chat_template import TemplatePiece
from desktop_rag.models.llama.gguf_file import read_header
from desktop_rag.models.llama.token_text import THINKING, THOUGHT

MAX_SEQUENCES = 64
"""Texts that are embedded at once, at most."""


class LlamaSettings(Struct, frozen=True):
    """``context`` and ``batch`` are in tokens; the model's own limits hold as well. ``gpu_layers`` -1 is all of them,
    ``threads`` 0 is one for each core.

    A text to embed, or a question with a passage to judge, is cut to the shorter of ``context`` and ``batch``: most
    such models have to see it at once, in memory that grows with its square.
    """

    path: str
    role: Literal["chat", "embedding", "reranking"]
    context: int = 4096
    gpu_layers: int = 0
    batch: int = 512
    threads: int = 0


class LlamaDescription(Struct, frozen=True):
    """``context`` and ``vocabulary`` are in tokens. ``template`` says whose form the prompts have, and ``said`` why it
    is not the model's own."""

    name: str
    context: int
    dim: int
    vocabulary: int
    template: Literal["own", "chatml", "plain", ""] = ""
    said: str = ""


class Model:
    """A loaded model, for one request at a time. Raises ``ModelRefused`` and ``NoMemoryForModel``.

    ``native`` is llama.cpp's interface, and ``warnings`` is where its warnings come in.
    """

    def __init__(self, settings: LlamaSettings, native: Any, warnings: deque[str]) -> None:
        path = Path(settings.path)
        header = read_header(path)
        self.native = native
        self._warnings = warnings
        self.name = str(header.metadata.get("general.name") or path.stem)
        self.architecture = header.architecture
        self._said = say("models.the-model", name=self.name, file=path.name)
        self._warnings.clear()
        params = native.llama_model_default_params()
        params.n_gpu_layers = settings.gpu_layers
        self.model = native.llama_model_load_from_file(os.fsencode(path), params)
        if not self.model:
            raise self._failed(say("models.could-not-loaded"))
        self._free_model = weakref.finalize(self, native.llama_model_free, self.model)
        self.vocab = native.llama_model_get_vocab(self.model)
        self.size = int(native.llama_vocab_n_tokens(self.vocab))
        self.dim = int(native.llama_model_n_embd_out(self.model))
        self.sequences = 1
        trained = int(native.llama_model_n_ctx_train(self.model))
        self.context = min(settings.context, trained or settings.context)
        params = native.llama_context_default_params()
        if settings.role != "chat":
            self.context = min(self.context, settings.batch)
            params.embeddings, params.kv_unified = True, True
            params.n_seq_max = self.sequences = min(MAX_SEQUENCES, self.context)
            stated = header.metadata.get(f"{self.architecture}.pooling_type")
            params.pooling_type = self._pooling(settings.role, stated)
        else:
            params.n_seq_max, params.kv_unified = 2, True  # the conversation, and what is asked beside it
        self.batch = min(settings.batch, self.context)
        # llama.cpp ends the process when it cannot share a batch out evenly.
        even = -(-self.batch // self.sequences) * self.sequences
        params.n_ctx, params.n_batch, params.n_ubatch = max(self.context, even), even, even
        params.n_threads = params.n_threads_batch = settings.threads or _cores()
        params.no_perf = True
        # The whole past of layers that see only a window of it: without, a second turn could not go on from the first.
        params.swa_full = True
        params.op_offload = params.offload_kqv = settings.gpu_layers != 0
        if settings.gpu_layers == 0:
            # On a processor it reads a long prompt a tenth faster, and a short one, or one token, far slower.
            params.flash_attn_type = native.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.handle = native.llama_init_from_model(self.model, params)
        if not self.handle:
            self.close()
            raise self._failed(say("models.does-not-enough-memory-context"), NoMemoryForModel)
        self._free_context = weakref.finalize(self, native.llama_free, self.handle)
        self.memory = native.llama_get_memory(self.handle)
        spaced = self.tokens("a")
        self._newline = self.tokens("\n") if spaced and self._text(spaced[0]).startswith(b" ") else []
        if settings.role == "chat" and (not self.memory or native.llama_model_has_encoder(self.model)):
            self.close()
            raise ModelRefused(say("models.not-chat-model", model=self._said), say("models.choose-chat-model"))

    def close(self) -> None:
        """Give the memory back. More than once does nothing."""
        if hasattr(self, "_free_context"):
            self._free_context()
        self._free_model()

    def describe(self) -> LlamaDescription:
        return LlamaDescription(self.name, self.context, self.dim, self.size)

    def tokens(self, text: str, *, special: bool = False, ends: bool = False) -> list[int]:
        """The tokens of a text. ``special``: control tokens it spells are such; ``ends``: with those that begin and
        end a text."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            array = (self.native.llama_token * room)()
            count = self.native.llama_tokenize(self.vocab, data, len(data), array, room, ends, special)
            if count >= 0:
                tokens: list[int] = array[:count]
                return tokens
            if count == -(2**31):
                raise ModelError(say("models.text-too-long-2", name=self.name))
            room = -count

    def prompt_tokens(self, pieces: Sequence[TemplatePiece]) -> list[int]:
        """The tokens of a prompt, in which only the template's own pieces can hold control tokens."""
        bos = self.native.llama_vocab_bos(self.vocab)
        tokens: list[int] = []
        for piece in pieces:
            inner = bool(self._newline and tokens) and not self.is_control(tokens[-1])
            found = self.tokens("\n" + piece.text if inner else piece.text, special=piece.own)
            if inner and found[: len(self._newline)] == self._newline:
                # Such a tokeniser puts a space before each text it is given, and inside a line there is none.
                found = found[len(self._newline) :]
            tokens += found
        if self.native.llama_vocab_get_add_bos(self.vocab) and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        return tokens

    def is_control(self, token: int) -> bool:
        return bool(self.native.llama_vocab_is_control(self.vocab, token))

    def token_texts(self) -> list[bytes]:
        """The bytes of each token; of control tokens none, but for those around a thought."""
        texts = [self._text(token) for token in range(self.size)]
        for mark in (THINKING, THOUGHT):
            for token in self.tokens(mark, special=True)[-1:]:
                if self.is_control(token) and self.native.llama_vocab_get_text(self.vocab, token) == mark.encode():
                    texts[token] = mark.encode()
        return texts

    def decode(self, batch: Any, *, encoder: bool = False) -> None:
        """Evaluate a batch. Raises ``NoMemoryForModel``, or ``ModelError``."""
        self._warnings.clear()
        call = self.native.llama_encode if encoder else self.native.llama_decode
        if code := call(self.handle, batch):
            raise self._failed(
                say("models.failed-text-code", code=code), NoMemoryForModel if code == -2 else ModelError
            )

    def _text(self, token: int) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = self.native.llama_token_to_piece(self.vocab, token, buffer, size, 0, False)
            if length >= 0:
                return buffer.raw[:length]
            size = -length

    def _pooling(self, role: str, stated: object) -> int:
        """How the vectors of a text's tokens become one: as the file says, and the mean where it does not."""
        kind = stated if isinstance(stated, int) else self.native.LLAMA_POOLING_TYPE_MEAN
        if (kind == self.native.LLAMA_POOLING_TYPE_RANK) != (role == "reranking"):
            self.close()
            what = (
                say("models.not-reranking-model")
                if role == "reranking"
                else say("models.reranking-model-not-embedding-model")
            )
            raise ModelRefused(say("models.is", model=self._said, what=what), say("models.choose-model-right-kind"))
        return kind or self.native.LLAMA_POOLING_TYPE_MEAN

    def _failed(self, what: str, kind: type[ModelError] = ModelRefused) -> ModelError:
        """The error for what just failed, with llama.cpp's reason."""
        reason = next((line for line in self._warnings if "error" in line.lower() or "fail" in line.lower()), "")
        if any(re.search(r"alloc|out of memory", line, re.IGNORECASE) for line in self._warnings):
            kind = NoMemoryForModel
        if kind is NoMemoryForModel:
            hint = say("models.close-other-programs-use-smaller-context")
        else:
            hint = say("models.choose-another-model-install-one-again")
        return kind(f"{self._said} {what}{f' ({reason[:200]})' if reason else ''}.", hint)


def _cores() -> int:
    import psutil

    return psutil.cpu_count(logical=False) or os.cpu_count() or 1
