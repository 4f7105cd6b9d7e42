"""The LSL source against real outlets, in this process or in one that is killed: samples are their own index."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

import numpy as np
import pylsl
import pytest

from devices.lsl import open_lsl
from devices.lsl.network import Patience
from devices.lsl.source import LslSource
from ecg_live.errors import ConfigError, DeviceLost, DeviceNotFound, ProtocolError
from ecg_live.types import Chunk, Event, Gap, Opening, State
from tests.emulators.lsl import alone, outlet, say

RATE = 256.0
QUICK = Patience(first=2.0, others=0.1, silent=1.0)
Items = list[Chunk | Event]


class Reader:
    """Reads a source on a thread and keeps what it gives."""

    def __init__(self, source: LslSource) -> None:
        self.source, self.items = source, Items()
        self.error: Exception | None = None
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        begun = time.monotonic()
        self.source.close()
        self._thread.join(5)
        assert not self._thread.is_alive()
        assert time.monotonic() - begun < 0.5

    def until(self, done: Callable[[Items], object], timeout: float = 10.0) -> None:
        with self._news:
            assert self._news.wait_for(lambda: done(self.items) or self.error, timeout), self.states
        if self.error is not None:
            raise self.error

    @property
    def states(self) -> list[str]:
        return [item.state for item in self.items if isinstance(item, State)]

    def _read(self) -> None:
        try:
            with self.source as source:
                for item in source:
                    with self._news:
                        self.items.append(item)
                        self._news.notify_all()
        except Exception as error:  # noqa: BLE001 - it is raised where the test waits
            with self._news:
                self.error = error
                self._news.notify_all()


def name() -> str:
    return f"ecg {uuid.uuid4().hex[:8]}"


def described(called: str, rate: float = RATE, unit: str = "microvolts", source_id: str = "dev") -> pylsl.StreamInfo:
    info = pylsl.StreamInfo(called, "ECG", 1, rate, pylsl.cf_double64, source_id)
    info.set_channel_labels(["LL-RA"])
    info.set_channel_types(["ECG"])
    if unit:
        info.set_channel_units([unit])
    return info


def chunks(items: Items) -> list[Chunk]:
    return [item for item in items if isinstance(item, Chunk)]


def gaps(items: Items) -> list[Gap]:
    return [item for item in items if isinstance(item, Gap)]


def received(items: Items) -> int:
    return sum(len(chunk.samples) for chunk in chunks(items))


def off(items: Items) -> set[float]:
    """What the device's index is ahead of the source's; one value where all samples are accounted for."""
    return {float(value) for c in chunks(items) for value in np.round(c.samples[:, 0], 6) - np.arange(c.start, c.stop)}


def accounted(items: Items) -> bool:
    assert in_order(items)
    return len(off(items)) == 1


def in_order(items: Items) -> bool:
    counted = [item for item in items if isinstance(item, Chunk | Gap)]
    return all(one.stop == following.start for one, following in itertools.pairwise(counted))


@contextlib.contextmanager
def fed(info: pylsl.StreamInfo) -> Iterator[pylsl.StreamOutlet]:
    """An outlet in this process."""
    made = pylsl.StreamOutlet(info, max_buffered=200)
    yield made


def push(made: pylsl.StreamOutlet, start: int, stop: int, origin: float) -> None:
    """A stamp a sample: with one a chunk, liblsl stamps the rest wrongly of a chunk whose beginning was dropped."""
    samples = np.arange(start, stop, dtype=np.float64)
    made.push_chunk(samples[:, None], (origin + samples / RATE).tolist())


def test_samples_in_millivolts_on_the_session_clock() -> None:
    called = name()
    with fed(described(called)) as made:
        source = open_lsl(called, Opening(), lambda: time.monotonic() + 500, QUICK)
        assert (source.info.rate, source.info.channels, source.info.ecg) == (RATE, ("LL-RA",), 0)
        assert (source.info.name, source.info.source_id) == (called, "dev")
        with Reader(source) as reader:
            assert made.wait_for_consumers(5)
            origin = pylsl.local_clock()
            for start in range(0, 1000, 100):
                push(made, start, start + 100, origin)
            reader.until(lambda items: received(items) == 1000)
    assert reader.states == ["connecting", "streaming"]
    got = np.concatenate([chunk.samples[:, 0] for chunk in chunks(reader.items)])
    np.testing.assert_allclose(got, np.arange(1000) / 1000)
    for chunk in chunks(reader.items):
        assert chunk.time == pytest.approx(origin + 500 + chunk.start / RATE, abs=2e-3)


def test_what_an_overflowing_inlet_drops_is_a_gap() -> None:
    called = name()
    with fed(described(called, unit="mV")) as made, open_lsl(called, Opening(), patience=QUICK) as source:
        items = Items()
        reading = iter(source)

        def feed() -> None:
            made.wait_for_consumers(5)
            push(made, 0, 512, 1000.0)

        pushing = threading.Thread(target=feed)
        pushing.start()
        while received(items) < 512:
            items.append(next(reading))
        pushing.join()
        for start in range(512, 25600, 512):  # 98 s, of which the inlet keeps 60
            push(made, start, start + 512, 1000.0)
        while chunks(items)[-1].stop < 25600:
            items.append(next(reading))
    assert sum(gap.lost for gap in gaps(items)) > 20 * RATE
    assert in_order(items)
    last = chunks(items)[-1]
    assert last.samples[-1, 0] == last.stop - 1  # the sum; gaps within half a second of each other are told as one


@pytest.mark.parametrize("source_id", ["", "strap-1"])
def test_an_outlet_that_is_killed_and_started_again(source_id: str) -> None:
    called, origin = name(), str(pylsl.local_clock())
    options = ["--name", called, "--origin", origin, "--source-id", source_id, "--channels", "2"]
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(outlet(*options))
        reader = stack.enter_context(Reader(open_lsl(f"name={called}", Opening(), patience=QUICK)))
        reader.until(lambda items: received(items) > 150)
        first.kill()
        reader.until(lambda _: "searching" in reader.states)
        stack.enter_context(outlet(*options))
        reader.until(lambda items: gaps(items) and received(items) > 300)
        states = reader.states  # before this outlet goes as well
    assert accounted(reader.items)
    assert states == ["connecting", "streaming", "lost", "searching", "connecting", "streaming"]
    [gap] = gaps(reader.items)
    assert gap.cause == "the stream was away"
    assert gap.time == pytest.approx(float(origin) + (gap.start + min(off(reader.items))) / RATE, abs=5e-3)


def test_an_outlet_that_pauses() -> None:
    called = name()
    with outlet("--name", called) as child, Reader(open_lsl(called, Opening(), patience=QUICK)) as reader:
        reader.until(lambda items: received(items) > 150)
        say(child, "pause")
        reader.until(lambda _: "lost" in reader.states)
        say(child, "go")
        reader.until(gaps)
        states = reader.states  # before the outlet goes
    assert states == ["connecting", "streaming", "lost", "streaming"]
    assert accounted(reader.items)


def test_a_twin_is_never_taken_for_the_stream_that_was_chosen() -> None:
    called = name()
    options = ["--name", called, "--source-id", "twin"]
    with outlet(*options) as one, outlet(*options):
        with pytest.raises(ConfigError, match=r"2 LSL streams with name .*source_id=twin.*uid=") as caught:
            open_lsl(called, Opening())
        uid = caught.value.message.split("uid=")[1].split()[0]
        with Reader(open_lsl(f"uid={uid}", Opening(), patience=QUICK)) as reader:
            reader.until(lambda items: received(items) > 100)
            one.kill()  # either the one that is read, or the other
            with contextlib.suppress(AssertionError):
                reader.until(lambda _: "lost" in reader.states, 0.7)
            got = received(reader.items)
            with contextlib.suppress(AssertionError):
                reader.until(lambda items: received(items) > got, 0.5)
            assert ("lost" in reader.states) == (received(reader.items) == got)


def test_a_stream_that_comes_back_as_another() -> None:
    called = name()
    with outlet("--name", called) as child, Reader(open_lsl(called, Opening(), patience=QUICK)) as reader:
        reader.until(lambda items: received(items) > 10)
        child.kill()
        with (
            outlet("--name", called, "--channels", "3"),
            pytest.raises(ProtocolError, match="came back with 3 channels at 256 Hz, it had 1"),
        ):
            reader.until(lambda items: len(gaps(items)))


def test_patience_has_an_end() -> None:
    called = name()
    impatient = replace(QUICK, lost=0.3)
    with outlet("--name", called) as child, Reader(open_lsl(called, Opening(), patience=impatient)) as reader:
        reader.until(lambda items: received(items) > 10)
        child.kill()
        with pytest.raises(DeviceLost, match=r"was lost \d+ s ago.*UDP port 16571"):
            reader.until(lambda _: False)
    assert reader.states[-1] == "gave_up"


def test_no_such_stream() -> None:
    called = name()
    with (
        fed(described(called)),
        pytest.raises(DeviceNotFound, match=rf"with name 'x'; there are: .*lsl:{called} \[ECG"),
    ):
        open_lsl("x", Opening(), patience=QUICK)
    program = (
        "from devices.lsl import open_lsl; from devices.lsl.network import Patience; "
        "from ecg_live.types import Opening; "
        "open_lsl('x', Opening(), patience=Patience(first=0.5))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"LSLAPICFG": alone(), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    said = "none answers at all (start the outlet on this network"
    assert f"DeviceNotFound: no LSL stream with name 'x': {said}" in done.stderr
    assert "UDP port 16571 and TCP and UDP ports from 16572" in done.stderr


@pytest.mark.soak
def test_killed_and_started_again_many_times() -> None:
    """Received and lost are what the device took, from the first sample to the last."""
    called, origin = name(), str(pylsl.local_clock())
    options = ["--name", called, "--origin", origin, "--source-id", "soak"]
    waits = np.random.default_rng(4).uniform(0.1, 3.0, 30)
    with contextlib.ExitStack() as stack:
        child = stack.enter_context(outlet(*options))
        reader = stack.enter_context(Reader(open_lsl(called, Opening(), patience=QUICK)))
        for wait in waits:
            got = received(reader.items)
            reader.until(lambda items, got=got: received(items) > got + 200)  # type: ignore[misc]
            child.kill()
            time.sleep(wait)
            child = stack.enter_context(outlet(*options))
        before = len(gaps(reader.items))
        reader.until(lambda items: len(gaps(items)) > before and received(items) > got + 500)
    assert len(gaps(reader.items)) == len(waits)
    assert accounted(reader.items)
