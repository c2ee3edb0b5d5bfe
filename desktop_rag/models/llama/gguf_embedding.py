"""Text -> unit vectors, with an installed GGUF embedder in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from desktop_rag.errors import ModelError
from desktop_rag.messages import say
from desktop_rag.models.llama.gguf_file import GgufHeader
from desktop_rag.models.requests import ModelClient
from desktop_rag.types import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TEXTS = 64
"""Texts of one request: between two of them others can have the model."""
_RETRIEVE = "Represent this sentence for searching relevant passages: "
_INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"


class Prefixes(NamedTuple):
    """What a family of models was trained to see before a question, and before a passage."""

    question: str = ""
    passage: str = ""


_FAMILIES = (
    # architecture and name of a model -> what its card asks for, on huggingface.co; the first that fits
    (r"gemma-embedding ", Prefixes("task: search result | query: ", "title: none | text: ")),  # embeddinggemma-300m
    (r"nomic-bert\S* ", Prefixes("search_query: ", "search_document: ")),  # nomic-embed-text-v1.5, -v2-moe
    (r"\S+ .*e5-.*instruct", Prefixes(_INSTRUCT + " ")),  # multilingual-e5-large-instruct, e5-mistral-7b-instruct
    (r"\S+ .*\be5\b", Prefixes("query: ", "passage: ")),  # e5-large-v2, multilingual-e5-large
    (r"qwen3 ", Prefixes(_INSTRUCT)),  # Qwen3-Embedding-0.6B
    (r"\S+ .*arctic-embed.*v2", Prefixes("query: ")),  # snowflake-arctic-embed-l-v2.0
    (r"\S+ .*arctic-embed", Prefixes(_RETRIEVE)),  # snowflake-arctic-embed-m-v1.5
    (r"\S+ .*mxbai-embed", Prefixes(_RETRIEVE)),  # mxbai-embed-large-v1
    (r"\S+ .*bge-.*-en", Prefixes(_RETRIEVE)),  # bge-base-en-v1.5; bge-m3 wants nothing
    (r"\S+ .*bge-.*-zh", Prefixes("为这个句子生成表示以用于检索相关文章：")),  # bge-base-zh-v1.5  # noqa: RUF001
)


def prefixes(architecture: str, name: str) -> Prefixes:
    """The prefixes of a model; none for one of no known family."""
    described = architecture + " " + re.sub(r"[\s_]+", "-", name.strip())
    return next((found for form, found in _FAMILIES if re.match(form, described, re.IGNORECASE)), Prefixes())


class GgufEmbedder:
    """An embedder whose model runs behind ``process``. As safe to share between threads as that is.

    ``name`` and ``fingerprint`` are those of the installed model, ``header`` is that of its file; together with the
    prefixes they make the embedding space. Raises ``ModelError``.
    """

    def __init__(self, process: ModelClient, *, name: str, fingerprint: str, header: GgufHeader) -> None:
        self._process = process
        self.prefixes = prefixes(header.architecture, f"{header.metadata.get('general.name', '')} {name}")
        self.space = Space(name, fingerprint, header.embedding_length)

    def load(self) -> None:
        """Load the model now rather than at the first text."""
        from desktop_rag.models.llama.llm import DescribeLlama

        (described,) = self._process.ask(DescribeLlama())
        self._check(described.dim)

    def embed(self, texts: Sequence[str], between: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Unit vectors [n, dim] of the passages ``texts`` [n].

        Every now and then ``between`` is told how many texts were done since; what it raises ends the work.
        """
        return self._embed([self.prefixes.passage + text for text in texts], between)

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """The unit vector [dim] of a question."""
        vector: NDArray[np.float32] = self._embed([self.prefixes.question + text], None)[0]
        return vector

    def _embed(self, texts: Sequence[str], between: Callable[[int], None] | None) -> NDArray[np.float32]:
        import numpy as np

        from desktop_rag.models.llama.llm import Embed

        vectors = np.empty((len(texts), self.space.dim), np.float32)
        for begin in range(0, len(texts), _TEXTS):
            part = tuple(texts[begin : begin + _TEXTS])
            found = np.frombuffer(b"".join(self._process.ask(Embed(part))), np.float32)
            self._check(found.size // len(part))
            vectors[begin : begin + len(part)] = found.reshape(len(part), -1)
            if between is not None:
                between(len(part))
        return vectors

    def _check(self, dim: int) -> None:
        if dim != self.space.dim:
            raise ModelError(
                say(
                    "models.model-produces-vectors-numbers-but-file",
                    model=self.space.model,
                    given=dim,
                    stated=self.space.dim,
                ),
                say("models.install-model-again-choose-another-one"),
            )
