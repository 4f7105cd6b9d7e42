"""What a frame costs: the sweep that paints only what is new, against one that paints the whole trace every time.

And what a timeline of four hours costs while it is zoomed, against one of ten minutes. No time is asserted, only
printed, in seconds of CPU; run with ``pytest --benchmark-enable tests/benchmarks/test_frame.py -s``.
"""

import os
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6 import QtWidgets  # the platform is chosen when Qt loads
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.theme import LIGHT
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.dashboard.timeline.view import TimelineView
from ecg_live.dashboard.window import MainWindow
from ecg_live.events import Marker, State
from ecg_live.results import HeadInfo, Prediction, Quality, Snapshot
from tests.support.simulated_view import SimulatedView, wavy

FRAMES = 150  # five seconds
RATE = 30  # frames a second
HEADS = tuple(HeadInfo(f"head_{place}", ("low", "high")) for place in range(2))
SIZES = ((1280, 800), (1920, 1080))
ZOOMS = 60
LONG_H, SHORT_H = 4.0, 1 / 6


def frames(view: SimulatedView, window: MainWindow, before: Callable[[], None]) -> Iterator[float]:
    """Draw frames; give the CPU seconds each took."""
    for frame in range(FRAMES):
        view.feed_ecg(1 / RATE)
        if frame % RATE == RATE - 1:  # a second after the last
            view.predict(*[wavy(head, frame) for head in HEADS])
        start = time.process_time()
        before()
        window.refresh()
        QtWidgets.QApplication.processEvents()
        yield time.process_time() - start


@pytest.fixture(params=SIZES, ids=str)
def running(request: pytest.FixtureRequest, qtbot: QtBot) -> tuple[SimulatedView, MainWindow]:
    view = SimulatedView(HEADS)
    window = MainWindow(view, title="P01", model="", clock=view.clock)
    qtbot.addWidget(window)
    window.resize(*request.param)
    with qtbot.waitExposed(window):
        window.show()
    for second in range(300):
        view.feed_ecg(1)
        view.predict(*[wavy(head, second) for head in HEADS])
    window.refresh()
    return view, window


def test_frame(running: tuple[SimulatedView, MainWindow], benchmark: BenchmarkFixture) -> None:
    view, window = running
    sweep = list(benchmark(lambda: list(frames(view, window, lambda: None))))
    whole = list(frames(view, window, window.trace.sweep.resume))
    mean, naive = sum(sweep) / FRAMES, sum(whole) / FRAMES
    p95 = float(np.percentile(sweep, 95))
    print(  # a benchmark's figures are its output
        f"\nframe {window.width()}x{window.height()}, {len(HEADS)} heads: {1e3 * mean:.2f} ms of CPU, p95 "
        f"{1e3 * p95:.1f} ms, {1e2 * mean * RATE:.1f} % of a core at {RATE}/s; "
        f"painting the whole trace: {1e3 * naive:.2f} ms, {naive / mean:.1f} times as much"
    )
    assert window.trace.sweep.drawn == view.fed


def session(hours: float) -> SessionTimeline:
    """A timeline of so many hours, with an answer a second, and a marker and a block now and then."""
    timeline = SessionTimeline(HEADS)
    empty = np.empty(0, np.float32)
    for second in range(10, round(hours * 3600)):
        heads = {head.name: wavy(head, second) for head in HEADS}
        rate = 70 + 10 * float(np.sin(second / 60))
        prediction = Prediction(second - 10, second, second - 10, heads, rate, 40.0, Quality("good"))
        text = {0: "tone", 30: f"block/{second // 60}/start", 59: f"block/{second // 60}/stop"}.get(second % 60)
        events = () if text is None or second % 300 > 60 else (Marker(0.0, text, float(second)),)
        shot = Snapshot(State("streaming"), empty, 0, (prediction,), events, second, 0.0, 1, 0, None, False)
        timeline.update(shot, second)
    return timeline


def zoomed(view: TimelineView) -> Iterator[float]:
    """Zoom in and out about a time; give the CPU seconds of each picture."""
    for step in range(ZOOMS):
        start = time.process_time()
        view.zoom(0.85 if step < ZOOMS / 2 else 1 / 0.85, 0.6 * view.visible.length)
        view.repaint()
        yield time.process_time() - start


def test_timeline_of_four_hours(qtbot: QtBot, benchmark: BenchmarkFixture) -> None:
    costs = {}
    for hours in (LONG_H, SHORT_H):
        view = TimelineView(session(hours), LIGHT)
        qtbot.addWidget(view)
        view.resize(1900, 320)
        with qtbot.waitExposed(view):
            view.show()
        view.show_new()
        list(zoomed(view))
        costs[hours] = list(benchmark(lambda view=view: list(zoomed(view)))) if hours == LONG_H else list(zoomed(view))
        assert view.redraws > ZOOMS
    long, short = (1e3 * float(np.mean(each)) for each in costs.values())
    p95 = 1e3 * float(np.percentile(costs[LONG_H], 95))
    print(
        f"\ntimeline 1900x320, 4 h: {long:.1f} ms of CPU a picture while zooming, p95 {p95:.1f} ms; "
        f"10 min: {short:.1f} ms; {long / short:.2f} times"
    )
