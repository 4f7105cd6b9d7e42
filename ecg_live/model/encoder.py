"""Encoders as PyTorch modules, for plug-ins and training; the built-in one is what the engine is tested on.

See `ecg_live.model.encoder_layout` for the built-in one's layers, and `ecg_live.model.engine` for what runs live.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.model.encoder_layout import (
    CONV_LAYERS,
    LEAKY_SLOPE,
    MAPS_PER_WINDOW,
    POOL_STRIDE,
    POOL_WIDTH,
    POOLED_AFTER,
    Padding,
)


class EncoderStream(Protocol):
    """An encoder over a growing signal."""

    def reset(self) -> None:
        """Start a new segment."""
        ...

    def push(self, x: Tensor) -> Tensor:
        """Return the feature maps (128, m) that the next samples (n,) complete."""
        ...


class Encoder(nn.Module):
    """Base of all encoders: `forward` turns windows float32 (n, 2560) into embeddings float32 (n, 128).

    Attributes
    ----------
    maps_per_window : int
        Declares how the encoder runs live. 0: window by window. Above 0: as a stream (`stream`), and the embedding is
        the maximum over so many of the newest feature maps.
    """

    maps_per_window: int = 0

    def stream(self) -> EncoderStream:
        """Return a stream of this encoder; only called where `maps_per_window` is above 0."""
        raise NotImplementedError


class ConvEncoder(Encoder):
    """Windows (n, 2560) to features (n, 128); 329,152 weights.

    Parameters
    ----------
    padding : {"same", "valid"}
        ``same`` is the paper's. ``valid`` pads nowhere, so that a stream shares every value between overlapping windows
        (receptive field 200 samples, stride 4).
    """

    def __init__(self, padding: Padding = "valid") -> None:
        super().__init__()
        self.padding: Padding = padding
        self.maps_per_window = MAPS_PER_WINDOW if padding == "valid" else 0
        self.convs = nn.ModuleList(nn.Conv2d(c_in, c_out, (1, k)) for c_in, c_out, k in CONV_LAYERS)
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight, a=LEAKY_SLOPE)  # type: ignore[arg-type]  # ModuleList forgets the class
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]  # likewise

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, 128) of windows (n, length)."""
        return self.maps(x).amax(dim=(2, 3))

    def stream(self) -> ConvEncoderStream:
        """Return a stream; ``valid`` padding only."""
        return ConvEncoderStream(self)

    def maps(self, x: Tensor) -> Tensor:
        """Feature maps (n, 128, 1, m) of windows (n, length), before the global max-pool."""
        y = x[:, None, None].to(memory_format=torch.channels_last)  # 2 x faster than Conv1d on a CPU
        for i, (conv, (_, _, k)) in enumerate(zip(self.convs, CONV_LAYERS, strict=True)):
            if self.padding == "same":
                y = F.pad(y, (k // 2 - 1, k // 2))
            y = conv(y)
            if i in POOLED_AFTER:  # the activation keeps the order: the same after the pool, at less cost
                y = F.max_pool2d(y, (1, POOL_WIDTH), (1, POOL_STRIDE))
            y = F.leaky_relu(y, LEAKY_SLOPE, inplace=True)
        return y


@dataclass
class LayerState:
    """What one layer must remember of its input: (1, channels, 1, m)."""

    rest: Tensor | None = None


class ConvEncoderStream:
    """A ``valid`` encoder over a growing signal, every interior value computed once.

    The same samples in the same steps give the same maps to the bit.
    """

    def __init__(self, encoder: ConvEncoder) -> None:
        if encoder.padding != "valid":
            raise ValueError("only a valid encoder can be streamed: one with padding differs at every window's edges")
        # Weights in the memory layout of the input: the same bits, and no rearranging at every step.
        self._encoder = encoder
        encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which the stub lacks
        self.reset()

    def reset(self) -> None:
        """Start a new segment."""
        self._states = [LayerState() for _ in range(len(CONV_LAYERS) + len(POOLED_AFTER))]

    @torch.no_grad()
    def push(self, x: Tensor) -> Tensor:
        """Feature maps (128, m) that the samples (n,) complete."""
        y = x[None, None, None].to(memory_format=torch.channels_last)
        states = iter(self._states)
        for i, (conv, (_, c_out, k)) in enumerate(zip(self._encoder.convs, CONV_LAYERS, strict=True)):
            y = _extend(next(states), y, k, 1)
            y = conv(y) if y.shape[-1] >= k else y.new_empty(1, c_out, 1, 0)
            if i in POOLED_AFTER:  # the activation after the pool, as in `maps`
                y = _extend(next(states), y, POOL_WIDTH, POOL_STRIDE)
                y = F.max_pool2d(y, (1, POOL_WIDTH), (1, POOL_STRIDE)) if y.shape[-1] >= POOL_WIDTH else y[..., :0]
            y = F.leaky_relu(y, LEAKY_SLOPE)
        return y[0, :, 0]


def _extend(state: LayerState, y: Tensor, kernel: int, stride: int) -> Tensor:
    """Old rest and new input; the state keeps what the next output needs."""
    if state.rest is not None:
        y = torch.cat((state.rest, y), dim=-1)
    outputs = max(0, (y.shape[-1] - kernel) // stride + 1)
    state.rest = y[..., outputs * stride :]
    return y
