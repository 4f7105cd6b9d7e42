"""Qt draws into memory where no platform is chosen; set before anything loads Qt."""

import gc
import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pytestqt.qtbot import QtBot

from tests.support.dashboard_windows import Open, opener


@pytest.fixture
def opened(qtbot: QtBot) -> Open:
    return opener(qtbot)


@pytest.fixture(autouse=True)
def _windows_go_between_tests() -> Iterator[None]:
    """Collect a test's window after it: inside an event that Qt still sends to the window, it would take Qt down."""
    gc.disable()
    yield
    gc.enable()
    gc.collect(0)
