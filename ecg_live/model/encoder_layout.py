"""Layers of the built-in encoder, and the tensors that hold its weights; without PyTorch.

It is the convolutional encoder of Sarkar & Etemad 2020 (doi 10.1109/TAFFC.2020.3014842), table of its section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ecg_live.model.tensor_file import TensorSpec

Padding = Literal["same", "valid"]

CONV_LAYERS = ((1, 32, 32), (32, 32, 32), (32, 64, 16), (64, 64, 16), (64, 128, 8), (128, 128, 8))  # in, out, kernel
POOLED_AFTER = (1, 3)  # index of the convolutions that a max-pool follows
POOL_WIDTH, POOL_STRIDE = 8, 2
LEAKY_SLOPE = 0.2  # of every leaky ReLU
MAPS_PER_WINDOW = 591  # feature maps of a ``valid`` encoder for one window: one every 4 samples


def encoder_tensors() -> Mapping[str, TensorSpec]:
    """Names, shapes and type of the weights."""
    specs: dict[str, TensorSpec] = {}
    for i, (c_in, c_out, kernel) in enumerate(CONV_LAYERS):
        specs[f"convs.{i}.weight"] = TensorSpec((c_out, c_in, 1, kernel), np.dtype(np.float32))
        specs[f"convs.{i}.bias"] = TensorSpec((c_out,), np.dtype(np.float32))
    return specs


def state_shapes() -> tuple[tuple[int, int], ...]:
    """Channels and samples of what each layer of a stream keeps of its input from one step to the next."""
    shapes = []
    for i, (c_in, c_out, kernel) in enumerate(CONV_LAYERS):
        shapes.append((c_in, kernel - 1))
        if i in POOLED_AFTER:
            shapes.append((c_out, POOL_WIDTH - POOL_STRIDE))
    return tuple(shapes)
