"""LSL output, read by real inlets on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pylsl
import pytest

from ecg_live.events import Gap, Marker, State
from ecg_live.results import Item
from ecg_live.sinks.lsl import OFFERED_STREAMS, LslOut
from tests.support.session_items import HEADS, INFO, chunk, prediction, trace

PATIENCE = 10.0  # s; a test that waits so long has failed
SHIFT = 500.0  # s of the session clock behind LSL's


def clock() -> float:
    return time.monotonic() - SHIFT


class Listener:
    """Inlets on all streams of an output."""

    def __init__(self, source_id: str, count: int) -> None:
        found = pylsl.resolve_bypred(f"starts-with(source_id,'ecg-live:{source_id}:')", count, PATIENCE)
        self.inlets = {header.source_id().rsplit(":", 1)[1]: pylsl.StreamInlet(header) for header in found}
        self.headers = {key: inlet.info(PATIENCE) for key, inlet in self.inlets.items()}
        for inlet in self.inlets.values():
            inlet.open_stream(PATIENCE)

    def pull(self, key: str, count: int) -> tuple[list[list[object]], npt.NDArray[np.float64]]:
        """Values and stamps on the session clock of so many samples."""
        values: list[list[object]] = []
        stamps: list[float] = []
        end = time.monotonic() + PATIENCE
        while len(values) < count and time.monotonic() < end:
            rows, at = self.inlets[key].pull_chunk(timeout=0.01)
            values += list(rows)
            stamps += list(at)
        assert len(values) == count
        return values, np.array(stamps) - SHIFT

    def close(self) -> None:
        for inlet in self.inlets.values():
            inlet.close_stream()
        self.inlets.clear()


@pytest.fixture(scope="module")
def out() -> Iterator[LslOut]:
    sink = LslOut(INFO, HEADS, clock, 0.039)
    yield sink
    sink.close()


@pytest.fixture(scope="module")
def listener(out: LslOut) -> Iterator[Listener]:
    inlets = Listener(INFO.source_id, len(OFFERED_STREAMS))
    yield inlets
    inlets.close()


def test_all_streams_are_found_before_anything_was_written(listener: Listener) -> None:
    assert set(listener.headers) == set(OFFERED_STREAMS)
    names = {key: header.name() for key, header in listener.headers.items()}
    assert names["filtered"] == "ecg-live ECG filtered"
    assert len(set(names.values())) == len(OFFERED_STREAMS)
    assert {key: header.nominal_srate() for key, header in listener.headers.items() if header.nominal_srate()} == {
        "filtered": 256.0
    }
    assert listener.headers["filtered"].source_id() == f"ecg-live:{INFO.source_id}:filtered"
    assert listener.headers["markers"].type() == "Markers"


def test_streams_are_described(listener: Listener) -> None:
    filtered, predictions = listener.headers["filtered"], listener.headers["predictions"]
    assert (filtered.get_channel_labels(), filtered.get_channel_units()) == (["ECG"], ["millivolts"])
    assert filtered.get_channel_types() == ["ECG"]
    labels = ["start", "stop", "latency", "load/rest", "load/load", "mood/low", "mood/high"]
    assert predictions.get_channel_labels() == labels
    for header in (filtered, predictions):
        assert header.desc().child_value("manufacturer") == "ecg-live"
        assert header.desc().child_value("source") == INFO.name
    late, window = (filtered.desc().child("delay").child_value(name) for name in ("late", "window"))
    assert (float(late), float(window)) == (0.039, 0.0)
    late, window = (predictions.desc().child("delay").child_value(name) for name in ("late", "window"))
    assert (float(late), float(window)) == (0.039, 10.0)
    channel = filtered.desc().child("channels").child("channel")
    assert channel.child("filtering").child("highpass").child_value("cutoff") == "0.8"


def test_filtered_samples_lie_on_raw_time(out: LslOut, listener: Listener) -> None:
    """Samples are their own index since raw time 0, which was at ``began`` on the session clock."""
    began = clock()
    out.write(chunk(0, began))
    for start, count in ((0.0, 64), (0.25, 1), (65 / 256, 191), (1.0, 256)):
        out.write(trace(start, began + start, count))
    values, stamps = listener.pull("filtered", 512)
    assert [value for (value,) in values] == list(range(512))
    np.testing.assert_allclose(stamps, began + np.arange(512) / 256, atol=2e-4)


def test_a_prediction_that_abstains_is_no_number_and_says_why(out: LslOut, listener: Listener) -> None:
    began = clock()
    out.write(prediction(5.0, began))
    ends = {key: listener.pull(key, 1) for key in ("predictions", "decisions", "quality", "heart_rate", "features")}
    for _, stamps in ends.values():
        assert stamps[0] == pytest.approx(began + 10, abs=2e-4)
    np.testing.assert_equal(ends["predictions"][0], [[5.0, 15.0, 0.125, 0.25, 0.75, np.nan, np.nan]])
    assert ends["decisions"][0] == [["load", "", "personal", "", "outside the training range", "population"]]
    assert ends["quality"][0] == [["poor", "baseline wander; step"]]
    np.testing.assert_equal(ends["heart_rate"][0], [[61.5, np.nan]])
    np.testing.assert_array_equal(ends["features"][0], [np.arange(128)])


def test_markers_and_events(out: LslOut, listener: Listener) -> None:
    now = clock()
    items: list[Item] = [Marker(now - 3, "reiz ä", 1.0), Gap(500, 250, "radio", time=now), State("ended", "x", now)]
    for item in items:
        out.write(item)
    values, stamps = listener.pull("markers", 1)
    assert values == [["reiz ä"]]
    assert stamps[0] == pytest.approx(now - 3, abs=2e-4)
    lines = [json.loads(str(line)) for (line,) in listener.pull("events", 2)[0]]
    assert [line["type"] for line in lines] == ["gap", "state"]


def test_writing_never_waits_for_listeners(out: LslOut, listener: Listener) -> None:
    """Nobody pulls these: ten minutes of signal."""
    began, at = clock(), time.monotonic()
    for second in range(600):
        out.write(trace(float(second), began + second, 256))
    assert time.monotonic() - at < 60.0


def test_what_was_written_before_the_end_is_there_and_then_the_streams_are_gone() -> None:
    info = replace(INFO, source_id="short")
    sink = LslOut(info, HEADS, clock, 0.0)
    ears = Listener("short", len(OFFERED_STREAMS))
    for k in range(500):
        sink.write(Marker(clock(), f"{k}", 0.0))
    sink.close()
    sink.close()
    values, _ = ears.pull("markers", 500)
    assert values == [[f"{k}"] for k in range(500)]
    ears.close()
    assert pylsl.resolve_byprop("source_id", "ecg-live:short:markers", 1, 0.3) == []


def test_without_ecg_there_is_none_to_offer() -> None:
    sink = LslOut(replace(INFO, channels=(), source_id="strap"), HEADS, clock, 0.0)
    found = pylsl.resolve_bypred("starts-with(source_id,'ecg-live:strap:')", len(OFFERED_STREAMS) - 1, PATIENCE)
    assert {header.source_id().rsplit(":", 1)[1] for header in found} == set(OFFERED_STREAMS) - {"filtered"}
    sink.close()
