"""A model that makes one vector, or one score, of a text: embedders and rerankers."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from desktop_rag.errors import ModelError
from desktop_rag.messages import say
from desktop_rag.models.llama.loaded_model import Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Pooled(Model):
    """A model that turns a text into one vector, or into a score."""

    def pool(self, texts: Sequence[Sequence[int]], width: int) -> NDArray[np.float32]:
        """What the model makes of each text's tokens [n, width]. Together they fit into a batch."""
        import numpy as np

        native = self.native
        if self.memory:
            native.llama_memory_clear(self.memory, False)
        lengths = [len(text) for text in texts]
        tokens = np.concatenate([np.asarray(text, np.int32) for text in texts])
        places = np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])
        sequences = np.arange(len(texts), dtype=np.int32)
        # Each token points to the number of its sequence.
        pointers = np.repeat(sequences.ctypes.data + sequences.astype(np.uint64) * 4, lengths)
        ones, outputs = np.ones(len(tokens), np.int32), np.ones(len(tokens), np.int8)
        fields = dict(native.llama_batch._fields_)
        batch = native.llama_batch(n_tokens=len(tokens))
        for name, array in (
            ("token", tokens), ("pos", places), ("n_seq_id", ones), ("seq_id", pointers), ("logits", outputs)
        ):  # fmt: skip
            setattr(batch, name, ctypes.cast(array.ctypes.data, fields[name]))
        self.decode(batch, encoder=not self.memory)
        out = np.empty((len(texts), width), np.float32)
        for row in range(len(texts)):
            out[row] = np.ctypeslib.as_array(native.llama_get_embeddings_seq(self.handle, row), (width,))
        return out

    def batches(self, texts: Sequence[list[int]]) -> Iterator[Sequence[list[int]]]:
        """The texts in order, as many at a time as fit."""
        begin = filled = 0
        for end, text in enumerate(texts):
            if end > begin and (filled + len(text) > self.batch or end - begin == self.sequences):
                yield texts[begin:end]
                begin, filled = end, 0
            filled += len(text)
        if texts:
            yield texts[begin:]

    def whole(self, text: str) -> list[int]:
        """The tokens of a text with those that begin and end it; one that is too long loses what stands before its
        end token."""
        tokens = self.tokens(text, ends=True) or self.tokens("\n")
        if len(tokens) <= self.batch:
            return tokens
        last = tokens[-1:] if self.is_control(tokens[-1]) else []
        return tokens[: self.batch - len(last)] + last

    def pair(self, question: str, text: str) -> list[int]:
        """The tokens of a question and a passage, in the form the model's file asks for, or that of BERT."""
        vocab, native = self.vocab, self.native
        form = native.llama_model_chat_template(self.model, b"rerank")
        if form:
            parts = re.split(r"(\{query\}|\{document\})", form.decode("utf-8", "replace"))
            fixed = [self.tokens(part, special=True) for part in parts]
        else:
            # As llama.cpp's server does it (format_prompt_rerank).
            eos, sep = native.llama_vocab_eos(vocab), native.llama_vocab_sep(vocab)
            closing = [eos if eos >= 0 else sep] * native.llama_vocab_get_add_eos(vocab)
            parts = ["", "{query}", "", "{document}", ""]
            fixed = [
                [native.llama_vocab_bos(vocab)] * native.llama_vocab_get_add_bos(vocab), [],
                closing + [sep] * native.llama_vocab_get_add_sep(vocab), [], closing,
            ]  # fmt: skip
        room = self.batch - sum(map(len, fixed[::2]))
        if room < 2:
            raise ModelError(
                say("models.does-not-room-question-passage", name=self.name), say("models.give-larger-batch-size")
            )
        asked = self.tokens(question)[: room // 2]
        passage = self.tokens(text)[: room - len(asked)]
        put = {"{query}": asked, "{document}": passage}
        return [token for part, own in zip(parts, fixed, strict=True) for token in put.get(part, own)]
