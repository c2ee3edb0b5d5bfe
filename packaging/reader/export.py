"""Write what was trained as an int8 ONNX file: ``python -m reader.export [STATE] [OUTPUT]``.

The graph is the bundled embedder's (see ``resources/models/convert_minilm.py``), with the span head where that has its
pooling.

Inputs:  input_ids, token_type_ids, attention_mask   int32 [batch, tokens], tokens <= 512
Outputs: start, end                                  float32 [batch, tokens]
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from reader.network import LAYERS
from reader.official import RESOURCES, converter
from reader.train import STATE

OUTPUT = RESOURCES / "minilm-reader" / "model.onnx"
_INPUTS = ("input_ids", "token_type_ids", "attention_mask")


def build(tensors: dict[str, Any], *, quantized: bool = True) -> onnx.ModelProto:
    """The graph of a reader with these parameters (float32, by name)."""
    module = converter()
    graph = module.GraphBuilder(tensors, quantized)
    graph.add("Identity", ["attention_mask"], "key_mask")
    words = graph.word_embeddings("input_ids")
    positions = graph.constant("positions", tensors["embeddings.position_embeddings.weight"])
    types = graph.constant("types", tensors["embeddings.token_type_embeddings.weight"])
    shape = graph.add("Shape", ["input_ids"], "length", start=1, end=2)
    zero, axis = graph.constant("zero", np.array([0])), graph.constant("first_axis", np.array([0]))
    used = graph.add("Slice", [positions, zero, shape, axis], "used_positions")
    placed = graph.add("Add", [words, used], "placed")
    summed = graph.add("Add", [placed, graph.add("Gather", [types, "token_type_ids"], "type_vectors")], "embedded")
    gamma = graph.constant("embeddings.gamma", tensors["embeddings.LayerNorm.weight"])
    beta = graph.constant("embeddings.beta", tensors["embeddings.LayerNorm.bias"])
    hidden = graph.add("LayerNormalization", [summed, gamma, beta], "hidden", axis=-1, epsilon=module.EPSILON)
    for index in range(LAYERS):
        hidden = graph.layer(hidden, index)
    # The head is a thousandth of the work: it stays in float32.
    weight, bias = (graph.constant(f"head.{part}", tensors[f"head.{part}"].T) for part in ("weight", "bias"))
    scores = graph.add("Add", [graph.add("MatMul", [hidden, weight], "head.product"), bias], "scores")
    last = graph.constant("last_axis", np.array([-1]))
    for number, name in enumerate(("start", "end")):
        column = graph.add(
            "Gather", [scores, graph.constant(f"{name}.number", np.array([number]))], f"{name}.column", axis=2
        )
        graph.add("Squeeze", [column, last], name)
    dims: list[str | int] = ["batch", "tokens"]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "minilm-reader",
            [helper.make_tensor_value_info(name, TensorProto.INT32, dims) for name in _INPUTS],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name in ("start", "end")],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=8,
        producer_name="desktop-rag",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m reader.export", description=__doc__)
    parser.add_argument("state", type=Path, nargs="?", default=STATE / "state.pt")
    parser.add_argument("output", type=Path, nargs="?", default=OUTPUT)
    parser.add_argument("--float32", action="store_true", help="keep float32 weights, to measure what int8 costs")
    arguments = parser.parse_args()
    state = torch.load(arguments.state, map_location="cpu", weights_only=True)
    tensors = {name: value.float().numpy() for name, value in state["reader"].items()}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(build(tensors, quantized=not arguments.float32), arguments.output)
    data = arguments.output.read_bytes()
    print(f"{arguments.output}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}, step {state['done']:,}")


if __name__ == "__main__":
    main()
