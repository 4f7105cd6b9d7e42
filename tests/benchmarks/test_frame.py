"""What a frame costs: the sweep that paints only what is new, against one that paints the whole trace every time.

No time is asserted, only printed; run with ``pytest --benchmark-enable tests/benchmarks/test_frame.py -s``.
"""

import os
import time
from collections.abc import Callable, Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pyqtgraph.Qt import QtWidgets  # the platform is chosen when Qt loads
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.window import MainWindow
from ecg_live.results import HeadInfo
from tests.support.simulated_view import SimulatedView, wavy

FRAMES = 150  # five seconds
RATE = 30  # frames a second
HEADS = tuple(HeadInfo(f"head_{place}", ("low", "high")) for place in range(2))


def frames(view: SimulatedView, window: MainWindow, before: Callable[[], None]) -> Iterator[float]:
    """Draw frames; give the seconds each took."""
    for frame in range(FRAMES):
        view.feed_ecg(1 / RATE)
        if frame % RATE == 0:
            view.predict(*[wavy(head, frame) for head in HEADS])
        start = time.perf_counter()
        before()
        window.refresh()
        QtWidgets.QApplication.processEvents()
        yield time.perf_counter() - start


@pytest.fixture
def running(qtbot: QtBot) -> tuple[SimulatedView, MainWindow]:
    view = SimulatedView(HEADS)
    window = MainWindow(view, title="ecg-live", model="", clock=view.clock)
    qtbot.addWidget(window)
    window.resize(1280, 800)
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
    print(  # a benchmark's figures are its output
        f"\nframe 1280x800, {len(HEADS)} heads: {1e3 * mean:.2f} ms, {1e2 * mean * RATE:.1f} % of a core at {RATE}/s; "
        f"painting the whole trace: {1e3 * naive:.2f} ms, {naive / mean:.1f} times as much"
    )
    assert window.trace.sweep.drawn == view.fed
