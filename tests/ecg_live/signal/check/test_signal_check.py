"""The signal check: each fault is found, a good signal is none, and cutting changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.events import F64, Chunk, Gap, LeadOff
from ecg_live.preview_items import FaultKind, SignalVerdict
from ecg_live.signal.check.signal_check import JUDGED_S
from tests.support.check_signals import (
    LIVE,
    MADE_FAULTS,
    RATE,
    chunks,
    clean_ecg,
    kinds,
    trace,
    verdicts,
    with_hum,
)

REAL = ("eegmat/Subject05_1.edf", "eegmat/Subject21_1.edf", "opensignals/supine_1min.txt", "flightcrews/P05Sc1.edf")


def test_ten_seconds_of_a_good_signal_are_a_go() -> None:
    found = verdicts(chunks(clean_ecg(12.2)))
    assert [verdict.good for verdict in found] == [*range(1, 11), 10, 10]
    assert [verdict.go for verdict in found] == [False] * 9 + [True] * 3
    assert found[-1].heart_rate == pytest.approx(72, abs=1)
    assert found[-1].amplitude == pytest.approx(1.4, abs=0.2)
    assert found[-1].rate == pytest.approx(RATE)


@pytest.mark.parametrize("kind", MADE_FAULTS)
def test_each_fault_is_found_and_holds_up_the_go(kind: FaultKind) -> None:
    found = verdicts(chunks(MADE_FAULTS[kind](clean_ecg(20.2), RATE)))
    late = found[JUDGED_S:]
    assert all(kind in kinds(verdict) for verdict in late)
    assert not any(verdict.go for verdict in late)


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_hum_is_measured_with_its_frequency(mains: float) -> None:
    (fault,) = verdicts(chunks(with_hum(clean_ecg(8), peak_to_peak=0.5, mains=mains)))[-2].faults
    assert (fault.kind, fault.mains) == ("hum", mains)
    assert fault.value == pytest.approx(0.5, rel=0.05)


def test_a_fault_that_is_mended_is_gone_after_the_judged_seconds_and_counts_from_then_on() -> None:
    x = clean_ecg(30.2)
    x[: round(10 * RATE)] = with_hum(x[: round(10 * RATE)])
    found = verdicts(chunks(x))
    assert kinds(found[9]) == {"hum"}
    assert not any(verdict.go for verdict in found[:18])  # its last second is at the edge of what is judged
    assert found[20].go


def test_an_electrode_that_is_off_is_named() -> None:
    items = chunks(clean_ecg(20.2))
    items.insert(100, LeadOff(2500, off=True, electrodes=("LA",)))
    items.insert(140, LeadOff(3500, off=False))
    found = verdicts(items)
    off = [verdict for verdict in found if kinds(verdict) == {"electrode_off"}]
    assert off[0].faults[0].electrodes == ("LA",)
    assert off[0].seconds == 11
    assert not found[-1].go


@pytest.mark.parametrize("lost", [3, 100], ids=["bridged", "unbridged"])
def test_losses_are_counted_over_ten_seconds(lost: int) -> None:
    items: list[Chunk | Gap] = []
    start, x = 0, clean_ecg(60)
    for _ in range(40):
        items.append(Chunk(x[start : start + 125, None], start, 100 + start / RATE))
        start += 125
        items.append(Gap(start, lost, "lost by radio"))
        start += lost
    late = verdicts(items)[8:]
    assert all("losses" in kinds(verdict) for verdict in late)
    if lost < 10:
        assert late[-1].faults[0].value == pytest.approx(lost / (125 + lost), abs=0.004)


def test_a_stream_that_comes_at_another_rate_than_it_states_is_found_out() -> None:
    items = [replace(one, time=100 + one.start / 240.0) for one in chunks(clean_ecg(12)) if isinstance(one, Chunk)]
    late = verdicts(items)[-1]
    (fault,) = late.faults
    assert (fault.kind, fault.limit) == ("rate", RATE)
    assert fault.value == pytest.approx(240, rel=0.005)
    assert verdicts(items, replace(LIVE, replay=True))[-1].go  # a file's times follow from its rate


@pytest.mark.parametrize("kind", [None, "hum", "step"])
@pytest.mark.parametrize("length", [3, 250, 3333, 10_000])
def test_cutting_the_input_changes_nothing(length: int, kind: FaultKind | None) -> None:
    x = clean_ecg(13)
    x = MADE_FAULTS[kind](x, RATE) if kind else x
    reference, found = verdicts(chunks(x, 25)), verdicts(chunks(x, length))
    assert [unrated(verdict) for verdict in found] == [unrated(verdict) for verdict in reference]
    rates, wanted = ([verdict.rate or 0.0 for verdict in each] for each in (found, reference))
    assert rates == pytest.approx(wanted, rel=1e-9)
    assert np.array_equal(trace(chunks(x, length)), trace(chunks(x, 25)))


def unrated(verdict: SignalVerdict) -> SignalVerdict:
    """Times of samples are rounded otherwise in another chunk."""
    return replace(verdict, rate=None)


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_samples_without_a_unit_that_are_not_mv_are_one_fault(factor: float) -> None:
    x = clean_ecg(12) * factor
    late = verdicts(chunks(x), replace(LIVE, unit_assumed=True))[JUDGED_S:]
    assert all(kinds(verdict) == {"unit"} for verdict in late)
    assert late[-1].faults[0].value == pytest.approx(1.5 * factor, rel=0.2)
    assert verdicts(chunks(clean_ecg(12)), replace(LIVE, unit_assumed=True))[-1].go


def test_a_wide_stream_is_checked_on_its_ecg_channel() -> None:
    wide = np.random.default_rng(0).normal(0, 5, (round(12 * RATE), 64))
    wide[:, 40] = clean_ecg(12)
    info = replace(LIVE, channels=tuple(f"channel {number}" for number in range(64)), ecg=40)
    found = verdicts([Chunk(wide, 0, 100.0)], info)
    assert found[10].go


@pytest.fixture(scope="module")
def recordings(shared_data: Path) -> dict[str, tuple[F64, float]]:
    """The first 20 s of real recordings: samples (n,) in mV, and rate."""
    found = {}
    for name in REAL:
        recording = open_recording(shared_data / name, ReadOptions())
        rate, ecg = recording.info.rate, recording.info.ecg
        runs = (item for item in recording.chunks(round(rate)) if isinstance(item, Chunk))
        found[name] = np.concatenate([run.samples[:, ecg] for run in islice(runs, 20)]), rate
        recording.close()
    return found


@pytest.mark.parametrize("name", REAL)
def test_real_recordings_are_good_until_a_fault_is_made(name: str, recordings: dict[str, tuple[F64, float]]) -> None:
    x, rate = recordings[name]
    info = replace(LIVE, rate=rate)
    assert any(verdict.go for verdict in verdicts(chunks(x, 100, rate), info))
    for kind in ("hum", "drift", "inverted", "small", "flat"):
        made = MADE_FAULTS[kind](x, rate)
        late = verdicts(chunks(made, 100, rate), info)[JUDGED_S:]
        assert all(kind in kinds(verdict) for verdict in late), kind


def test_times_of_verdicts_go_on_by_seconds() -> None:
    found = verdicts(chunks(clean_ecg(9.5), 1000))
    assert all(math.isclose(after.seconds - before.seconds, 1) for before, after in pairwise(found))
