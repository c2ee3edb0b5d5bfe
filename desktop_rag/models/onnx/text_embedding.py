"""Text -> unit vectors, with the bundled all-MiniLM-L6-v2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop_rag.models.onnx.onnx_model import Loading, OnnxModel, batches, tokenizer_in
from desktop_rag.models.store.catalogue import bundled_file, find_bundled
from desktop_rag.types import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUNDLED = "all-MiniLM-L6-v2"
MAX_TOKENS = 256
"""Tokens the model was trained to read, its two markers included; what is longer is cut off."""
_REVISION = "int8-1"
_DIM = 384


class TextEmbedder:
    """Loads tokenizer and model at their first use, each on its own. Safe to use from several threads.

    ``loading`` is put around the loading of the model, by name; ``threads`` are those of the CPU it may use. Raises
    ``ModelError`` when a file of the model is missing or damaged.
    """

    def __init__(
        self, folder: Path | None = None, *, threads: int | None = None, loading: Loading | None = None
    ) -> None:
        bundled = find_bundled(BUNDLED)
        self.folder = folder or bundled_file(bundled.weights).parent
        sha256 = "" if folder else bundled.sha256
        self._model = OnnxModel(BUNDLED, self.folder / "model.onnx", sha256=sha256, threads=threads, loading=loading)
        self._tokenizer = tokenizer_in(self.folder / "tokenizer.json")

    @property
    def space(self) -> Space:
        return Space(BUNDLED, _REVISION, _DIM)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, without the model's two markers and without cutting off."""
        return [len(encoding.ids) for encoding in self._tokenizer.load().encode_batch(texts, add_special_tokens=False)]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each token of ``text``, in characters."""
        spans: list[tuple[int, int]] = self._tokenizer.load().encode(text, add_special_tokens=False).offsets
        return spans

    def embed(self, texts: Sequence[str], between: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Unit vectors [n, 384] of ``texts`` [n].

        After each batch ``between`` is told how many texts were in it; what it raises ends the work.
        """
        import numpy as np

        self.load()
        encodings = self._tokenizer.load().encode_batch(texts)
        tokens = [encoding.ids[: MAX_TOKENS - 1] + encoding.ids[-1:] if len(encoding.ids) > MAX_TOKENS else encoding.ids
                  for encoding in encodings]  # fmt: skip
        vectors = np.empty((len(texts), _DIM), np.float32)
        for rows in batches([len(ids) for ids in tokens]):
            ids = np.zeros((len(rows), len(tokens[rows[-1]])), np.int32)
            mask = np.zeros_like(ids)
            for row, index in enumerate(rows):
                ids[row, : len(tokens[index])] = tokens[index]
                mask[row, : len(tokens[index])] = 1
            vectors[rows] = self._model.run({"input_ids": ids, "attention_mask": mask})[0]
            if between is not None:
                between(len(rows))
        return vectors

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """The unit vector [384] of a question."""
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector

    def load(self) -> Any:
        """Load the model now rather than at the first text."""
        return self._model.load()
