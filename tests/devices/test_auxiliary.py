"""Sources that are recorded beside the ECG; each outlet is a real one."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pylsl
import pytest

from devices.auxiliary import AuxiliaryFollower, open_auxiliary
from devices.lsl.auxiliary import open_lsl_auxiliary
from ecg_live.errors import ConfigError, DeviceNotFound
from ecg_live.events import AuxiliarySamples, AuxiliaryStream, Beats, Chunk, Gap, State, StreamEvent, StreamInfo
from tests.emulators.lsl_outlets import outlet
from tests.support.lsl_streams import QUICK, name
from tests.support.scripted_source import Script

Samples = queue.Queue[AuxiliarySamples]
States = queue.Queue[State]


def follow(uri: str, samples: Samples, states: States) -> AuxiliaryFollower:
    source = open_lsl_auxiliary(uri, time.monotonic, QUICK)
    return AuxiliaryFollower(source, source.info.auxiliary, samples.put, states.put, time.monotonic)


def take(samples: Samples, count: int) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], list[float]]:
    """Values and times of so many samples at least."""
    taken: list[AuxiliarySamples] = []
    while sum(len(each.times) for each in taken) < count:
        taken.append(samples.get(timeout=60))
    values = np.concatenate([each.values for each in taken if isinstance(each.values, np.ndarray)])
    return values, [time for each in taken for time in each.times.tolist()]


def test_all_channels_of_a_stream_at_a_rate_in_its_own_unit() -> None:
    stream, samples, states = name(), queue.Queue[AuxiliarySamples](), queue.Queue[State]()
    with (
        outlet("--name", stream, "--rate", "64", "--channels", "3", "--unit", "microsiemens"),
        follow(stream, samples, states),
    ):
        values, times = take(samples, 100)
    assert np.array_equal(values, values[:1] + np.arange(len(values))[:, None])
    assert np.diff(times) == pytest.approx(1 / 64, abs=0.005)
    assert states.empty()


def test_a_stream_that_breaks_is_reported_at_once_and_its_loss_counted() -> None:
    stream, samples, states = name(), queue.Queue[AuxiliarySamples](), queue.Queue[State]()
    options = ("--name", stream, "--rate", "64", "--source-id", "eda", "--origin", str(pylsl.local_clock() - 10))
    with outlet(*options) as first, follow(stream, samples, states):
        values, times = take(samples, 64)
        first.kill()
        with outlet(*options):
            report = states.get(timeout=60)
            assert report.state == "warning"
            assert stream in report.detail
            later, later_times = take(samples, 64)
    index, when = np.concatenate([values, later])[:, 0], np.array([*times, *later_times])
    assert np.polyfit(index, when, 1)[0] == pytest.approx(1 / 64, rel=1e-3)  # each sample keeps its time over the loss
    lost = [state.detail for state in list(states.queue) if "samples were lost" in state.detail]
    assert sum(int(detail.split(": ")[1].split()[0]) for detail in lost) == np.diff(index).sum() - len(index) + 1


@pytest.mark.parametrize("form", [pylsl.cf_string, pylsl.cf_int32])
def test_irregular_samples_with_their_own_times(form: int) -> None:
    stream, samples, states = name(), queue.Queue[AuxiliarySamples](), queue.Queue[State]()
    made = pylsl.StreamOutlet(pylsl.StreamInfo(stream, "Rating", 2, 0.0, form, "made"))
    with follow(stream, samples, states):
        assert made.wait_for_consumers(10)
        begun = pylsl.local_clock() - 5
        rows: list[list[Any]] = [["a", "b"], ["c", "d"]] if form == pylsl.cf_string else [[1, 2], [3, 4]]
        for k, row in enumerate(rows):
            made.push_sample(row, begun + k)
        taken: list[AuxiliarySamples] = []
        while sum(len(each.times) for each in taken) < len(rows):
            taken.append(samples.get(timeout=60))
    assert [list(row) for each in taken for row in each.values] == rows
    times = np.concatenate([each.times for each in taken])
    offset = time.monotonic() - pylsl.local_clock()
    assert times == pytest.approx([begun + offset, begun + 1 + offset], abs=5e-3)


def test_a_foreign_clock_is_reported_once_and_arrival_counts() -> None:
    stream, samples, states = name(), queue.Queue[AuxiliarySamples](), queue.Queue[State]()
    made = pylsl.StreamOutlet(pylsl.StreamInfo(stream, "Rating", 1, 0.0, pylsl.cf_float32, "made"))
    with follow(stream, samples, states):
        assert made.wait_for_consumers(10)
        before = time.monotonic()
        for _ in range(3):
            made.push_sample([1.0], 1.7e9)
        _, times = take(samples, 3)
    assert all(before <= each <= time.monotonic() for each in times)
    assert sum("another clock" in state.detail for state in list(states.queue)) == 1


def test_a_missing_stream_is_refused_with_its_name() -> None:
    with pytest.raises(DeviceNotFound, match="no LSL stream with name 'nowhere'"):
        open_lsl_auxiliary("nowhere", time.monotonic, QUICK)


def test_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ecg.csv"
    path.write_text("ecg_mV\n" + "0.1\n" * 100)
    with pytest.raises(ConfigError, match="is a file"):
        open_auxiliary(str(path))


def test_heart_rate_gaps_and_states_of_a_device() -> None:
    stream = AuxiliaryStream("strap", "HR", (("heart rate", "bpm"), ("RR interval", "seconds")))

    def items() -> Iterator[Chunk | StreamEvent]:
        yield Beats(10.0, 60.0, (1.0, 1.02))
        yield Beats(11.0, 61.0)
        yield State("streaming", "streams")
        yield State("lost", "the link broke")
        yield Gap(5, 7, "on the way")

    source = Script(StreamInfo(0.0, (), name="strap"), list(items()))
    samples, states = queue.Queue[AuxiliarySamples](), queue.Queue[State]()
    follower = AuxiliaryFollower(source, (stream,), samples.put, states.put)
    follower._run()
    values = np.concatenate([np.asarray(each.values) for each in list(samples.queue)])
    assert np.array_equal(values, [[60.0, 1.0], [60.0, 1.02], [61.0, np.nan]], equal_nan=True)
    assert [state.detail for state in list(states.queue)] == [
        "beside the ECG, strap: the link broke",
        "beside the ECG, strap: 7 samples were lost (on the way)",
    ]
