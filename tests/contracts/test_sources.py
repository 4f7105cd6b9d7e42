"""What every source keeps to: order, arithmetic of gaps, units, and how it ends."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from devices.files.recording import FileRecording, SampleRun
from devices.read_options import ReadOptions
from devices.replay import Replay
from ecg_live.contracts.reading import SourceReader
from ecg_live.contracts.sources import check_gaps, check_is_over, check_order
from ecg_live.events import Beats, Chunk, Gap, StreamInfo
from tests.support.source_rigs import ALL, ECG, FLOW, RAMP, ROUND, RR, Rig

AFTER = 0.25  # s of signal behind the loss


class Reading(NamedTuple):
    rig: Rig
    reader: SourceReader


@pytest.fixture(scope="module", params=list(ECG))
def reading(request: pytest.FixtureRequest) -> Reading:
    """Signal, a loss, and signal again."""
    rig = ECG[request.param]()

    def enough(reader: SourceReader) -> bool:
        return bool(reader.gaps) and reader.stop >= reader.gaps[-1].stop + AFTER * rig.source.info.rate

    with SourceReader(rig.source) as reader:
        rig.flow(FLOW)
        reader.until(lambda reader: reader.stop >= rig.sure * rig.source.info.rate)
        rig.interrupt(rig.away)
        rig.flow(FLOW)
        reader.until(enough)
    rig.close()
    return Reading(rig, reader)


@pytest.fixture(params=list(ALL))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = ALL[request.param]()
    yield made
    made.close()


def test_chunks_come_in_order_and_have_the_shape_that_the_stream_promises(reading: Reading) -> None:
    check_order(reading.reader)


def test_delivered_and_lost_is_played_to_the_sample_and_in_millivolt(reading: Reading) -> None:
    rig, reader = reading
    ecg, first = rig.source.info.ecg, reader.chunks[0]
    begun = round(float(first.samples[0, ecg]) * 1000) - first.start  # what the first sample says of itself
    for item in reader.counter_steps():
        if isinstance(item, Chunk):
            expected = (begun + np.arange(item.start, item.stop)) % ROUND
            assert item.samples[:, ecg] == pytest.approx(expected / 1000, abs=2e-4)
    assert sum(gap.lost for gap in reader.gaps) / rig.source.info.rate == pytest.approx(rig.away, abs=1.5)


def test_it_goes_on_after_a_loss_and_says_why(reading: Reading) -> None:
    kinds = [type(item) for item in reading.reader.counter_steps()]
    assert Chunk in kinds[kinds.index(Gap) + 1 :]
    check_gaps(reading.reader)


def test_times_run_at_the_streams_rate(reading: Reading) -> None:
    rig, reader = reading
    if math.isinf(rig.jitter):
        return
    first, last = reader.chunks[0], reader.chunks[-1]
    expected = (last.start - first.start) / rig.source.info.rate
    assert last.time - first.time == pytest.approx(expected, abs=rig.jitter)


def test_a_strap_has_no_samples_and_its_beats_come_in_order_before_and_after_a_loss() -> None:
    rig = ALL["strap"]()

    def beats(reader: SourceReader) -> list[Beats]:
        return [item for item in reader.items if isinstance(item, Beats)]

    with SourceReader(rig.source) as reader:
        rig.flow(FLOW)
        reader.until(lambda reader: len(beats(reader)) > 1)
        before = len(beats(reader))
        rig.interrupt(rig.away)
        rig.flow(FLOW)
        reader.until(lambda reader: len(beats(reader)) > before + 1)
    assert (rig.source.info.rate, rig.source.info.channels, reader.chunks) == (0.0, (), [])
    assert "lost" in reader.states
    assert all(a.time < b.time for a, b in pairwise(beats(reader)))
    assert {rr for one in beats(reader) for rr in one.rr} == set(RR)  # s
    assert {one.heart_rate for one in beats(reader)} <= {round(60 / rr) for rr in RR}  # bpm


def test_closing_wakes_an_iterator_that_waits_and_is_final(rig: Rig) -> None:
    before = set(threading.enumerate())
    with SourceReader(rig.source) as reader:
        rig.flow(FLOW)
        reader.close()  # fails when it takes more than 0.5 s
        assert list(rig.source) == []
        rig.source.close()
    assert reader.error is None
    check_is_over(rig.source, before)


def test_closing_before_anything_came(rig: Rig) -> None:
    rig.source.close()
    with rig.source as source:
        assert list(source) == []


def test_a_replay_at_real_time_wakes_too() -> None:
    recording = FileRecording(StreamInfo(10.0, ("ECG",)), lambda: iter([SampleRun(0, RAMP)]))
    with SourceReader(Replay(recording, ReadOptions(chunk=60.0))) as reader:
        pass
    assert reader.items == []
