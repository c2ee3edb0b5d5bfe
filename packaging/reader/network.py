"""MiniLM with a span head, in PyTorch; parameters are named as in the official safetensors."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from reader.official import read_official

HIDDEN, INNER, LAYERS, HEADS = 384, 1536, 6, 12
_WORDS, _POSITIONS, _TYPES = 30_522, 512, 2
_EPSILON = 1e-12
_DROPOUT = 0.1


class Reader(nn.Module):
    """For each token, how likely the answer starts and ends at it; the first token stands for "no answer here"
    (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 4.3)."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = _Embeddings()
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Layer() for _ in range(LAYERS))})
        self.head = nn.Linear(HIDDEN, 2)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    @staticmethod
    def from_official(path: Path) -> Reader:
        """A reader that has learnt nothing yet; raises ValueError if the file is not the official one."""
        reader = Reader()
        weights = {name: torch.from_numpy(value.copy()) for name, value in read_official(path).items()}
        missing, _ = reader.load_state_dict(weights, strict=False)
        assert set(missing) == {"head.weight", "head.bias"}, missing
        # What a word means was learnt from a billion pairs; a few thousand questions would only bend it.
        reader.embeddings.word_embeddings.weight.requires_grad_(False)
        return reader

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """ids, types, mask [batch, tokens] -> start and end scores [batch, tokens]; what ``mask`` hides has 0."""
        batch, tokens = ids.shape
        # Only attention needs rows of one length: all else runs over the tokens that are there.
        places = mask.flatten().nonzero().squeeze(1)
        hidden = self.embeddings(ids, types).flatten(0, 1).index_select(0, places)
        seen = mask[:, None, None, :]
        layers = self.encoder["layer"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            hidden = layer(hidden, places, seen, batch, tokens)
        scores = hidden.new_zeros(batch * tokens, 2).index_copy(0, places, self.head(hidden))
        start, end = scores.view(batch, tokens, 2).unbind(-1)
        return start, end


class _Embeddings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(_WORDS, HIDDEN)
        self.position_embeddings = nn.Embedding(_POSITIONS, HIDDEN)
        self.token_type_embeddings = nn.Embedding(_TYPES, HIDDEN)
        self.LayerNorm = nn.LayerNorm(HIDDEN, eps=_EPSILON)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, ids: Tensor, types: Tensor) -> Tensor:
        positions = self.position_embeddings.weight[: ids.shape[1]]
        summed = self.word_embeddings(ids) + positions + self.token_type_embeddings(types)
        return self.dropout(self.LayerNorm(summed))  # type: ignore[no-any-return]


class _Output(nn.Module):
    """A linear layer, then the residual and a layer norm."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, HIDDEN)
        self.LayerNorm = nn.LayerNorm(HIDDEN, eps=_EPSILON)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, values: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(values)) + residual)  # type: ignore[no-any-return]


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.ModuleDict(
            {
                "self": nn.ModuleDict({part: nn.Linear(HIDDEN, HIDDEN) for part in ("query", "key", "value")}),
                "output": _Output(HIDDEN),
            }
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(HIDDEN, INNER)})
        self.output = _Output(INNER)

    def forward(self, hidden: Tensor, places: Tensor, seen: Tensor, batch: int, tokens: int) -> Tensor:
        parts = []
        for part in self.attention["self"].values():  # type: ignore[operator]
            spread = hidden.new_zeros(batch * tokens, HIDDEN).index_copy(0, places, part(hidden))
            parts.append(spread.view(batch, tokens, HEADS, HIDDEN // HEADS).transpose(1, 2))
        query, key, value = parts
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        gathered = attended.transpose(1, 2).reshape(batch * tokens, HIDDEN).index_select(0, places)
        hidden = self.attention["output"](gathered, hidden)
        return self.output(functional.gelu(self.intermediate["dense"](hidden)), hidden)  # type: ignore[no-any-return]
