"""What a frame of sixteen wearers costs: tiles that paint only what is new, against painting whole traces every time.

CPU time; no time is asserted, only printed; run with ``pytest --benchmark-enable tests/benchmarks/test_tiles.py -s``.
Without that it is tried once, on little: no sample is left out, and what a tile holds does not grow.
"""

from __future__ import annotations

import gc
import os
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PyQt6 import QtWidgets  # the platform is chosen when Qt loads
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.events import F32, State
from ecg_live.presentation.tiles import MAX_WEARERS
from ecg_live.results import HeadInfo, Poll, Prediction, Quality, Snapshot
from tests.support.simulated_view import CHEST, synthetic_ecg, wavy

RATE = 30  # frames a second
SECOND = synthetic_ecg(0, 256 * 5).reshape(5, 256)  # whole beats: 72 bpm is six in five seconds
HEADS = tuple(HeadInfo(f"head_{place}", ("low", "high")) for place in range(2))


class LongView:
    """A session of any length, of which only what is new is kept; all of them share a clock."""

    def __init__(self, place: int) -> None:
        self.info = replace(CHEST, rate=(130.0, 250.0, 512.0, 1000.0)[place % 4])
        self.heads = HEADS
        self.can_record = True
        self.fed = 0  # display samples
        self._place = place
        self._now = 0.0
        self._new: list[F32] = []
        self._predictions: list[Prediction] = []

    def clock(self) -> float:
        return self._now

    def feed(self, samples: int) -> None:
        """So many display samples come, and each second a prediction."""
        start, self.fed = self.fed, self.fed + samples
        at = np.arange(start, self.fed)
        self._new.append(SECOND[(at // 256) % 5, at % 256])
        self._now = self.fed / 256
        if start // 256 != self.fed // 256:
            heads = {head.name: wavy(head, self.fed // 256 + self._place) for head in HEADS}
            self._predictions.append(
                Prediction(self._now - 10, self._now, self._now - 10, heads, 72.0, 40.0, Quality("good"), 0.02)
            )

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        trace = np.concatenate([np.empty(0, np.float32), *self._new])
        predictions, self._new, self._predictions = tuple(self._predictions), [], []
        shot = Snapshot(
            State("streaming"), trace, self.fed - len(trace), predictions, (), self._now, 0.0,
            round(self._now * self.info.rate), 0, 0.02, ended=False,
        )  # fmt: skip
        return shot, since

    def stop(self) -> None: ...

    def mark(self, text: str, time: float | None = None) -> None: ...

    def record(self, on: bool) -> None: ...

    def begin_baseline(self) -> None: ...


def open_window(qtbot: QtBot) -> tuple[list[LongView], TilesWindow]:
    views = [LongView(place) for place in range(MAX_WEARERS)]
    wearers = [(f"P{place:02d}", view) for place, view in enumerate(views)]
    window = TilesWindow(wearers, title="", model="", clock=views[0].clock)  # type: ignore[arg-type]  # answers nothing
    qtbot.addWidget(window)
    window.resize(1280, 800)
    with qtbot.waitExposed(window):
        window.show()
    return views, window


def frames(views: list[LongView], window: TilesWindow, count: int, *, whole: bool = False) -> Iterator[float]:
    """Draw frames; give the CPU seconds of each."""
    for frame in range(count):
        for view in views:
            view.feed((frame + 1) * 256 // RATE - frame * 256 // RATE)
        start = time.process_time()
        if whole:
            for tile in window.tiles:
                tile.sweep.resume()
        window.refresh()
        QtWidgets.QApplication.processEvents()
        yield time.process_time() - start


def test_sixteen_tiles(qtbot: QtBot, benchmark: BenchmarkFixture) -> None:
    views, window = open_window(qtbot)
    count = 300 if benchmark.enabled else 16
    list(frames(views, window, count))
    each = np.array(benchmark.pedantic(lambda: list(frames(views, window, count))))  # type: ignore[no-untyped-call]  # it has no types
    naive = np.array(list(frames(views, window, max(10, count // 5), whole=True)))
    cost, p95, worse = 1e3 * each.mean(), 1e3 * np.percentile(each, 95), naive.mean() / each.mean()
    print(
        f"\n16 tiles at 1280x800: {cost:.2f} ms of CPU a frame, p95 {p95:.1f} ms, {cost * RATE / 10:.0f} % of a core "
        f"at {RATE}/s; painting whole traces: {1e3 * naive.mean():.2f} ms, {worse:.1f} times as much"
    )
    assert [tile.drawn for tile in window.tiles] == [view.fed for view in views]


@pytest.mark.parametrize("minutes", [60])
def test_an_hour_of_sixteen_wearers(qtbot: QtBot, benchmark: BenchmarkFixture, minutes: int) -> None:
    """With a clock that runs ahead: a frame a second, of which many are left out; memory stays as it is."""
    views, window = open_window(qtbot)
    steps = minutes * 60 if benchmark.enabled else 30

    def pass_time(seconds: int) -> None:
        for second in range(seconds):
            for view in views:
                view.feed(256)
            if second % 7:  # a frame in seven is left out
                window.refresh()
        window.refresh()
        QtWidgets.QApplication.processEvents()
        gc.collect()

    def measure() -> list[int]:
        pass_time(75)  # histories of a minute are full
        tracemalloc.start()
        used = []
        for _ in range(2):
            pass_time(steps // 2)
            used.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        return used

    used: list[int] = benchmark.pedantic(measure)  # type: ignore[no-untyped-call]  # it has no types
    assert [tile.drawn for tile in window.tiles] == [view.fed for view in views]
    print(f"\n{minutes} min of 16 wearers: {used[1] - used[0]:+d} bytes from the first half to the second")
    assert abs(used[1] - used[0]) < 200_000  # bytes: a kilobyte a wearer and minute would be ten times as much
