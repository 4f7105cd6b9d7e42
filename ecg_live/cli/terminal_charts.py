"""Charts of characters: a trace of braille dots, and probabilities as bars."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from ecg_live.events import F32

MAX_BAR_CHARACTERS = 20  # of a full probability bar
MIN_BAR_CHARACTERS = 4  # probabilities without room for it are numbers
DOTS_PER_ROW = 4  # of a braille character


def braille(x: F32, columns: int, rows: int) -> list[str]:
    """A signal as so many rows of braille dots, scaled to the range in view; blank where samples are missing."""
    dots = np.zeros((rows * DOTS_PER_ROW, columns * 2), dtype=bool)
    known = x[np.isfinite(x)]
    if len(known) and (high := float(known.max())) > (low := float(known.min())):
        edges = np.linspace(0, len(x), columns * 2 + 1).astype(int)
        for column, (start, stop) in enumerate(pairwise(edges.tolist())):
            piece = x[start : stop + 1]
            piece = piece[np.isfinite(piece)]
            if len(piece):
                top, bottom = (
                    round((high - float(v)) / (high - low) * (rows * DOTS_PER_ROW - 1))
                    for v in (piece.max(), piece.min())
                )
                dots[top : bottom + 1, column] = True
    weights = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # Unicode braille patterns
    cells = dots.reshape(rows, DOTS_PER_ROW, columns, 2)
    codes = (cells * weights[None, :, None, :]).sum(axis=(1, 3)) + 0x2800
    return ["".join(map(chr, row)) for row in codes]


def bars(probs: Mapping[str, float], room: int) -> str:
    """Probabilities in at most ``room`` characters: as bars if they fit, else as numbers with the likeliest first."""
    bar = (room + 2 - sum(len(label) + 8 for label in probs)) // len(probs)
    if bar >= MIN_BAR_CHARACTERS:
        bar = min(bar, MAX_BAR_CHARACTERS)
        return "  ".join(f"{label} {'█' * round(p * bar):<{bar}} {p:.2f}" for label, p in probs.items())
    likeliest = sorted(probs.items(), key=lambda each: -each[1])
    text = "  ".join(f"{label} {p:.2f}" for label, p in likeliest)
    return text if len(text) <= room else text[: max(0, room - 1)] + "…"
