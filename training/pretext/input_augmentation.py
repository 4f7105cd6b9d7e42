"""Random changes of a window before the pretext task, as a wearer in daily life makes them: every version shares them.

Not to be confused with the transformations (`training.pretext.transforms`), which the task recognises: what happens
here happens to the original, too, and tells nothing apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.constants import MODEL_RATE_HZ
from training.settings import AugmentSettings

MOTION_KNOT_S = 0.2  # motion is drawn so often and interpolated: up to 2.5 Hz, of which the high-pass leaves most
MIN_MOTION_S, MAX_MOTION_S = 1.0, 5.0  # how long a movement lasts


@dataclass(frozen=True, slots=True)
class AugmentDraws:
    """The random draws for n windows, one row each.

    ``noise`` (n, length) and ``motion`` (n, knots) are standard normal; ``uniform`` (n, 5) are numbers in [0, 1) that
    decide how much noise, motion, resampling and scale, and when the movement begins.
    """

    noise: Tensor
    motion: Tensor
    uniform: Tensor

    def __getitem__(self, rows: slice) -> AugmentDraws:
        """Draws of some windows."""
        return AugmentDraws(self.noise[rows], self.motion[rows], self.uniform[rows])


def draw_augmentation(n: int, length: int, generator: Generator) -> AugmentDraws:
    """Random draws for n windows, on the generator's device; the same for any settings."""
    device, knots = generator.device, 2 + math.ceil(length / (MOTION_KNOT_S * MODEL_RATE_HZ))
    return AugmentDraws(
        noise=torch.randn(n, length, generator=generator, device=device),
        motion=torch.randn(n, knots, generator=generator, device=device),
        uniform=torch.rand(n, 5, generator=generator, device=device),
    )


def augment_input(x: Tensor, draws: AugmentDraws, settings: AugmentSettings) -> Tensor:
    """Windows (n, length), each resampled, moved, noised and scaled by a random amount up to the settings'."""
    amount = draws.uniform.T[:4, :, None]
    deviation = x.std(dim=1, keepdim=True)
    if settings.resample:
        x = _resampled(x, 1 + settings.resample * (2 * amount[2] - 1))
    if settings.motion:
        x = x + settings.motion * amount[1] * deviation * _movement(draws, x.shape[1])
    if settings.noise:
        x = x + settings.noise * amount[0] * deviation * draws.noise
    if settings.scale:
        x = x * (1 + settings.scale) ** (2 * amount[3] - 1)
    return x


def _resampled(x: Tensor, pace: Tensor) -> Tensor:
    """Windows read at another pace (n, 1) around their middle; what lies beyond an end is mirrored there."""
    last = x.shape[1] - 1
    at = last / 2 + (torch.arange(x.shape[1], device=x.device) - last / 2) * pace
    at = last - (last - at.abs()).abs()  # mirrored at both ends
    left = at.floor().clamp(0, last - 1)
    share = at - left
    index = left.long()
    return x.gather(1, index) * (1 - share) + x.gather(1, index + 1) * share


def _movement(draws: AugmentDraws, length: int) -> Tensor:
    """A slow disturbance (n, length) for a random stretch of each window, faded in and out."""
    slow = F.interpolate(draws.motion[:, None], size=length, mode="linear", align_corners=True)[:, 0]
    longest = MIN_MOTION_S + (MAX_MOTION_S - MIN_MOTION_S) * draws.uniform[:, 1:2]
    span = longest * MODEL_RATE_HZ
    begin = draws.uniform[:, 4:] * (length - span).clamp(min=0)
    phase = ((torch.arange(length, device=slow.device) - begin) / span).clamp(0, 1)
    return slow * (math.pi * phase).sin()
