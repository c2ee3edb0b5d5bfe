"""Text -> unit vectors, with the bundled all-MiniLM-L6-v2. The only module that knows onnxruntime."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop_rag import offline
from desktop_rag.errors import ModelError
from desktop_rag.paths import resources_dir
from desktop_rag.types import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUNDLED = "all-MiniLM-L6-v2"
MAX_TOKENS = 256
"""Tokens the model was trained to read, its two markers included; what is longer is cut off."""
_REVISION = "int8-1"
_DIM = 384
_BATCH_TOKENS = 1_536
_BATCH_TEXTS = 64
"""Small batches stay in the CPU's cache; larger ones are a tenth slower."""


class TextEmbedder:
    """Loads tokenizer and model at their first use, each on its own. Safe to use from several threads.

    ``loading`` is put around the loading of the model, by name; ``threads`` are those of the CPU it may use. Raises
    ``ModelError`` when a file of the model is missing or damaged.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        threads: int | None = None,
        loading: Callable[[str], AbstractContextManager[None]] | None = None,
    ) -> None:
        self._folder = folder
        self._threads = threads or os.cpu_count() or 1
        self._loading = loading or (lambda _: nullcontext())
        self._guard = threading.Lock()
        self._tokenizer: Any = None
        self._session: Any = None

    @property
    def space(self) -> Space:
        return Space(BUNDLED, _REVISION, _DIM)

    @property
    def folder(self) -> Path:
        return self._folder or resources_dir() / "models" / BUNDLED

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, without the model's two markers and without cutting off."""
        return [len(encoding.ids) for encoding in self._load_tokenizer().encode_batch(texts, add_special_tokens=False)]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each token of ``text``, in characters."""
        spans: list[tuple[int, int]] = self._load_tokenizer().encode(text, add_special_tokens=False).offsets
        return spans

    def embed(self, texts: Sequence[str], between: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Unit vectors [n, 384] of ``texts`` [n].

        Texts are sorted by length and computed in batches of about the same length: padding costs as much as words.
        After each batch ``between`` is told how many texts were in it; what it raises ends the work.
        """
        import numpy as np

        session = self.load()
        encodings = self._load_tokenizer().encode_batch(texts)
        tokens = [encoding.ids[: MAX_TOKENS - 1] + encoding.ids[-1:] if len(encoding.ids) > MAX_TOKENS else encoding.ids
                  for encoding in encodings]  # fmt: skip
        order = sorted(range(len(texts)), key=lambda index: len(tokens[index]))
        vectors = np.empty((len(texts), _DIM), np.float32)
        for rows in _batches(order, [len(ids) for ids in tokens]):
            ids = np.zeros((len(rows), len(tokens[rows[-1]])), np.int32)
            mask = np.zeros_like(ids)
            for row, index in enumerate(rows):
                ids[row, : len(tokens[index])] = tokens[index]
                mask[row, : len(tokens[index])] = 1
            vectors[rows] = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
            if between is not None:
                between(len(rows))
        return vectors

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """The unit vector [384] of a question."""
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector

    def load(self) -> Any:
        """Load the model now rather than at the first text."""
        with self._guard:
            if self._session is None:
                offline.quieten()
                import onnxruntime

                path = self.folder / "model.onnx"
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = self._threads
                options.log_severity_level = 3
                # Its own pool of memory would keep what the largest batch needed, and is no quicker.
                options.enable_cpu_mem_arena = False
                # Threads that spin while they wait would take the cores that parsing and storing need.
                options.add_session_config_entry("session.intra_op.allow_spinning", "0")
                with self._loading(self.space.model):
                    try:
                        self._session = onnxruntime.InferenceSession(
                            str(path), options, providers=["CPUExecutionProvider"]
                        )
                    except Exception as error:
                        raise _broken(path, error) from error
        return self._session

    def _load_tokenizer(self) -> Any:
        with self._guard:
            if self._tokenizer is None:
                from tokenizers import Tokenizer

                path = self.folder / "tokenizer.json"
                try:
                    self._tokenizer = Tokenizer.from_file(str(path))
                except Exception as error:
                    raise _broken(path, error) from error
                self._tokenizer.no_truncation()
                self._tokenizer.no_padding()
        return self._tokenizer


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut ``order`` (indexes sorted by length) into batches of about ``_BATCH_TOKENS``, padding included."""
    begin = 0
    for end in range(1, len(order) + 1):
        full = end - begin == _BATCH_TEXTS
        if end == len(order) or full or (end - begin + 1) * lengths[order[end]] > _BATCH_TOKENS:
            yield order[begin:end]
            begin = end


def _broken(path: Path, error: Exception) -> ModelError:
    what = "is damaged" if path.exists() else "is missing"
    return ModelError(f"The embedding model's file {path} {what} ({error}).", "Install Desktop RAG again.")
