"""The bundled models' files: an ONNX graph and its tokenizer. The only module that knows onnxruntime."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop_rag import offline
from desktop_rag.errors import ModelError
from desktop_rag.messages import say
from desktop_rag.models.hardware import give_back_memory
from desktop_rag.worker_thread import WorkerThread, log_only

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Loading = Callable[[str], AbstractContextManager[None]]
"""What is put around the loading of a model, by its name."""

_BATCH_TOKENS = 1_536
_BATCH_TEXTS = 64
"""Small batches stay in the CPU's cache; larger ones are a tenth slower."""
KEPT_S = 60.0
"""A model is in memory as long as it has to do: it takes 40 to 90 MB, and is back within a tenth of a second."""


class OnnxModel:
    """A graph, loaded at its first use. Safe to use from several threads.

    ``sha256`` is what the file must have, if that is known; ``threads`` are those of the CPU it may use; ``kept_s`` is
    how many seconds after its last use it leaves memory. Raises ``ModelError`` when the file is missing or damaged.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        sha256: str = "",
        threads: int | None = None,
        loading: Loading | None = None,
        kept_s: float = KEPT_S,
    ) -> None:
        self._name = name
        self._path = path
        self._sha256 = sha256
        self._threads = threads or os.cpu_count() or 1
        self._loading = loading or (lambda _: nullcontext())
        self._kept_s = kept_s
        self._used_at = 0.0
        self._guard = threading.Lock()
        self._session: Any = None

    @property
    def loaded(self) -> bool:
        return self._session is not None

    def run(self, inputs: Mapping[str, NDArray[np.int32]]) -> list[Any]:
        """The outputs, in the order of the graph."""
        outputs: list[Any] = self.load().run(None, inputs)
        return outputs

    def load(self) -> Any:
        """Load it now rather than at its first use."""
        with self._guard:
            self._used_at = time.monotonic()
            if self._session is None:
                offline.quieten()
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = self._threads
                options.log_severity_level = 3
                # Its own pool of memory would keep what the largest batch needed, and is no quicker.
                options.enable_cpu_mem_arena = False
                # Threads that spin while they wait would take the cores that parsing and storing need.
                options.add_session_config_entry("session.intra_op.allow_spinning", "0")
                with self._loading(self._name):
                    try:
                        self._check()
                        self._session = onnxruntime.InferenceSession(
                            str(self._path), options, providers=["CPUExecutionProvider"]
                        )
                    except Exception as error:
                        raise _broken(self._path, error) from error
                WorkerThread("unloading idle models", self._unload_when_idle, report=log_only).start()
        return self._session

    def _unload_when_idle(self) -> float | None:
        """Leave memory, unless it was used meanwhile; then check again later. Who still runs it holds it until then."""
        with self._guard:
            left_s = self._used_at + self._kept_s - time.monotonic()
            if left_s > 0:
                return left_s
            self._session = None
        give_back_memory()
        return None

    def _check(self) -> None:
        if not self._sha256:
            return
        with self._path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self._sha256:
            raise ValueError(f"its SHA-256 is {found}, not {self._sha256}")


class OnnxTokenizer:
    """Text -> tokens, loaded at its first use. Safe to use from several threads. Raises ``ModelError`` as the model
    does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._tokenizer: Any = None

    def load(self) -> Any:
        """The ``tokenizers.Tokenizer``, which neither cuts off nor pads."""
        with self._guard:
            if self._tokenizer is None:
                from tokenizers import Tokenizer

                try:
                    self._tokenizer = Tokenizer.from_file(str(self._path))
                except Exception as error:
                    raise _broken(self._path, error) from error
                self._tokenizer.no_truncation()
                self._tokenizer.no_padding()
        return self._tokenizer


@cache
def tokenizer_in(path: Path) -> OnnxTokenizer:
    """The tokenizer in this file; models that share one load it once."""
    return OnnxTokenizer(path)


def batches(lengths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Batches of texts of these lengths, in tokens, by their indexes; the last of each batch is its longest.

    Those of about the same length come together, as padding costs as much as words; a batch has about
    ``_BATCH_TOKENS``, padding included.
    """
    order = sorted(range(len(lengths)), key=lambda index: lengths[index])
    begin = 0
    for end in range(1, len(order) + 1):
        full = end - begin == _BATCH_TEXTS
        if end == len(order) or full or (end - begin + 1) * lengths[order[end]] > _BATCH_TOKENS:
            yield order[begin:end]
            begin = end


def _broken(path: Path, error: Exception) -> ModelError:
    what = say("models.is-damaged") if path.exists() else say("models.is-missing")
    return ModelError(
        say("models.bundled-model-file", path=path, what=what, reason=error), say("common.install-desktop-rag-again")
    )
