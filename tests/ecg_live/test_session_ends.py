"""Every way a session may end, or lose a sink."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.errors import DeviceLost, DeviceNotFound, FormatError, ProtocolError
from ecg_live.events import F32, Battery, Chunk, Gap, State
from ecg_live.model.bundle import Bundle
from ecg_live.model.engine.embedders import WindowEmbedder, open_embedder
from ecg_live.model.engine.protocol import EngineStream
from ecg_live.results import Poll, Prediction, Summary, Trace, Window
from ecg_live.signal.pipeline import SignalPath
from tests.support.chunk_cutting import cut
from tests.support.scripted_source import RATE, HandClock, Keep, Make, Script, Steps, last_two, of, paced
from tests.support.synthetic_signals import ecg, info


def test_a_sink_that_raises_is_dropped_with_a_message_and_the_others_go_on(make: Make, clock: HandClock) -> None:
    good, bad, worse, last = Keep("good"), Keep("bad", 5), Keep("worse", 5), Keep("last")
    session, _ = make(paced(clock, 15), good, bad, worse, last)
    session.run()
    assert session.crash is None
    assert session.error is None
    for sink in (good, last):
        warnings = [item.detail for item in sink.items if isinstance(item, State) and item.state == "warning"]
        assert warnings == ["bad stopped: disk full", "worse stopped: disk full"]
        assert len(of(sink, Prediction)) == 6
        assert last_two(sink)[0].state == "ended"
    assert [item for item in good.items if not isinstance(item, State)] == [
        i for i in last.items if not isinstance(i, State)
    ]
    assert (bad.closed, worse.closed, len(bad.items)) == (1, 1, 5)


def test_the_session_ends_when_the_last_sink_is_gone_and_no_one_watches(make: Make, clock: HandClock) -> None:
    session, source = make(paced(clock, 600), Keep("pipe", 3), watched=False)
    session.run()
    assert source.closed.is_set()
    assert session.summary is not None
    assert session.summary.samples < 10 * 256


def test_while_somebody_watches_the_session_goes_on_without_sinks(make: Make, clock: HandClock) -> None:
    session, source = make(paced(clock, 12), Keep("LSL output", 3))
    session.run()
    shot, _ = session.poll(Poll())
    assert not source.closed.is_set()
    assert session.error is None
    assert len(shot.predictions) == 3
    assert "LSL output stopped: disk full" in [e.detail for e in shot.events if isinstance(e, State)]


def test_without_sinks_the_screen_is_enough(make: Make, clock: HandClock) -> None:
    session, _ = make(paced(clock, 12))
    session.run()
    shot, _ = session.poll(Poll())
    assert len(shot.predictions) == 3
    assert shot.ended


def test_a_sink_that_raises_at_the_summary_lets_it_be_the_last_for_the_others(make: Make, clock: HandClock) -> None:
    counted = Keep()
    make(paced(clock, 3), counted)[0].run()
    bad, good = Keep("bad", len(counted.items) - 1), Keep("good")
    clock.now = 1000.0
    session, _ = make(paced(clock, 3), bad, good)
    session.run()
    assert isinstance(good.items[-1], Summary)
    assert "bad stopped: disk full" in str(session.error)


def test_a_sink_that_does_not_close_is_reported_and_the_others_are_closed(make: Make, clock: HandClock) -> None:
    bad, good = Keep("recorder", breaks_closing=True), Keep("good")
    session, _ = make(paced(clock, 3), bad, good)
    session.run()
    assert session.wait(0)
    assert good.closed == 1
    assert "recorder did not close: cannot flush" in str(session.error)
    assert last_two(good)[0].state == "ended"


@pytest.mark.parametrize(
    "error",
    [
        DeviceLost("Shimmer 7A21 is gone", "switch it on"),
        FormatError("row 9", "mend it"),
        ProtocolError("bad byte", ""),
    ],
)
def test_an_error_in_mid_stream(make: Make, clock: HandClock, error: Exception) -> None:
    sink = Keep()
    session, source = make([*paced(clock, 12.5), error], sink)
    session.run()
    assert session.error is error
    assert session.crash is None
    assert len(of(sink, Prediction)) == 3
    last_trace = [item for item in sink.items if isinstance(item, Trace)][-1]
    assert last_trace.start + len(last_trace.samples) / 256 == 12.5  # all before it was used
    state, summary = last_two(sink)
    assert (state.state, state.detail) == ("error", str(error))
    assert [item.state for item in sink.items if isinstance(item, State)].count("error") == 1
    assert summary.samples == 12.5 * 256
    assert (source.left, sink.closed) == (1, 1)
    shot, _ = session.poll(Poll())
    assert (shot.error, shot.ended, shot.state.state) == (str(error), True, "error")


def test_a_source_that_cannot_be_entered(make: Make) -> None:
    sink = Keep()
    session, source = make([], sink)
    source.missing = DeviceNotFound("no Shimmer in reach", "switch it on")
    session.run()
    assert isinstance(session.error, DeviceNotFound)
    assert [type(item) for item in sink.items] == [State, Summary]


def test_what_no_one_expected_reaches_the_screen_as_one_error(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, _ = make([*paced(clock, 11), ZeroDivisionError("oops")], sink)
    session.run()
    assert isinstance(session.crash, ZeroDivisionError)
    state, summary = last_two(sink)
    assert state.detail.startswith("unexpected ZeroDivisionError: oops")
    assert summary.predictions == 2


def test_a_counter_that_goes_back_ends_the_session(make: Make, clock: HandClock) -> None:
    sink = Keep()
    again = Chunk(np.zeros((10, 1)), 100, 0.0)
    session, _ = make([*paced(clock, 11), again], sink)
    session.run()
    assert isinstance(session.error, ProtocolError)
    assert last_two(sink)[1].samples == 11 * 256


def test_stop_from_another_thread_wakes_a_silent_source(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, source = make([*paced(clock, 10.5), Script.SILENCE], sink)
    session.start()
    assert source.silent.wait(60)
    assert not session.wait(0)
    session.stop()
    assert session.wait(60)
    state, summary = last_two(sink)
    assert (state.state, state.detail) == ("ended", "stopped")
    assert (summary.samples, summary.predictions) == (10.5 * 256, 1)
    assert source.left == 1


def test_stop_before_the_start(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, _ = make(paced(clock, 20), sink)
    session.stop()
    session.run()
    assert last_two(sink)[0].detail == "stopped"
    assert session.summary is not None
    assert session.summary.samples <= 256


def test_seconds_count_from_the_first_sample(make: Make, clock: HandClock) -> None:
    sink = Keep()
    waiting: Steps = [lambda: clock.wait(100.0), Battery(0.0, 1.0), Chunk(np.empty((0, 1)), 0, 0.0)]
    session, _ = make(waiting, sink, seconds=5.0)
    session.run()
    assert last_two(sink)[0].detail == "end of the recording"  # nothing came: the time never began
    sink = Keep()

    def steps() -> Steps:
        yield from waiting
        yield from paced(clock, 20)

    session, _ = make(steps(), sink, seconds=5.0)
    session.run()
    state, summary = last_two(sink)
    assert state.detail == "stopped"
    assert (summary.samples, summary.wall) == (6 * 256, 5.0)


def test_seconds_end_a_silent_source(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, source = make([*paced(clock, 2), Script.SILENCE], sink, seconds=5.0)
    session.start()
    assert source.silent.wait(60)
    assert not session.wait(0)
    clock.wait(5.0)
    assert session.wait(60)
    assert last_two(sink)[1].samples == 2 * 256


@pytest.mark.parametrize(("silent", "lost"), [(2.0, 0), (20.5, 5248)])
def test_what_a_device_that_fell_silent_did_not_send_before_the_end_is_lost(
    make: Make, clock: HandClock, silent: float, lost: int
) -> None:
    sink = Keep()
    session, _ = make([*paced(clock, 12), lambda: clock.wait(silent)], sink)
    session.run()
    _, summary = last_two(sink)
    assert (summary.samples, summary.lost) == (12 * 256, lost)
    gaps = [(gap.start, gap.lost, gap.cause) for gap in sink.items if isinstance(gap, Gap)]
    assert gaps == [(12 * 256, lost, "the device was silent until the end")] * bool(lost)


def test_a_gap_that_the_device_reported_before_it_fell_silent_counts_once(make: Make, clock: HandClock) -> None:
    sink = Keep()
    gap = Gap(12 * 256, 256, "out of range")
    session, _ = make([*paced(clock, 12), gap, lambda: clock.wait(10.0)], sink)
    session.run()
    assert last_two(sink)[1].lost == 2560
    assert sum(item.lost for item in sink.items if isinstance(item, Gap)) == 2560


NO_RUNTIME = "libonnxruntime.so: cannot open shared object file"


class BrokenEngine:
    """An encoder whose runtime does not load."""

    streams = False
    size = 128

    def embed(self, windows: F32) -> F32:
        raise ImportError(NO_RUNTIME)

    def stream(self, wearers: int = 1) -> EngineStream:
        raise ImportError(NO_RUNTIME)


def test_an_encoder_that_cannot_run_ends_the_session_with_its_first_second(make: Make, clock: HandClock) -> None:
    session, _ = make(paced(clock, 12), Keep())
    session._predictor.engine = WindowEmbedder(BrokenEngine())
    session.run()
    assert session.path.samples == RATE
    assert str(session.error).startswith("unexpected ImportError: libonnxruntime.so")


@pytest.mark.parametrize("hop", [1.0, 0.5])  # streamed, and window by window
def test_an_encoder_that_was_prepared_gives_the_same(random_model: Bundle, hop: float) -> None:
    prepared, other = open_embedder(random_model, hop), open_embedder(random_model, hop)
    prepared.prepare()
    path = SignalPath(info(RATE), hop)
    outputs = [output for chunk in cut(ecg(11, RATE), RATE, [100] * 30) for output in path.push(chunk)]
    window = next(output for output in outputs if isinstance(output, Window))
    np.testing.assert_array_equal(prepared.features(window), other.features(window))
