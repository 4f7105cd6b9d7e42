"""Windows of several wearers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.tiles.window import TilesWindow
from tests.support.tiles_windows import OpenTiles, tiles_opener


@pytest.fixture
def opened_tiles(qtbot: QtBot) -> Iterator[OpenTiles]:
    windows: list[TilesWindow] = []
    yield tiles_opener(qtbot, windows)
    windows.clear()
