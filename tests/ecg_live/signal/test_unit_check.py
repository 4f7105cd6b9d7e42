"""A unit that nobody stated: said once where mV cannot be, with the likely one."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.events import F64, Chunk, State, StreamInfo
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.unit_check import UnitCheck

RATE = 250.0
INFO = StreamInfo(RATE, ("ECG",), unit_assumed=True)


def ecg(seconds: float = 20.0) -> F64:
    """R waves of 1 mV, 75 a minute, over some noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    beats = np.exp(-0.5 * (((t + 0.4) % 0.8 - 0.4) / 0.01) ** 2)
    return np.asarray(beats + np.random.default_rng(0).normal(0, 0.005, len(t)))


def said(samples: F64, info: StreamInfo = INFO, size: int = 100) -> list[str]:
    path, found = SignalPath(info), []
    for at in range(0, len(samples), size):
        found += [*path.push(Chunk(samples[at : at + size, None], at, 7 + at / RATE))]
    found += [*path.flush()]
    return [item.detail for item in found if isinstance(item, State) and item.state == "warning"]


@pytest.mark.parametrize(
    ("factor", "likely"), [(1e3, "--unit uV"), (1e-3, "--unit V"), (1e6, "--unit nV"), (2e8, "give --unit")]
)
def test_the_likely_unit_is_said_once(factor: float, likely: str) -> None:
    (text,) = said(ecg() * factor)
    assert likely in text
    assert "no ECG does" in text


def test_counts_of_a_converter_are_distinguished_from_microvolts() -> None:
    (text,) = said(np.rint(ecg() * 250 + 2048))
    assert "counts" in text
    assert "--unit" in text


@pytest.mark.parametrize("scale", [0.15, 1.0, 4.0])
@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_millivolts_are_taken_for_what_they_are(scale: float, offset: float) -> None:
    assert said(ecg() * scale + offset) == []


def test_a_unit_that_was_stated_is_believed() -> None:
    assert said(ecg() * 1000, StreamInfo(RATE, ("ECG",))) == []


def test_an_artefact_a_flat_start_and_missing_samples_do_not_mislead() -> None:
    samples = np.concatenate((np.zeros(2500), ecg()))
    samples[3000:3010] = 400.0
    samples[3600:3700] = np.nan
    assert said(samples) == []
    assert len(said(samples * 1000)) == 1


def test_a_short_recording_is_judged_at_its_end() -> None:
    assert len(said(ecg(3) * 1000)) == 1
    assert said(ecg(0.5) * 1000) == []


def test_what_is_said_does_not_depend_on_the_cutting() -> None:
    def states(size: int) -> list[State]:
        watch, samples = UnitCheck(INFO), ecg() * 1000
        return [s for at in range(0, len(samples), size) for s in watch.push(samples[at : at + size], 7 + at / RATE)]

    assert states(1) == states(333) == states(5000)
