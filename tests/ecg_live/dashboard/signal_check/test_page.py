"""The page of the signal check: ring, faults and drawing follow the verdict."""

from __future__ import annotations

from PyQt6 import QtGui, QtWidgets
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.signal_check.page import SignalCheckPage
from ecg_live.dashboard.theme import DARK, LIGHT, TONE_COLOURS
from ecg_live.preview_items import SignalFault, SignalVerdict
from tests.support.simulated_desk import SimulatedPreview


def colours(widget: QtWidgets.QWidget) -> set[str]:
    image = widget.grab().toImage()
    points = ((x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    return {QtGui.QColor(image.pixel(x, y)).name() for x, y in points}


def test_the_page_follows_the_verdict_and_draws_the_electrode_that_is_off(qtbot: QtBot) -> None:
    page, preview = SignalCheckPage(LIGHT), SimulatedPreview("shimmer:S")
    qtbot.addWidget(page)
    page.resize(1280, 720)
    page.follow(preview, "shimmer:S", "Shimmer3")
    assert (page.ring.word, page.faults.texts, page.start.isEnabled()) == ("--", (), False)
    assert page.figure_title.text() == "Shimmer, five electrodes"
    fault = TONE_COLOURS["fault"][0]
    assert fault not in colours(page.figure)
    preview.stream(SignalVerdict(5.0, 0.0, (SignalFault("electrode_off", electrodes=("LA",)),)))
    page.show_status()
    assert (page.ring.word, page.faults.texts) == ("NO-GO", ("Electrode off: LA",))
    assert fault in colours(page.figure)
    preview.stream(SignalVerdict(7.0, 7.0))
    page.show_status()
    assert (page.ring.word, page.faults.texts, page.anyway.isHidden()) == ("7 s", (), False)
    assert fault not in colours(page.figure)
    preview.stream(SignalVerdict(12.0, 10.0))
    page.show_status()
    assert (page.ring.word, page.start.isEnabled(), page.anyway.isHidden()) == ("GO", True, True)
    assert TONE_COLOURS["live"][0] in colours(page.ring)
    page.restyle(DARK)
    assert DARK.muted in colours(page.figure)
