"""Qt draws into memory where no platform is chosen; set before anything loads Qt."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pytestqt.qtbot import QtBot

from tests.support.dashboard_windows import Open, opener


@pytest.fixture
def opened(qtbot: QtBot) -> Open:
    return opener(qtbot)
