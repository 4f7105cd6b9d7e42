"""Beats and quality of many windows at once: what a window costs most for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.events import F64
from ecg_live.results import Quality, Window
from ecg_live.signal import quality
from ecg_live.signal.batch.complexes import REACH, envelopes, envelopes_inside, pad_ends
from ecg_live.signal.batch.rhythms import find_rhythms
from ecg_live.signal.beats import DETECTOR_WARMUP_SAMPLES, Rhythm
from ecg_live.signal.qrs import PADDING_SAMPLES
from ecg_live.signal.quality import SignalIndices
from ecg_live.signal.segment import WindowCut

MAX_BATCH = 32  # windows: their arrays fit into a core's own cache


class EnvelopeMemory:
    """The part of a window's envelope that the wearer's next window shares, so that it is computed once.

    Parameters
    ----------
    hop : int
        Samples from one window to the next.
    """

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self._segment = -1
        self._next = -1  # first sample of the window that may use it
        self._values: F64 | None = None

    def __getstate__(self) -> dict[str, int]:
        """What a stored state needs: without the values the next window computes its own, the same to the bit."""
        return {"hop": self._hop}

    def __setstate__(self, state: dict[str, int]) -> None:
        """Begin with nothing remembered."""
        self._hop, self._segment, self._next, self._values = state["hop"], -1, -1, None

    def recall(self, cut: WindowCut) -> F64 | None:
        """Values from a window's sample `REACH` on, if the window before it was remembered."""
        return self._values if (cut.segment, cut.first) == (self._segment, self._next) else None

    def remember(self, cut: WindowCut, envelope: F64) -> None:
        """Remember a window's envelope (n,); not while windows still grow into their warm-up."""
        full = cut.warmup == DETECTOR_WARMUP_SAMPLES and self._hop < len(envelope) - 4 * REACH
        self._values = envelope[REACH + self._hop : -REACH].copy() if full else None
        self._segment, self._next = cut.segment, cut.first + self._hop


class RunEnvelope:
    """What consecutive windows of one segment have of their envelopes in common, computed once for all of them.

    Parameters
    ----------
    cuts : sequence of WindowCut
        All with the whole warm-up, in order, each beginning before the one before it ends.
    """

    def __init__(self, cuts: Sequence[WindowCut]) -> None:
        self._origin = cuts[0].first
        news = [cut.searched[-(cut.first - before.first) :] for before, cut in pairwise(cuts)]
        self._values = envelopes_inside(np.concatenate([cuts[0].searched, *news]))

    def recall(self, cut: WindowCut) -> F64 | None:
        """Values of a window from its sample `REACH` on."""
        begin = cut.first - self._origin
        return self._values[begin : begin + len(cut.searched) - 2 * REACH]

    def remember(self, cut: WindowCut, envelope: F64) -> None:
        """Nothing: it is known before."""


def assess_run(cuts: Sequence[WindowCut]) -> list[Window]:
    """Windows of one segment, in order, with their beats and quality: each to the bit what it is alone."""
    growing = sum(cut.warmup < DETECTOR_WARMUP_SAMPLES for cut in cuts)  # the first ones of a segment
    memories: list[EnvelopeMemory | RunEnvelope] = [EnvelopeMemory(0) for _ in cuts[:growing]]
    for begin in range(growing, len(cuts), MAX_BATCH):
        part = cuts[begin : begin + MAX_BATCH]
        shared = RunEnvelope(part)
        memories += [shared] * len(part)
    return assess_windows(cuts, memories)


def assess_windows(cuts: Sequence[WindowCut], memories: Sequence[EnvelopeMemory | RunEnvelope]) -> list[Window]:
    """Windows with their beats and quality; ``memories`` are their wearers'."""
    out: dict[int, Window] = {}
    groups: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
    for k, (cut, memory) in enumerate(zip(cuts, memories, strict=True)):
        groups[len(cut.searched), memory.recall(cut) is not None].append(k)
    for group in groups.values():
        for at in range(0, len(group), MAX_BATCH):
            part = group[at : at + MAX_BATCH]
            out.update(zip(part, _assess_alike([cuts[k] for k in part], [memories[k] for k in part]), strict=True))
    return [out[k] for k in range(len(cuts))]


def _assess_alike(cuts: list[WindowCut], memories: Sequence[EnvelopeMemory | RunEnvelope]) -> list[Window]:
    """Windows of one length, all with a known envelope or all without."""
    drawn = pad_ends([cut.searched for cut in cuts])
    envelope = envelopes(drawn, [memory.recall(cut) for cut, memory in zip(cuts, memories, strict=True)])
    for cut, memory, row in zip(cuts, memories, envelope, strict=True):
        memory.remember(cut, row)
    rhythms = find_rhythms(drawn, envelope, cuts[0].warmup)
    begin = PADDING_SAMPLES + cuts[0].warmup
    grades = _qualities(cuts, drawn[:, begin : begin + WINDOW_SAMPLES], rhythms)
    return [cut.window(rhythm, grade) for cut, rhythm, grade in zip(cuts, rhythms, grades, strict=True)]


def _qualities(cuts: list[WindowCut], filtered: F64, rhythms: list[Rhythm]) -> list[Quality]:
    """As `quality.assess_window`, window by window."""
    found = [quality.unusable_quality(cut.blocks, rhythm) for cut, rhythm in zip(cuts, rhythms, strict=True)]
    left = [k for k, verdict in enumerate(found) if verdict is None]
    if not left:
        return [verdict for verdict in found if verdict is not None]
    whole = np.ascontiguousarray(filtered[left])
    indices = dict(zip(left, _signal_indices(whole, np.stack([cuts[k].baseline for k in left])), strict=True))
    return [
        quality.usable_quality(cuts[k].blocks, rhythms[k], cuts[k].bridged, indices[k]) if verdict is None else verdict
        for k, verdict in enumerate(found)
    ]


def _signal_indices(filtered: F64, baseline: F64) -> list[SignalIndices]:
    squares = (filtered - filtered.mean(axis=1)[:, None]) ** 2
    kurtosis = (squares * squares).mean(axis=1) / squares.mean(axis=1) ** 2
    qrs = _power_shares(filtered, quality.QRS_BAND_HZ, quality.QRS_REFERENCE_BAND_HZ)
    level = baseline - baseline.mean(axis=1)[:, None]
    wander = _power_shares(level, quality.BASELINE_BAND_HZ, quality.BASELINE_REFERENCE_BAND_HZ)
    return [SignalIndices(*each) for each in zip(kurtosis.tolist(), qrs, wander, strict=True)]


def _power_shares(x: F64, part: tuple[float, float], whole: tuple[float, float]) -> list[float]:
    """As `quality.power_share`, of each row (b, n)."""
    inner, outer = (quality.band(x.shape[1], *edges) for edges in (part, whole))
    power = np.abs(np.fft.rfft(x, axis=1)[:, outer]) ** 2
    within = np.add.reduce(power[:, inner.start - outer.start : inner.stop - outer.start], axis=1)
    about = np.add.reduce(power, axis=1)
    return np.divide(within, about, out=np.zeros(len(x)), where=about > 0).tolist()  # type: ignore[no-any-return]
