"""Random keys and clicks during a session that is recorded: no exception, and every sample is there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Queue

import numpy as np
import pytest
import pyxdf
from pytestqt.qtbot import QtBot

from ecg_live.cli.recording import RecorderFactory
from ecg_live.config import LiveSettings
from ecg_live.dashboard.window import MainWindow
from ecg_live.events import F64, Chunk, Marker, StreamInfo
from ecg_live.model.predictor import Predictor
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from tests.support.monkey import Monkey
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import Keep, Script, of

RATE, PIECE = 256.0, 64
INFO = StreamInfo(RATE, ("ECG",), name="made up", source_id="made up")
SEED = 1


def pieces(given: Queue[int | None]) -> Iterator[Chunk]:
    """Samples that are their own index in microvolts, a quarter of a second whenever it is asked for."""
    began = time.monotonic()
    while (number := given.get(timeout=60)) is not None:
        start = number * PIECE
        samples = np.arange(start, start + PIECE, dtype=np.float64)[:, None] / 1000
        yield Chunk(samples, start, began + start / RATE)


def indices(samples: Iterable[F64]) -> F64:
    """What samples in mV of one channel say of themselves."""
    found: F64 = np.rint(np.concatenate([np.ravel(each) for each in samples]) * 1000)
    return found


def recorded(path: Path) -> F64:
    streams, _ = pyxdf.load_xdf(str(path))
    return indices(each["time_series"] for each in streams if each["info"]["name"] == ["made up"])


@pytest.mark.parametrize("actions", [400, pytest.param(2000, marks=pytest.mark.soak)])
def test_nothing_is_lost_and_nothing_raises(
    actions: int, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recordings").mkdir()
    monkeypatch.chdir(tmp_path)  # where recordings go that keys begin
    given, ledger, bundle = Queue[int | None](), Keep(), random_bundle()
    settings = LiveSettings(participant="P01", session="S1", record=str(tmp_path / "session.xdf"))
    recordings = RecorderFactory(settings, "made up", INFO, bundle, time.monotonic)
    session = Session(
        Script(INFO, pieces(given)), SignalPath(INFO), Predictor(bundle), bundle.head_infos, [ledger], time.monotonic,
        recordings=recordings, record=True,
    )  # fmt: skip
    window = MainWindow(session, title="P01 · S1", model="test")
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    session.start()
    monkey, shown = Monkey(window, SEED), 0

    def go_on(number: int) -> None:
        nonlocal shown
        if number % 10 == 0:
            given.put(shown)
            shown += 1
            window.refresh()
        if not window.isVisible():
            window.show()

    monkey.act(actions, go_on)
    given.put(None)
    assert session.wait(60)
    window.end()
    assert session.crash is None
    np.testing.assert_array_equal(
        indices(item.samples for item in ledger.items if isinstance(item, Chunk)), np.arange(shown * PIECE)
    )
    assert of(ledger, Marker)  # it did press keys
    files = sorted(tmp_path.rglob("*.xdf"))
    assert files
    for path in files:
        assert np.all(np.diff(recorded(path)) == 1)
