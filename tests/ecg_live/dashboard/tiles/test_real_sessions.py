"""Real sessions in the window: of other rates, of many channels, one that fails, and the full view of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.tiles.window import TilesWindow
from ecg_live.errors import DeviceLost
from ecg_live.events import Chunk
from tests.support.grouped_sessions import beating, group, seconds_of, session
from tests.support.synthetic_signals import ecg, info
from tests.support.tiles_windows import draw

RATES = (250.0, 130.0, 512.0)
SECONDS = 15


def chunks(rate: float, channels: int = 1) -> list[Chunk]:
    found = seconds_of(ecg(SECONDS, rate)[:, :], rate)
    return [replace(chunk, samples=np.repeat(chunk.samples, channels, axis=1)) for chunk in found]


def test_sessions_of_a_group_are_shown_to_their_last_sample(qtbot: QtBot) -> None:
    """The third has 64 channels, of which the last is the ECG; the fourth loses its device after eight seconds."""
    plain = [session(chunks(rate), about=info(rate)) for rate in RATES[:2]]
    many = replace(info(RATES[2]), channels=tuple(f"CH{n}" for n in range(64)), ecg=63, full_scale=None)
    wide = session(chunks(RATES[2], 64), about=many)
    lost = session([*seconds_of(beating(8, 0)), DeviceLost("the strap is gone", "look for it")])
    sessions = [*plain, wide, lost]
    running = group(sessions)
    window = TilesWindow(list(zip("abcd", sessions, strict=True)), title="", model="", clock=lambda: 1000.0)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    with qtbot.waitExposed(window):
        window.show()
    running.run()
    draw(window)
    assert [tile.drawn for tile in window.tiles] == [SECONDS * 256] * 3 + [8 * 256]
    words = [tile.status.stream.word for tile in window.tiles if tile.status is not None]
    assert words == ["ENDED", "ENDED", "ENDED", "ERROR"]
    assert all(one.summary is not None and one.summary.predictions == SECONDS - 9 for one in sessions[:3])
    window.open_full_view(2)
    (full,) = window.full_views.values()
    window.refresh()
    assert full.trace.history.stop == SECONDS * 256
    full.close()
