"""Marker streams that come, break and come again; each outlet is a real one."""

from __future__ import annotations

import math
import queue
import time
from threading import Barrier, Event
from typing import Any

import pylsl
import pytest

from devices.lsl import markers
from devices.lsl.inlet import subscribe
from devices.lsl.markers import LslMarkers
from ecg_live.events import State

Marks = queue.Queue[tuple[str, float]]


def outlet(
    name: str, kind: str = "Markers", form: int = pylsl.cf_string, source: str = "", channels: int = 1
) -> pylsl.StreamOutlet:
    return pylsl.StreamOutlet(pylsl.StreamInfo(name, kind, channels, 0.0, form, source))


def following(name: str, marks: Marks, told: queue.Queue[State] | None = None) -> LslMarkers:
    tell = (queue.Queue[State]() if told is None else told).put
    return LslMarkers(name, lambda text, when: marks.put((text, when)), tell, lambda: time.monotonic() + 700)


def test_text_and_time_of_a_stream_that_starts_later_and_again() -> None:
    marks: Marks = queue.Queue()
    with following("task", marks):
        for attempt in range(2):
            made, other = outlet("Task", source="psychopy"), outlet("other", source=f"o{attempt}")
            assert made.wait_for_consumers(10)
            assert not other.have_consumers()
            begun = pylsl.local_clock() - 100
            for k in range(3):
                made.push_sample([f"trial {k} µ"], begun + k)
            for k in range(3):
                text, when = marks.get(timeout=60)
                assert text == f"trial {k} µ"
                assert when == pytest.approx(begun + 700 + k, abs=2e-3)
            del made, other
        begun = time.monotonic()
    assert time.monotonic() - begun < markers._JOIN_TIMEOUT_S
    assert marks.empty()


@pytest.mark.parametrize("stamp", [1.7e9, 1e300, -1e300, 1e12, math.inf])
def test_markers_on_another_clock_are_noted_when_they_come_and_reported_once(stamp: float) -> None:
    marks: Marks = queue.Queue()
    told: queue.Queue[State] = queue.Queue()
    with following("task3", marks, told):
        made = outlet("Task3", source="stimulus")
        assert made.wait_for_consumers(10)
        assert told.get(timeout=60).state in {"markers", "markers_missing"}
        for k in range(3):
            before = time.monotonic() + 700
            made.push_sample([str(k)], stamp)
            text, when = marks.get(timeout=60)
            assert text == str(k)
            assert before <= when <= time.monotonic() + 700
    warnings = [state.detail for state in list(told.queue) if state.state == "warning"]
    assert len(warnings) == 1
    assert "marker stream Task3: its stamps are" in warnings[0]


def test_all_takes_text_and_whatever_is_called_markers_save_our_own_output() -> None:
    marks: Marks = queue.Queue()
    wanted: list[tuple[pylsl.StreamOutlet, list[Any], str]] = [
        (outlet("a", "Stim", channels=2, source="a"), ["on", " left\n"], "on left"),
        (outlet("b", "Markers", pylsl.cf_int32, source="b"), [7], "7"),
        (outlet("c", "markers", pylsl.cf_float32, source="c"), [2.5], "2.5"),
        (outlet("d", "Markers", source="d"), [b"\xff!"], "\ufffd!"),
        (outlet("f", "Markers", source="f"), [" as \x1b[1msent\n\t"], " as \x1b[1msent\n\t"),
    ]
    unwanted = [
        outlet("e", "EDA", pylsl.cf_float32, source="e"),
        outlet("ecg-live Markers", source="ecg-live:x:markers"),
    ]
    with following("all", marks):
        for made, values, text in wanted:
            assert made.wait_for_consumers(10)
            made.push_sample(values)
            assert marks.get(timeout=60)[0] == text
        assert not any(made.have_consumers() for made in unwanted)
    with following("ecg-live markers", marks):
        assert not unwanted[1].wait_for_consumers(0.5)


def test_some_that_start_together_are_followed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    marks: Marks = queue.Queue()
    outlets = [outlet(f"s{k}", source=f"some{k}") for k in range(6)]
    together = Barrier(len(outlets))  # nobody gets through it alone

    def slowly(inlet: pylsl.StreamInlet, closed: Event) -> None:
        subscribe(inlet, closed)
        together.wait(40)

    monkeypatch.setattr(markers, "subscribe_persistently", slowly)
    with following("all", marks):
        assert all(each.wait_for_consumers(10) for each in outlets)
        for k, each in enumerate(outlets):
            each.push_sample([str(k)])
        assert {marks.get(timeout=60)[0] for _ in outlets} == {str(k) for k in range(6)}


def test_a_stream_that_is_missing_there_and_gone_is_reported() -> None:
    told: queue.Queue[State] = queue.Queue()
    with following("Task2", queue.Queue(), told):
        state = told.get(timeout=60)
        assert (state.state, (state.time or 0) > 700) == ("markers_missing", True)
        assert "no marker stream Task2" in state.detail
        made = outlet("Task2", source="psychopy2")
        assert told.get(timeout=60).state == "markers"
        del made
        state = told.get(timeout=60)
        assert (state.state, state.detail.split(":")[0]) == ("markers_missing", "marker stream Task2 is gone")
    assert told.empty()


def test_leaving_waits_for_no_stream() -> None:
    begun = time.monotonic()
    with following("nobody", queue.Queue()):
        pass
    assert time.monotonic() - begun < markers._JOIN_TIMEOUT_S
