"""One subject's recording under two names is noticed though no sample is equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.events import F64
from tests.support.small_datasets import corpus
from training.data.corpus import Corpus
from training.data.near_copies import COPY_CORRELATION, check_copies, likest_subjects

SUBJECTS, SECONDS = 6, 60
INF = float("inf")


def signal(seed: int) -> F64:
    """A minute of one heart: beats at intervals of its own, of a shape of its own, at 256 Hz."""
    rng = np.random.default_rng(seed)
    beats = np.cumsum(rng.normal(0.8, 0.05, 2 * SECONDS))
    t = np.arange(SECONDS * 256) / 256
    width, height = rng.uniform(0.02, 0.04), rng.uniform(0.2, 0.4)
    near = t - beats[np.minimum(np.searchsorted(beats, t - 0.4), len(beats) - 1)]
    return np.asarray(np.exp(-((near / width) ** 2)) + height * np.exp(-(((near - 0.25) / 0.06) ** 2)))


def windows_of(*signals: F64) -> Corpus:
    """A corpus of these subjects, six windows each."""
    made = corpus([[10.0] + [INF] * 5] * len(signals))
    return replace(made, windows=np.concatenate([each.reshape(-1, 2560) for each in signals]).astype(np.float32))


def copy(kind: str) -> F64:
    """The signal of subject 2, as it would come out of another file."""
    own = signal(2)
    rng = np.random.default_rng(9)
    made: dict[str, F64] = {
        "rescaled": 1.7 * own + 0.2,
        "12 bits": np.round(own * 60) / 60,
        "noise 15 dB below": own + own.std() * 10 ** (-15 / 20) * rng.standard_normal(len(own)),
        "cut by 3.7 s": np.roll(own, -947),
        "resampled": np.interp(np.arange(len(own)), np.arange(0, len(own), 2), own[::2]),
    }
    return made[kind]


@pytest.mark.parametrize("kind", ["rescaled", "12 bits", "noise 15 dB below", "cut by 3.7 s", "resampled"])
def test_a_copy_is_noticed_with_both_names(kind: str) -> None:
    others = [signal(i) for i in range(SUBJECTS)]
    check = check_copies(windows_of(*others, copy(kind)))
    assert not check.passed
    assert check.text.startswith("subjects p2 and p6, correlation ")
    assert "the same signal under two names" in check.text


def test_hearts_that_are_alike_are_no_copies() -> None:
    check = check_copies(windows_of(*[signal(i) for i in range(SUBJECTS)]))
    assert check.passed
    assert "the most alike are subjects" in check.text
    found = likest_subjects(windows_of(*[signal(i) for i in range(SUBJECTS)]))
    assert found is not None
    assert 0 < found.correlation < COPY_CORRELATION - 0.05


def test_one_subject_has_nobody_to_be_a_copy_of() -> None:
    assert likest_subjects(windows_of(signal(0))) is None
    assert check_copies(windows_of(signal(0))).passed


def test_flat_windows_are_no_copies_of_each_other() -> None:
    flat = np.zeros(SECONDS * 256)
    assert check_copies(windows_of(flat, flat, signal(1))).passed
