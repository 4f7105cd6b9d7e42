"""Windows against pictures that somebody has looked at: ``python -m tests.golden.scenes`` draws them anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PyQt6 import QtGui
from pytestqt.qtbot import QtBot

from tests.golden.scenes import PICTURES, SCENES, picture

VISIBLE = 24  # of 255: a difference that an eye sees
MAX_SHARE = 0.002  # of pixels: other versions of the font library round edges of letters otherwise


def pixels(image: QtGui.QImage) -> npt.NDArray[np.int16]:
    """Levels (height, width, 3)."""
    image = image.convertToFormat(QtGui.QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    rows = np.frombuffer(bytes(bits.asarray(image.sizeInBytes())), np.uint8).reshape(image.height(), -1)
    levels: npt.NDArray[np.int16] = rows[:, : 3 * image.width()].reshape(image.height(), -1, 3).astype(np.int16)
    return levels


@pytest.mark.parametrize("name", SCENES)
def test_a_window_looks_as_it_did(name: str, qtbot: QtBot) -> None:
    del qtbot  # an application, and no exception in what Qt calls
    found, kept = pixels(picture(name)), pixels(QtGui.QImage(str(PICTURES / f"{name}.png")))
    assert found.shape == kept.shape
    differing = (np.abs(found - kept) > VISIBLE).any(axis=2)
    assert differing.mean() <= MAX_SHARE, f"look at it drawn anew, and keep it if it is right; rows {_rows(differing)}"


def _rows(differing: npt.NDArray[np.bool_]) -> str:
    """The first and the last row that differ."""
    rows = np.flatnonzero(differing.any(axis=1))
    return f"{rows[0]} to {rows[-1]}"
