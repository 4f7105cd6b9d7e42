"""Notice one subject's recording under two names though no sample is equal: resaved, cut, rescaled or resampled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from ecg_live.constants import WINDOW_SAMPLES
from training.data.corpus import Corpus
from training.results import ScoreCheck

COPY_CORRELATION = 0.95  # of 5 s of ECG; two subjects of eegmat reach .79, a copy with noise 10 dB below it .95
REDUCTION = 4  # samples that are averaged: 64 Hz hold all that tells one ECG from another
TEMPLATE = WINDOW_SAMPLES // REDUCTION // 2  # half a window: however a copy was cut, one half lies within one window
MAX_TEMPLATES = 8  # for each subject
MAX_PAIRS = 400_000  # of a template and a window, some 10 microseconds each
F32 = npt.NDArray[np.float32]


class Likeness(NamedTuple):
    """Two subjects, and the correlation that half of one's templates reach somewhere in the other's signal."""

    first: str
    second: str
    correlation: float


def check_copies(corpus: Corpus) -> ScoreCheck:
    """State how alike the most alike two subjects are; it fails where they can only be one."""
    found = likest_subjects(corpus)
    if found is None:
        return ScoreCheck("copied subjects", "one subject only: there is none to compare with", passed=True)
    alike = f"subjects {found.first} and {found.second}, correlation {found.correlation:.3f}"
    if found.correlation < COPY_CORRELATION:
        return ScoreCheck(
            "copied subjects", f"no subject has another's signal; the most alike are {alike}", passed=True
        )
    text = f"{alike}: the same signal under two names, so that scores are of subjects that the heads have learnt from"
    return ScoreCheck("copied subjects", text, passed=False)


def likest_subjects(corpus: Corpus) -> Likeness | None:
    """The two subjects whose signals are most alike; None with fewer than two.

    Some 5 s of each subject are sought at all lags in all windows of the others. The median over them counts, so that
    one accidental likeness does not.
    """
    subject = corpus.subjects
    names = np.unique(subject)
    if len(names) < 2:
        return None
    windows = _reduced(corpus)
    spectra, level = rfft(windows, _fft_size(), axis=1), _sliding_norm(windows)
    best = Likeness(str(names[0]), str(names[1]), -1.0)
    for name in names.tolist():
        chosen = _templates(windows[subject == name], _template_count(len(windows), len(names)))
        peaks = np.stack([_peaks(each, spectra, level) for each in chosen])  # (templates, windows)
        for other in names[names != name].tolist():
            correlation = float(np.median(peaks[:, subject == other].max(axis=1)))
            if correlation > best.correlation:
                first, second = sorted((name, other))
                best = Likeness(first, second, correlation)
    return best


def _reduced(corpus: Corpus) -> F32:
    """Windows (n, 640) at 64 Hz."""
    shape = (-1, WINDOW_SAMPLES // REDUCTION, REDUCTION)
    reduced: F32 = np.asarray(corpus.windows).reshape(shape).mean(axis=2, dtype=np.float32)
    return reduced


def _template_count(windows: int, subjects: int) -> int:
    """How many windows of each subject give templates, two each."""
    return int(np.clip(MAX_PAIRS // (windows * subjects * 2), 1, MAX_TEMPLATES // 2))


def _templates(own: F32, count: int) -> list[F32]:
    """Both halves of some windows, evenly chosen, of mean 0 and norm 1."""
    at = np.unique(np.linspace(0, len(own) - 1, count + 2).round().astype(int)[1:-1])
    halves = [half for row in own[at] for half in (row[:TEMPLATE], row[TEMPLATE:])]
    centred = [half - half.mean() for half in halves]
    return [each / max(float(np.linalg.norm(each)), 1e-6) for each in centred]


def _fft_size() -> int:
    return int(next_fast_len(WINDOW_SAMPLES // REDUCTION, real=True))


def _sliding_norm(windows: F32) -> F32:
    """Norm about the mean of every stretch (n, lags) as long as a template."""
    padded = np.pad(windows.astype(np.float64), ((0, 0), (1, 0)))
    total, squares = np.cumsum(padded, axis=1), np.cumsum(padded**2, axis=1)
    mean = (total[:, TEMPLATE:] - total[:, :-TEMPLATE]) / TEMPLATE
    power = squares[:, TEMPLATE:] - squares[:, :-TEMPLATE] - TEMPLATE * mean**2
    return np.sqrt(np.maximum(power, 1e-6)).astype(np.float32)


def _peaks(template: F32, spectra: npt.NDArray[np.complex64], level: F32) -> F32:
    """Largest correlation (n,) of a template with each window, at the lags at which it lies within it."""
    product = irfft(spectra * rfft(template, _fft_size()).conj(), _fft_size(), axis=1)
    return np.asarray((product[:, : level.shape[1]] / level).max(axis=1))
