"""Learning rate, momentum, batch and seeds of a training step, as functions of its number.

A run that continues from a checkpoint needs no other state.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from math import cos, pi

import numpy as np
import numpy.typing as npt

from training.settings import PretextSettings

ADAM_BETAS = (0.9, 0.999)  # its defaults
RATE_DECAY = 0.9  # of the schedule ``steps``, the authors' code
RATE_DECAY_STEPS = 10_000
# One cycle (Smith & Topin 2019): the rate starts at 1/25 of its highest, which it reaches after 30 % of the steps, and
# ends at 1/25 of 1/10,000; the momentum mirrors it.
WARMUP_SHARE = 0.3
START_RATE_SHARE = 1 / 25
END_RATE_SHARE = 1 / 25 / 10_000
MAX_MOMENTUM = 0.95
MIN_MOMENTUM = 0.85


def derive_seed(*parts: int | str) -> int:
    """A seed of 64 bits that depends on all parts."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big")


def total_steps(windows: int, settings: PretextSettings) -> int:
    """Number of steps of a run, at least 1."""
    return max(1, round(settings.epochs * windows / settings.batch))


def batch_indices(step: int, windows: int, settings: PretextSettings) -> npt.NDArray[np.int64]:
    """Indices of the step's batch; every epoch has its own order, and drops an incomplete last batch."""
    epoch, at = divmod(step, windows // settings.batch)
    return _order(windows, derive_seed(settings.seed, "order", epoch))[at * settings.batch : (at + 1) * settings.batch]


def rate_and_momentum(step: int, steps: int, settings: PretextSettings) -> tuple[float, float]:
    """Learning rate and momentum (Adam's first beta) of a step."""
    if settings.schedule == "steps":
        return settings.rate * RATE_DECAY ** (step // RATE_DECAY_STEPS), ADAM_BETAS[0]
    top = WARMUP_SHARE * steps - 1
    if step <= top:
        up = step / top if top else 1.0
        return settings.rate * _cosine_between(START_RATE_SHARE, 1, up), _cosine_between(MAX_MOMENTUM, MIN_MOMENTUM, up)
    down = (step - top) / (steps - 1 - top)
    return settings.rate * _cosine_between(1, END_RATE_SHARE, down), _cosine_between(MIN_MOMENTUM, MAX_MOMENTUM, down)


def _cosine_between(first: float, last: float, share: float) -> float:
    """Half a cosine from ``first`` (share 0) to ``last`` (share 1)."""
    return last + (first - last) / 2 * (1 + cos(pi * share))


@lru_cache(maxsize=1)
def _order(windows: int, seed: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(windows)
