"""The built-in encoder as ONNX graphs, built from a bundle's arrays: whole windows, and steps of a stream.

Opset 17, float32, every shape fixed but the number of windows of an exported file. Signals have the layout (n, 1, 1,
samples), as the weights do: ONNX Runtime is fastest with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from ecg_live.constants import BLOCK_SAMPLES, EMBEDDING_SIZE, WINDOW_SAMPLES
from ecg_live.model.encoder_layout import (
    CONV_LAYERS,
    LEAKY_SLOPE,
    MAPS_PER_WINDOW,
    POOL_STRIDE,
    POOL_WIDTH,
    POOLED_AFTER,
    Padding,
    state_shapes,
)
from ecg_live.model.tensor_file import Array

OPSET, IR_VERSION = 17, 8  # of 2022: any runtime of today reads them
STEP_MAPS = BLOCK_SAMPLES // POOL_STRIDE ** len(POOLED_AFTER)  # feature maps of a step: 64
TAIL_MAPS = MAPS_PER_WINDOW % STEP_MAPS  # of a window's first step, which count in that window: 15
Dimension = int | str  # a text names one that is free


def window_graph(weights: Mapping[str, Array], padding: Padding, batch: Dimension = 1) -> ModelProto:
    """``windows`` (batch, 2560) to ``embedding`` (batch, 128).

    Parameters
    ----------
    weights : mapping of str to ndarray
        As `encoder_tensors` names them.
    padding : {"same", "valid"}
    batch : int or str
        Number of windows; a text leaves it free.
    """
    graph = _Graph()
    y = graph.add("Unsqueeze", ["windows", graph.constant(np.array([1, 2], np.int64))])
    for i, (_, _, kernel) in enumerate(CONV_LAYERS):
        pads = [0, kernel // 2 - 1, 0, kernel // 2] if padding == "same" else [0, 0, 0, 0]
        y = graph.convolve(y, weights, i, pads)
        y = graph.activate(graph.pool(y) if i in POOLED_AFTER else y)
    graph.add("ReduceMax", [y], "embedding", axes=[2, 3], keepdims=0)
    inputs = [_value("windows", (batch, WINDOW_SAMPLES))]
    return graph.model("window", inputs, [_value("embedding", (batch, EMBEDDING_SIZE))])


def step_graph(weights: Mapping[str, Array], batch: int = 1, seconds: int = 1) -> ModelProto:
    """Seconds of ``valid`` encoders' streams, one after the other.

    Inputs are ``block`` (batch, 1, 1, 256 seconds) and ``state_0`` to ``state_7``, zeros at a segment's start; outputs
    are ``highest`` (batch, seconds, 128), the maximum over a second's 64 feature maps, ``highest_of_tail``, that over
    its last 15, and ``next_0`` to ``next_7``. A window's embedding is the maximum of the tail of its first second and
    of all maps of the nine that follow. The maps that zeros reached into are the first 49 of a segment's, and no
    window's.

    Parameters
    ----------
    weights : mapping of str to ndarray
        As `encoder_tensors` names them.
    batch, seconds : int
        Streams, and seconds of each. The results are the same to the bit whether they come one by one or many at once;
        many take a quarter less time.
    """
    graph = _Graph()
    states = enumerate(state_shapes())
    y = "block"
    for i in range(len(CONV_LAYERS)):
        y = graph.convolve(graph.extend(y, *next(states)), weights, i, [0, 0, 0, 0])
        y = graph.activate(graph.pool(graph.extend(y, *next(states))) if i in POOLED_AFTER else y)
    shape = graph.constant(np.array([batch, EMBEDDING_SIZE, seconds, STEP_MAPS], np.int64))
    maps = graph.add("Transpose", [graph.add("Reshape", [y, shape])], perm=[0, 2, 1, 3])
    graph.add("ReduceMax", [maps], "highest", axes=[3], keepdims=0)
    graph.add("ReduceMax", [graph.last(maps, TAIL_MAPS)], "highest_of_tail", axes=[3], keepdims=0)
    kept = [(batch, channels, 1, samples) for channels, samples in state_shapes()]
    return graph.model(
        "step",
        [
            _value("block", (batch, 1, 1, seconds * BLOCK_SAMPLES)),
            *(_value(f"state_{k}", s) for k, s in enumerate(kept)),
        ],
        [
            _value("highest", (batch, seconds, EMBEDDING_SIZE)),
            _value("highest_of_tail", (batch, seconds, EMBEDDING_SIZE)),
            *(_value(f"next_{k}", s) for k, s in enumerate(kept)),
        ],
    )


@dataclass(slots=True)
class _Graph:
    """Nodes and constants as they are added; values are known by their names."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)
    names: Iterator[int] = field(default_factory=count)

    def add(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{next(self.names)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, value: Array, name: str = "") -> str:
        name = name or f"constant_{next(self.names)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def convolve(self, y: str, weights: Mapping[str, Array], layer: int, pads: list[int]) -> str:
        names = [f"convs.{layer}.weight", f"convs.{layer}.bias"]
        return self.add("Conv", [y, *(self.constant(weights[name], name) for name in names)], pads=pads)

    def pool(self, y: str) -> str:
        return self.add("MaxPool", [y], kernel_shape=[1, POOL_WIDTH], strides=[1, POOL_STRIDE])

    def activate(self, y: str) -> str:
        return self.add("LeakyRelu", [y], alpha=LEAKY_SLOPE)

    def extend(self, y: str, number: int, shape: tuple[int, int]) -> str:
        """What was kept of a layer's input and what is new; its end is kept for the next step."""
        extended = self.add("Concat", [f"state_{number}", y], axis=3)
        self.last(extended, shape[1], f"next_{number}")
        return extended

    def last(self, y: str, samples: int, output: str = "") -> str:
        ends = [np.array([value], np.int64) for value in (-samples, np.iinfo(np.int64).max, 3)]
        return self.add("Slice", [y, *map(self.constant, ends)], output)

    def model(self, name: str, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]) -> ModelProto:
        graph = helper.make_graph(self.nodes, f"ecg-live encoder, {name}", inputs, outputs, self.constants)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="ecg-live")


def _value(name: str, shape: tuple[Dimension, ...]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
