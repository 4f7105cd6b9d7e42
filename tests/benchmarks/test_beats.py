"""Heart rate on everything with beats that there is, and on what has none; the table is printed with ``-s``.

The reference are two independent detectors, wfdb's XQRS and sleepecg's Pan-Tompkins, in windows in which they agree on
every beat; a rate is close within 5 bpm of that of their beats. Recordings are split by a digest of their name: bounds
in ecg_live.signal were chosen on the tuning half (see there). The short form runs always, on a minute of some
recordings; the long one, on all windows, with ``pytest -m soak tests/benchmarks/test_beats.py -s``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly
from sleepecg.heartbeats import detect_heartbeats
from wfdb.processing import XQRS

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64, Chunk, StreamInfo
from ecg_live.results import Window
from ecg_live.signal.beats import rr_statistics
from ecg_live.signal.pipeline import SignalPath
from tests.support.signals_without_ecg import KINDS, without_its_phases
from tests.support.synthetic_signals import play

SETS = {"eegmat": "*.edf", "drivedb": "*.hea", "flightcrews": "*.edf", "cinc2017": "*.hea"}
SOME = {"eegmat": 12, "drivedb": 2, "flightcrews": 30, "cinc2017": 240}  # of the short form, every so manieth
HOP = 10.0
SAME = 0.08  # s between two detectors' times of a beat: they mark different parts of it
INSIDE = 0.15  # s from a window's ends: a beat there may be missed
CLOSE = 5.0  # bpm
NO_HEART = ("no plausible heartbeat",)  # other reasons are the electrodes'


@dataclass
class Tally:
    windows: int = 0
    agreed: int = 0  # windows on whose every beat the reference detectors agree
    answered: int = 0  # of those, with a heart rate
    close: int = 0  # of those, within 5 bpm
    turned: int = 0  # windows, among all, with the same beats and heart rate when the electrodes are the wrong way up

    def __str__(self) -> str:
        answered, close = self.answered / max(1, self.agreed), self.close / max(1, self.answered)
        return (
            f"{self.windows:6} windows, {self.agreed:6} agreed on: answered {answered:7.2%}, "
            f"within 5 bpm {close:7.2%}; the same upside down {self.turned / max(1, self.windows):7.2%}"
        )


def part(name: str) -> str:
    return "checking" if hashlib.sha256(name.encode()).digest()[0] % 2 else "tuning"


def samples(path: Path, seconds: float) -> tuple[F64, StreamInfo]:
    """The ECG (n, 1) of a recording's beginning, up to its first hole."""
    parts: list[F64] = []
    taken = 0
    with closing(open_recording(path, ReadOptions())) as recording:
        info = StreamInfo(recording.info.rate, ("ECG",), recording.info.full_scale)
        for item in recording.chunks(round(10 * info.rate)):
            if not isinstance(item, Chunk) or item.start != taken or taken >= seconds * info.rate:
                break
            parts.append(item.samples[:, recording.info.ecg, None])
            taken = item.stop
    whole = np.concatenate(parts)
    return whole[np.cumprod(np.isfinite(whole[:, 0])) == 1], info


def turned_over(info: StreamInfo) -> StreamInfo:
    low, high = info.full_scale or (-np.inf, np.inf)
    return replace(info, full_scale=info.full_scale and (-high, -low))


def windows(x: F64, info: StreamInfo) -> list[Window]:
    return play(SignalPath(info, HOP), [Chunk(x, 0, 0.0)]).windows


def reference(x: F64, rate: float) -> tuple[F64, F64]:
    xqrs = XQRS(sig=x, fs=rate)
    xqrs.detect(verbose=False)
    return np.asarray(xqrs.qrs_inds) / rate, detect_heartbeats(x, rate) / rate


def rate_agreed_on(window: Window, found: tuple[F64, F64]) -> float | None:
    """Heart rate of the beats in a window, None unless each that one detector found the other found as well."""
    own = [beats[(beats >= window.start) & (beats < window.stop)] for beats in found]
    for one, other in (own, own[::-1]):
        surely = one[(one > window.start + INSIDE) & (one < window.stop - INSIDE)]
        if len(surely) < 4 or not len(other) or np.abs(surely[:, None] - other).min(axis=1).max() > SAME:
            return None
    return rr_statistics(np.diff(own[1]))[0]


def measure(name: str, paths: Iterable[Path], seconds: float, tallies: dict[tuple[str, str], Tally]) -> None:
    for path in paths:
        x, info = samples(path, seconds)
        if len(x) < 11 * info.rate:
            continue
        tally, found = tallies[part(path.stem), name], reference(x[:, 0], info.rate)
        for window, turned in zip(windows(x, info), windows(-x, turned_over(info)), strict=True):
            tally.windows += 1
            tally.turned += (window.beats, window.heart_rate) == (turned.beats, turned.heart_rate)
            rate = rate_agreed_on(window, found)
            if rate is not None and (window.quality.grade != "unusable" or window.quality.reasons == NO_HEART):
                tally.agreed += 1
                if window.heart_rate is not None:
                    tally.answered += 1
                    tally.close += abs(window.heart_rate - rate) <= CLOSE


def shown(tallies: dict[tuple[str, str], Tally]) -> Tally:
    total = Tally()
    for (half, name), tally in sorted(tallies.items()):
        print(f"\n{half:8} {name:11} {tally}", end="")
        for field, count in asdict(tally).items():
            setattr(total, field, getattr(total, field) + count)
    print(f"\nall {'':16} {total}")
    return total


def no_ecg(seeds: range, seconds: int, real: Iterable[Path]) -> Iterator[tuple[str, F64]]:
    for kind, made in KINDS.items():
        for seed in seeds:
            yield kind, made(np.random.default_rng([seed, *kind.encode()]), seconds * MODEL_RATE_HZ)
    for path in real:
        x, info = samples(path, seconds)
        ratio = Fraction(MODEL_RATE_HZ / info.rate).limit_denominator(1000)
        yield (
            "ECG's spectrum",
            without_its_phases(
                resample_poly(x[:, 0] - np.median(x), ratio.numerator, ratio.denominator), np.random.default_rng(0)
            ),
        )


def answers(signals: Iterable[tuple[str, F64]]) -> tuple[dict[str, int], dict[str, int]]:
    """Windows, and windows that are given for an ECG, of each kind."""
    seen: dict[str, int] = defaultdict(int)
    given: dict[str, int] = defaultdict(int)
    for kind, x in signals:
        for window in windows(x[:, None], StreamInfo(float(MODEL_RATE_HZ), ("ECG",))):
            seen[kind] += 1
            given[kind] += window.quality.grade != "unusable" or window.heart_rate is not None
    for kind, count in seen.items():
        print(f"\n{kind:18} {count:6} windows without a heart, {given[kind]} answered", end="")
    print()
    return seen, given


def test_heart_rates_of_a_minute_of_some_recordings(shared_data: Path) -> None:
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for name, pattern in SETS.items():
        measure(name, sorted((shared_data / name).glob(pattern))[:: SOME[name]], 60.0, tallies)
    total = shown(tallies)
    assert total.agreed >= 50
    assert total.answered >= 0.97 * total.agreed
    assert total.close >= 0.995 * total.answered
    assert total.turned == total.windows


def test_no_answer_where_there_is_no_heart() -> None:
    seen, given = answers(no_ecg(range(2), 40, ()))
    assert min(seen.values()) == 8
    assert not any(given.values())


@pytest.mark.soak
def test_heart_rates_of_all_recordings(shared_data: Path) -> None:
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for name, pattern in SETS.items():
        measure(name, sorted((shared_data / name).glob(pattern)), np.inf, tallies)
    shown(tallies)
    for tally in tallies.values():
        assert tally.answered >= 0.97 * tally.agreed
        assert tally.close >= 0.995 * tally.answered
        assert tally.turned == tally.windows


@pytest.mark.soak
def test_no_answer_where_there_is_no_heart_at_length(shared_data: Path) -> None:
    real = [path for name in ("eegmat", "flightcrews") for path in sorted((shared_data / name).glob("*.edf"))]
    seen, given = answers(no_ecg(range(100), 60, real))
    assert sum(seen.values()) > 7000
    assert not any(given.values())
