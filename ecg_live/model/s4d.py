"""A state-space encoder: diagonal state spaces (S4D) by the equations of Gu, Gupta, Goel & Re 2022, arXiv 2206.11893.

A layer holds one linear system for each of 128 channels, x' = A x + B u, y = Re(C x) + D u, with a diagonal complex
A of 32 conjugate pairs and B = 1. With the hold of a step dt (their "ZOH") the output is the convolution of the input
with

    K[l] = 2 Re(sum_n C_n (exp(dt A_n) - 1) / A_n exp(dt A_n l)).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.model.encoder import Encoder

PATCH_SAMPLES, PATCH_STRIDE = 16, 8  # at 256 Hz: 62.5 ms, 32 of them a second
STATE_PAIRS = 32  # conjugate pairs of a channel's state
BLOCKS = 6  # 301,952 weights, about as many as the convolutional encoder
MIN_STEP, MAX_STEP = 0.001, 0.1  # of a channel's step at the start, drawn evenly by its logarithm; the paper's


class DiagonalStateSpace(nn.Module):
    """One system a channel: sequences (n, channels, m) to as many."""

    def __init__(self, channels: int, pairs: int = STATE_PAIRS) -> None:
        super().__init__()
        low, high = math.log(MIN_STEP), math.log(MAX_STEP)
        self.log_step = nn.Parameter(low + (high - low) * torch.rand(channels))
        # "S4D-Lin": A_n = -1/2 + i pi n.
        self.log_decay = nn.Parameter(torch.full((channels, pairs), math.log(0.5)))
        self.frequency = nn.Parameter((math.pi * torch.arange(pairs)).repeat(channels, 1))
        self.output = nn.Parameter(torch.randn(channels, pairs, 2) * math.sqrt(0.5))  # C, real and imaginary part
        self.direct = nn.Parameter(torch.randn(channels))  # D
        self._kept: dict[int, Tensor] = {}  # spectra by length, while the weights do not change
        self.register_load_state_dict_post_hook(_forget_spectra)  # type: ignore[no-untyped-call]  # torch leaves it so

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation."""
        self._kept.clear()
        return super().train(mode)

    def kernel(self, length: int) -> Tensor:
        """The impulse response (channels, length) without the direct part."""
        a = torch.complex(-self.log_decay.exp(), self.frequency)
        rotation = a * self.log_step.exp()[:, None]
        c = torch.view_as_complex(self.output) * (rotation.exp() - 1) / a
        # exp(r l) for l = width i + j is a product: a matrix product instead of as many exponentials as there are l.
        width = math.isqrt(length - 1) + 1
        at = torch.arange(width, device=a.device)
        rows = c[..., None] * (rotation[..., None] * (width * at)).exp()
        found = rows.transpose(1, 2) @ (rotation[..., None] * at).exp()
        kernel: Tensor = 2 * found.real.flatten(1)[:, :length]
        return kernel

    def forward(self, u: Tensor) -> Tensor:
        """Outputs (n, channels, m) of inputs (n, channels, m); in single precision, whatever the surroundings."""
        with torch.autocast(u.device.type, enabled=False):
            u, length = u.float(), u.shape[-1]
            size = next_fast_len(2 * length - 1, real=True)  # so long that nothing wraps around
            spectrum = torch.fft.rfft(u, size) * self._spectrum(length, size)
            found: Tensor = torch.fft.irfft(spectrum, size)[..., :length] + self.direct[:, None] * u
            return found

    def _spectrum(self, length: int, size: int) -> Tensor:
        """Of the impulse response; computed once in evaluation, where it takes longer than all else for one window."""
        keep = not self.training and not torch.is_grad_enabled()
        if keep and length in self._kept:
            return self._kept[length]
        spectrum: Tensor = torch.fft.rfft(self.kernel(length), size)
        if keep:
            self._kept[length] = spectrum
        return spectrum


def _forget_spectra(module: nn.Module, _keys: object) -> None:
    """For new weights."""
    module.train(module.training)


class StateSpaceBlock(nn.Module):
    """Normalise, let the states run, mix the channels through a gate, and add to the input (n, channels, m)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.states = DiagonalStateSpace(channels)
        self.mix = nn.Linear(channels, 2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (n, channels, m)."""
        y = F.gelu(self.states(self.norm(x.transpose(1, 2)).transpose(1, 2)))
        return x + F.glu(self.mix(y.transpose(1, 2)), dim=2).transpose(1, 2)


class S4DEncoder(Encoder):
    """Windows (n, 2560) to features (n, 128), the mean of the last block's outputs over the window.

    Causal, but not streamed: a window starts from empty states, as in training, and a stream's would hold what came
    before the window.
    """

    def __init__(self, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.patch = nn.Conv1d(1, EMBEDDING_SIZE, PATCH_SAMPLES, PATCH_STRIDE)
        self.blocks = nn.ModuleList(StateSpaceBlock(EMBEDDING_SIZE) for _ in range(blocks))
        self.norm = nn.LayerNorm(EMBEDDING_SIZE)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, 128) of windows (n, length)."""
        return self.context(self.local(x)).mean(dim=2)

    def local(self, x: Tensor) -> Tensor:
        """What each patch of a window (n, length) looks like: (n, 128, m), eight samples apart."""
        found: Tensor = self.patch(x[:, None])
        return found

    def context(self, local: Tensor) -> Tensor:
        """What is known after each patch (n, 128, m): a function of it and those before it."""
        for block in self.blocks:
            local = block(local)
        normalised: Tensor = self.norm(local.transpose(1, 2))
        return normalised.transpose(1, 2)


def build_s4d(config: Mapping[str, Any]) -> S4DEncoder:
    """An encoder with ``blocks`` of them; 6 without it.

    Raises
    ------
    ValueError
        The configuration names something else, or no whole number from 1 to 64.
    """
    unknown = sorted(config.keys() - {"blocks"})
    blocks = config.get("blocks", BLOCKS)
    if unknown or type(blocks) is not int or not 1 <= blocks <= 64:
        raise ValueError(f"configuration {dict(config)}: not blocks from 1 to 64")
    return S4DEncoder(blocks)
