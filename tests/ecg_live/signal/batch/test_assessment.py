"""Beats and quality of many windows at once are those of each window, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.events import F64
from ecg_live.signal import beats, quality
from ecg_live.signal.batch import complexes
from ecg_live.signal.batch.assessment import EnvelopeMemory, assess_run, assess_windows
from ecg_live.signal.batch.rhythms import find_rhythms
from ecg_live.signal.beats import DETECTOR_WARMUP_SAMPLES
from ecg_live.signal.raw_quality import BlockQuality
from ecg_live.signal.segment import WindowCut
from tests.support.synthetic_signals import ecg

KINDS = ("clean", "noisy", "noise", "flat", "half flat", "irregular", "slow", "inverted", "spikes", "faint")


def signal(kind: str, seed: int, length: int) -> F64:
    rng = np.random.default_rng(seed)
    x = ecg(length / 256 + 1, 256.0)[rng.integers(0, 200) :][:length, 0]
    match kind:
        case "noisy":
            return np.asarray(x + rng.normal(size=length) * rng.uniform(0, 0.4))
        case "noise":
            return rng.normal(size=length)
        case "flat":
            return np.zeros(length)
        case "half flat":
            return np.where(np.arange(length) < length // 2, x, 0.0)
        case "irregular":
            at = np.sort(rng.integers(50, length - 50, 14))
            return np.asarray(
                np.convolve(np.isin(np.arange(length), at), np.hanning(9), "same") + rng.normal(size=length) / 50
            )
        case "slow":
            return np.interp(np.linspace(0, length / 2, length), np.arange(length), x)
        case "inverted":
            return -x
        case "spikes":
            x[rng.integers(0, length, 3)] += 8
        case "faint":
            return x * 1e-4
    return x


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 999)), min_size=1, max_size=40),
    st.sampled_from((0, 256, 512)),
)
def test_each_rhythm_is_that_of_the_window_alone(kinds: list[tuple[str, int]], warmup: int) -> None:
    x = [signal(kind, seed, WINDOW_SAMPLES + warmup) for kind, seed in kinds]
    drawn = complexes.pad_ends(x)
    for made, alone in zip(find_rhythms(drawn, complexes.envelopes(drawn), warmup), x, strict=True):
        expected = beats.find_rhythm(alone, warmup)
        assert made.beats.tobytes() == expected.beats.tobytes()
        assert made.peaks.tobytes() == expected.peaks.tobytes()
        for name in set(beats.Rhythm.__slots__) - {"beats", "peaks"}:
            assert getattr(made, name) == getattr(expected, name)


def cut(x: F64, first: int, blocks: tuple[BlockQuality, ...] = (BlockQuality(),) * 10) -> WindowCut:
    """Window of a signal on the 256 Hz grid; its baseline wanders."""
    wander = x[first : first + WINDOW_SAMPLES] + np.sin(np.arange(WINDOW_SAMPLES) / 300) * x[first] * 20
    warmup = min(first, DETECTOR_WARMUP_SAMPLES)
    searched = x[first - warmup : first + WINDOW_SAMPLES]
    return WindowCut(wander.astype(np.float32), wander, searched, blocks, first, first / 256, first / 256, 0, 0.0)


def test_each_window_is_graded_as_alone_however_many_there_are() -> None:
    kinds = [(kind, seed) for kind in KINDS for seed in range(7)]
    odd = (BlockQuality(flat=True), BlockQuality(railed=True), *(BlockQuality(),) * 8)
    cuts = [cut(signal(kind, seed, 3072), 512, odd if seed == 3 else (BlockQuality(),) * 10) for kind, seed in kinds]
    made = assess_windows(cuts, [EnvelopeMemory(256) for _ in cuts])
    for window, one in zip(made, cuts, strict=True):
        rhythm = beats.find_rhythm(one.searched, one.warmup)
        grade = quality.assess_window(one.blocks, one.baseline, one.filtered, rhythm, one.bridged)
        expected = one.window(rhythm, grade)
        assert window.quality == expected.quality
        assert (window.beats, window.heart_rate, window.rmssd) == (expected.beats, expected.heart_rate, expected.rmssd)
    assert {window.quality.grade for window in made} == {"good", "poor", "unusable"}


@pytest.mark.parametrize("hop", [256, 1024, 2560])
def test_what_windows_share_is_as_computed_anew(hop: int) -> None:
    x = signal("noisy", 5, 12_000)
    memory, used = EnvelopeMemory(hop), 0
    for first in range(0, len(x) - WINDOW_SAMPLES, hop):
        one = cut(x, first)
        used += memory.recall(one) is not None
        (window,) = assess_windows([one], [memory])
        (anew,) = assess_windows([one], [EnvelopeMemory(hop)])
        assert (window.beats, window.heart_rate, window.quality) == (anew.beats, anew.heart_rate, anew.quality)
    assert used >= 2


def test_an_envelope_of_another_segment_is_not_used() -> None:
    memory = EnvelopeMemory(256)
    one = cut(signal("clean", 1, 4096), 512)
    assess_windows([one], [memory])
    assert memory.recall(cut(signal("clean", 1, 4096), 1024)) is None
    assert memory.recall(cut(signal("clean", 1, 4096), 768)) is not None


@pytest.mark.parametrize(("hop", "begin"), [(256, 0), (256, 512), (128, 300), (2560, 512)])
def test_windows_of_a_run_are_those_that_come_one_by_one(hop: int, begin: int) -> None:
    x = np.concatenate([signal(kind, 3, 4000) for kind in ("clean", "noisy", "half flat", "irregular")])
    cuts = [cut(x, first) for first in range(begin, len(x) - WINDOW_SAMPLES, hop)]
    made = assess_run(cuts)
    assert len(made) == len(cuts)
    for window, one in zip(made, cuts, strict=True):
        rhythm = beats.find_rhythm(one.searched, one.warmup)
        grade = quality.assess_window(one.blocks, one.baseline, one.filtered, rhythm, one.bridged)
        expected = one.window(rhythm, grade)
        assert (window.beats, window.heart_rate, window.rmssd) == (expected.beats, expected.heart_rate, expected.rmssd)
        assert window.quality == expected.quality
