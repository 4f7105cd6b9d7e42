"""The six signal transformations that the pretext task recognises, vectorised over windows.

Each takes windows (n, length) and a generator, and returns as many of the same length. Values are those of the authors'
code (Sarkar & Etemad 2020, section 4.2). None leaves a tell-tale: no padding, no constant run, no repeated sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ecg_live.model.heads import TASKS


@dataclass(frozen=True, slots=True)
class Strength:
    """How hard each task is; defaults are the authors'.

    ``snr`` in dB, ``scale`` a factor, ``pieces`` of the permutation, ``warp_pieces`` and ``stretch`` of the time-warp.
    """

    snr: float = 15.0
    scale: float = 1.1
    pieces: int = 20
    warp_pieces: int = 9
    stretch: float = 1.05


def original(x: Tensor, _generator: Generator, _strength: Strength) -> Tensor:
    """Leave the windows as they are."""
    return x


def noise(x: Tensor, generator: Generator, strength: Strength) -> Tensor:
    """Add white Gaussian noise at a signal-to-noise ratio taken window by window."""
    power = x.square().mean(dim=1, keepdim=True) / 10 ** (strength.snr / 10)
    return x + power.sqrt() * torch.randn(x.shape, generator=generator, device=x.device)


def scaling(x: Tensor, _generator: Generator, strength: Strength) -> Tensor:
    """Multiply by a constant."""
    return x * strength.scale


def negation(x: Tensor, _generator: Generator, _strength: Strength) -> Tensor:
    """Turn upside down."""
    return -x


def inversion(x: Tensor, _generator: Generator, _strength: Strength) -> Tensor:
    """Reverse in time."""
    return x.flip(1)


def permutation(x: Tensor, generator: Generator, strength: Strength) -> Tensor:
    """Cut into equal pieces (the first ones a sample longer where it does not divide) and shuffle them."""
    n, length = x.shape
    sizes = torch.tensor(_sizes(length, strength.pieces), device=x.device)
    starts = sizes.cumsum(0) - sizes
    order = torch.rand(n, strength.pieces, generator=generator, device=x.device).argsort(dim=1)
    ends = sizes[order].cumsum(dim=1)
    at = torch.arange(length, device=x.device).expand(n, -1).contiguous()
    piece = torch.searchsorted(ends, at, right=True)
    within = at - (ends - sizes[order]).gather(1, piece)
    return x.gather(1, starts[order].gather(1, piece) + within)


def time_warp(x: Tensor, generator: Generator, strength: Strength) -> Tensor:
    """Stretch a random half of the pieces (rounded up), squeeze the others, cut the length out at a random place."""
    n, length = x.shape
    sizes = torch.tensor(_sizes(length, strength.warp_pieces), device=x.device, dtype=x.dtype)
    order = torch.rand(n, strength.warp_pieces, generator=generator, device=x.device).argsort(dim=1)
    stretched = order < (strength.warp_pieces + 1) // 2
    pace = torch.where(stretched, 1 / strength.stretch, strength.stretch)  # source samples per output sample
    ends = (sizes / pace).cumsum(dim=1)  # of the pieces, in output samples
    room = ends[:, -1:] - length - strength.stretch  # so that the last sample still has a right neighbour
    t = torch.rand(n, 1, generator=generator, device=x.device) * room + torch.arange(length, device=x.device)
    piece = torch.searchsorted(ends, t, right=True)
    begun = (ends - sizes / pace).gather(1, piece)
    source = (sizes.cumsum(0) - sizes)[piece] + (t - begun) * pace.gather(1, piece)
    left = source.floor().clamp(0, length - 2)
    share = source - left
    at = left.long()
    return x.gather(1, at) * (1 - share) + x.gather(1, at + 1) * share


TRANSFORMS: Sequence[Callable[[Tensor, Generator, Strength], Tensor]] = (
    original,
    noise,
    scaling,
    negation,
    inversion,
    permutation,
    time_warp,
)


def versions(x: Tensor, generator: Generator, strength: Strength | None = None) -> tuple[Tensor, Tensor]:
    """All versions of windows (n, length), in the order of `TASKS`: (7 n, length), and their tasks (7 n,)."""
    made = [transform(x, generator, strength or Strength()) for transform in TRANSFORMS]
    tasks = torch.arange(len(TASKS), device=x.device).repeat_interleave(len(x))
    return torch.cat(made), tasks


def _sizes(length: int, pieces: int) -> list[int]:
    """Spread the remainder over the first pieces, so that no sample is lost."""
    return [length // pieces + (i < length % pieces) for i in range(pieces)]
