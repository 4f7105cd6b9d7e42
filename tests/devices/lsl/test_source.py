"""The LSL source against real outlets in this process: samples are their own index."""

from __future__ import annotations

import time
from threading import Thread

import numpy as np
import pylsl
import pytest

from devices.lsl import open_lsl
from devices.read_options import ReadOptions
from ecg_live.contracts.reading import SourceReader
from ecg_live.errors import ConfigError, DeviceNotFound, ProtocolError
from ecg_live.events import State
from tests.emulators.lsl_outlets import outlet as outlet_process
from tests.support.lsl_streams import QUICK, RATE, name, off


def made(called: str, unit: str = "microvolts") -> pylsl.StreamOutlet:
    info = pylsl.StreamInfo(called, "ECG", 1, RATE, pylsl.cf_double64, "dev")
    info.set_channel_labels(["LL-RA"])
    info.set_channel_types(["ECG"])
    info.set_channel_units([unit])
    return pylsl.StreamOutlet(info, max_buffered=200)


def push(outlet: pylsl.StreamOutlet, start: int, stop: int, origin: float) -> None:
    """Push with a stamp each: liblsl deduces others from the sample before, also where that one was dropped."""
    index = np.arange(start, stop, dtype=np.float64)
    outlet.push_chunk(index[:, None], (origin + index / RATE).tolist())


def test_samples_in_millivolts_on_the_session_clock() -> None:
    called = name()
    outlet = made(called)
    source = open_lsl(called, ReadOptions(), lambda: time.monotonic() + 500, QUICK)
    assert (source.info.rate, source.info.channels, source.info.ecg) == (RATE, ("LL-RA",), 0)
    assert (source.info.name, source.info.source_id) == (called, "dev")
    with SourceReader(source) as reader:
        assert outlet.wait_for_consumers(5)
        origin = pylsl.local_clock()
        for start in range(0, 1000, 100):
            push(outlet, start, start + 100, origin)
        reader.until(lambda reader: reader.received == 1000)
    assert reader.states == ["connecting", "streaming"]
    got = np.concatenate([chunk.samples[:, 0] for chunk in reader.chunks])
    np.testing.assert_allclose(got, np.arange(1000) / 1000)
    for chunk in reader.chunks:
        assert chunk.time == pytest.approx(origin + 500 + chunk.start / RATE, abs=2e-3)


def test_stamps_of_another_clock_are_reported_and_samples_lie_where_they_came() -> None:
    called = name()
    outlet = made(called)
    with SourceReader(open_lsl(called, ReadOptions(), time.monotonic, QUICK)) as reader:
        assert outlet.wait_for_consumers(5)
        for start in range(0, 1000, 100):
            push(outlet, start, start + 100, 1.7e9)  # seconds since 1970, a common mistake
        reader.until(lambda reader: reader.received == 1000)
        now = time.monotonic()
    assert reader.states == ["connecting", "streaming", "warning"]
    assert reader.stop == 1000
    for chunk in reader.chunks:
        assert abs(chunk.time - now) < 30


def test_what_an_overflowing_inlet_drops_is_a_gap() -> None:
    called = name()
    outlet = made(called, "mV")
    origin, passed = pylsl.local_clock() - 2, 0.0  # s that the session was busy for

    def begin() -> None:
        outlet.wait_for_consumers(5)
        push(outlet, 0, 512, origin)

    with open_lsl(called, ReadOptions(), lambda: time.monotonic() + passed, QUICK) as source:
        reader, reading = SourceReader(source), iter(source)
        pushing = Thread(target=begin)
        pushing.start()
        while reader.received < 512:
            reader.items.append(next(reading))
        pushing.join()
        passed = 198.0
        for start in range(512, 51200, 512):  # as much, of which outlet and inlet keep 60 each
            push(outlet, start, start + 512, origin)
        while not reader.received or reader.chunks[-1].samples[-1, 0] < 51199:
            reader.items.append(next(reading))
    assert sum(gap.lost for gap in reader.gaps) > 70 * RATE
    assert max(map(abs, off(reader))) <= 0.1 * RATE  # single samples are dropped too, of which stamps tell late


@pytest.mark.parametrize("step", [15.0, -15.0])
def test_a_clock_that_is_set_is_reported_and_nothing_is_lost(step: float) -> None:
    called, passed = name(), 0.0
    outlet = made(called)
    origin = pylsl.local_clock()
    with open_lsl(called, ReadOptions(), lambda: time.monotonic() + passed, QUICK) as source:
        reader, reading = SourceReader(source), iter(source)
        pushing = Thread(target=lambda: outlet.wait_for_consumers(5))
        pushing.start()
        while pushing.is_alive():
            reader.items.append(next(reading))
        for start in range(0, 2560, 256):
            push(outlet, start, start + 256, origin + (step if start >= 1280 else 0))
            passed = origin + (start + 256) / RATE - pylsl.local_clock()  # samples come a moment after they are taken
            while reader.stop < start + 256:
                reader.items.append(next(reading))
    assert reader.gaps == []
    [said] = [item.detail for item in reader.items if isinstance(item, State) and item.state == "warning"]
    assert f"its stamps jump by {step:+.0f}" in said
    for chunk in reader.chunks:
        assert chunk.time == pytest.approx(origin + chunk.start / RATE, abs=0.2)


def test_more_samples_than_the_stream_says_end_the_session() -> None:
    called = name()
    with (
        outlet_process("--name", called, "--rate", "250", "--sends", "500") as _,
        SourceReader(open_lsl(called, ReadOptions(), timeouts=QUICK)) as reader,
        pytest.raises(ProtocolError, match=r"says 250 samples a second and sends (49\d|500|50\d).*--rate (49|50)"),
    ):
        reader.until(lambda _: False)


@pytest.mark.parametrize(
    ("channels", "rate", "form", "said"),
    [
        (1, 0.0, pylsl.cf_float32, "its rate is 0"),
        (64, RATE, pylsl.cf_float32, "of 64 channels it is not plain which is the ECG"),
        (1, 0.0, pylsl.cf_string, "its samples are text"),
    ],
)
def test_streams_that_are_no_ecg(channels: int, rate: float, form: int, said: str) -> None:
    called = name()
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(called, "EEG", channels, rate, form, "x"))
    with pytest.raises(ConfigError, match=f"^lsl:{called}: {said}.*--"):
        open_lsl(called, ReadOptions(), timeouts=QUICK)
    del outlet


def test_no_such_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    called = name()
    outlet = made(called)
    with pytest.raises(DeviceNotFound, match=rf"with name 'x'; there are: .*lsl:{called} \[ECG"):
        open_lsl("x", ReadOptions(), timeouts=QUICK)
    monkeypatch.setattr("devices.lsl.resolve.resolve_streams", lambda *_: [])
    with pytest.raises(DeviceNotFound, match=r"with name 'x': none answers at all \(start the outlet .*UDP port 16571"):
        open_lsl("x", ReadOptions(), timeouts=QUICK)
    del outlet
