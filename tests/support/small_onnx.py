"""Small encoders as other programs write them: a convolution, its largest values, and what may be wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

SIZE = 6  # numbers in its embedding
CARD: dict[str, Any] = {"rate": 100.0, "window": 10.0, "scale": "zscore", "leads": 1, "licence": "MIT"}
OPTIONS = [text for name, value in CARD.items() for text in (f"--{name}", str(value))]


def small_model(
    shape: tuple[int | str, ...] = ("batch", 1000), kind: int = TensorProto.FLOAT, extra: tuple[NodeProto, ...] = ()
) -> ModelProto:
    """Windows of a shape to embeddings (n, 6); ``extra`` nodes take "pooled" and give "embedding"."""
    rng = np.random.default_rng(0)
    constants = [
        numpy_helper.from_array(rng.standard_normal((SIZE, 1, 25)).astype(np.float32), "weight"),
        numpy_helper.from_array(np.array([1, 1, -1], np.int64), "signal"),
    ]
    nodes = [
        helper.make_node("Reshape", ["x", "signal"], ["signals"]),
        helper.make_node("Conv", ["signals", "weight"], ["maps"], strides=[4]),
        helper.make_node("ReduceMax", ["maps"], ["pooled"], axes=[2], keepdims=0),
        *(extra or (helper.make_node("Identity", ["pooled"], ["embedding"]),)),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [shape[0], SIZE])],
        constants,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("acme", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def node(operator: str, inputs: tuple[str, ...] = ("pooled",), **attributes: Any) -> NodeProto:
    """A node that gives the embedding."""
    return helper.make_node(operator, list(inputs), ["embedding"], **attributes)


def write(path: Path, model: ModelProto | None = None) -> Path:
    """Write a model, or the small one."""
    onnx.save(model or small_model(), str(path))
    return path
