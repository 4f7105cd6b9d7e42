"""From our windows to what an imported encoder takes: another rate, its own length, its own scale."""

from __future__ import annotations

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F32, F64, Chunk
from ecg_live.model.imported.card import ImportedCard
from ecg_live.signal.resample import Resampler

MIN_DEVIATION = 1e-6  # of the wearer's own deviation: a window without any more is flat
MAD_TO_SD = 1.4826  # of a normal distribution: 1 / its third quartile


def make_input(window: F32, card: ImportedCard) -> F32:
    """What an encoder takes (samples,) of a window (2560,): its last part, resampled and scaled.

    It depends on the window alone, so that it is the same to the bit live and in training.
    """
    x = window.astype(np.float64)
    if card.rate != MODEL_RATE_HZ:
        resampler = Resampler(MODEL_RATE_HZ, to=card.rate)
        parts = resampler.push(Chunk(x[:, None], 0, 0.0)), resampler.flush()
        x = np.concatenate([part.samples[:, 0] for part in parts])
    return np.asarray(_scaled(x[-card.samples :], card), np.float32)


def _scaled(x: F64, card: ImportedCard) -> F64:
    if card.scale == "none":
        return x
    if card.scale == "zscore":
        middle, spread = x.mean(), x.std()
    else:
        middle = np.median(x)
        spread = MAD_TO_SD * np.median(np.abs(x - middle))
    return np.asarray((x - middle) / max(float(spread), MIN_DEVIATION))
