"""LSL outlets that are killed, started again, paused and mistaken for each other; each is a process of its own."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import replace

import numpy as np
import pylsl
import pytest

from devices.lsl import open_lsl
from devices.read_options import ReadOptions
from ecg_live.contracts.reading import SourceReader
from ecg_live.errors import ConfigError, DeviceLost
from tests.emulators.lsl_outlets import outlet, send_word
from tests.support.lsl_streams import QUICK, name, off

RATE = 1000.0
FAST = ("--rate", str(RATE))  # samples come soon


@pytest.mark.parametrize("source_id", ["", "strap-1"])
def test_an_outlet_that_is_killed_and_started_again(source_id: str) -> None:
    called, origin = name(), str(pylsl.local_clock())
    options = ["--name", called, "--origin", origin, "--source-id", source_id, "--channels", "2", *FAST]
    with outlet(*options) as first, SourceReader(open_lsl(f"name={called}", ReadOptions(), timeouts=QUICK)) as reader:
        reader.until(lambda reader: reader.received > 150)
        first.kill()
        reader.until(lambda reader: "searching" in reader.states)
        with outlet(*options):
            reader.until(lambda reader: reader.gaps and reader.received > 300)
            reader.close()
    assert reader.states == ["connecting", "streaming", "lost", "searching", "connecting", "streaming"]
    [gap], [ahead] = reader.gaps, off(reader)
    assert gap.cause == "the stream was away"
    assert gap.time == pytest.approx(float(origin) + (gap.start + ahead) / RATE, abs=5e-3)


def test_an_outlet_that_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.lsl.source._LOST_REPORT_INTERVAL_S", 0.1)
    called = name()
    with (
        outlet("--name", called, *FAST) as child,
        SourceReader(open_lsl(called, ReadOptions(), timeouts=QUICK)) as reader,
    ):
        reader.until(lambda reader: reader.received > 150)
        send_word(child, "pause")
        reader.until(lambda reader: reader.states.count("searching") > 1)
        send_word(child, "go")
        reader.until(lambda reader: reader.gaps)
        reader.close()
    assert reader.states[:5] == ["connecting", "streaming", "lost", "searching", "searching"]
    assert set(reader.states[5:-1]) <= {"searching"}
    assert reader.states[-1] == "streaming"
    assert len(off(reader)) == 1


def test_a_twin_is_never_taken_for_the_stream_that_was_chosen() -> None:
    called = name()
    options = ["--name", called, "--source-id", "twin", *FAST]
    with outlet(*options) as one, outlet(*options):
        with pytest.raises(ConfigError, match=r"2 LSL streams with name .*source_id=twin.*uid=") as caught:
            open_lsl(called, ReadOptions())
        uid = caught.value.message.split("uid=")[1].split()[0]
        with SourceReader(open_lsl(f"uid={uid}", ReadOptions(), timeouts=QUICK)) as reader:
            reader.until(lambda reader: reader.received > 100)
            one.kill()  # either the one that is read, or the other
            before = reader.received
            reader.until(lambda reader: "lost" in reader.states or reader.received > before + RATE)
            got = reader.received
            if "lost" in reader.states:
                with pytest.raises(AssertionError):
                    reader.until(lambda reader: reader.received > got, 0.5)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (("--channels", "3"), "it came back with 3 channels at 1000 Hz, it had 1 at 1000"),
        (("--rate", "500"), "it came back with 1 channels at 500 Hz, it had 1 at 1000"),
        (("--unit", "microvolts"), "it came back with another unit"),
        (("--unit", "furlong"), "it came back as another: .*furlong"),
    ],
)
def test_a_stream_that_comes_back_as_another_is_refused_and_the_right_one_waited_for(
    other: tuple[str, ...], said: str
) -> None:
    called, origin = name(), str(pylsl.local_clock())
    options = ["--name", called, "--origin", origin, *FAST]
    with outlet(*options) as child, SourceReader(open_lsl(called, ReadOptions(), timeouts=QUICK)) as reader:
        reader.until(lambda reader: reader.received > 150)
        child.kill()
        with outlet(*options, *other):
            reader.until(lambda reader: re.search(said, reader.details))
            got = reader.received
        with outlet(*options):
            reader.until(lambda reader: reader.gaps and reader.received > got + 100)
            reader.close()
    assert "start a new session" in reader.details
    assert reader.details.count("came back with") + reader.details.count("came back as another:") == 1
    assert len(off(reader)) == 1


def test_it_gives_up_in_the_end_and_reports_meanwhile_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.lsl.source._LOST_REPORT_INTERVAL_S", 0.1)
    called = name()
    impatient = replace(QUICK, reconnect=0.3)
    with (
        outlet("--name", called, *FAST) as child,
        SourceReader(open_lsl(called, ReadOptions(), timeouts=impatient)) as reader,
    ):
        reader.until(lambda reader: reader.received > 10)
        child.kill()
        with pytest.raises(DeviceLost, match=r"was lost \d+ s ago.*UDP port 16571"):
            reader.until(lambda _: False)
    assert reader.states[-3:] == ["searching", "searching", "gave_up"]


def test_a_stream_that_is_gone_before_it_sent_anything_is_not_waited_for_long() -> None:
    called = name()
    impatient = replace(QUICK, first_data=0.3)
    with outlet("--name", called, *FAST) as child:
        source = open_lsl(called, ReadOptions(), timeouts=impatient)
        child.kill()
        child.wait()
        with SourceReader(source) as reader, pytest.raises(DeviceLost, match="is gone, and has sent nothing"):
            reader.until(lambda _: False)


@pytest.mark.soak
def test_killed_and_started_again_many_times() -> None:
    """Received and lost are what the device took, from the first sample to the last."""
    called, origin = name(), str(pylsl.local_clock())
    options = ["--name", called, "--origin", origin, "--source-id", "soak"]
    waits = np.random.default_rng(4).uniform(0.1, 3.0, 30)
    with contextlib.ExitStack() as stack:
        child = stack.enter_context(outlet(*options))
        reader = stack.enter_context(SourceReader(open_lsl(called, ReadOptions(), timeouts=QUICK)))
        for wait in waits:
            got = reader.received
            reader.until(lambda reader, got=got: reader.received > got + 200)  # type: ignore[misc]
            child.kill()
            time.sleep(wait)
            child = stack.enter_context(outlet(*options))
        before = len(reader.gaps)
        reader.until(lambda reader: len(reader.gaps) > before and reader.received > got + 500)
        reader.close()
    assert len(reader.gaps) == len(waits)
    assert len(off(reader)) == 1
