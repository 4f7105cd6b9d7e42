import numpy as np
import pytest
from pyqtgraph.Qt import QtCore, QtGui
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.ecg_grid import PULSE_MARGIN_PX, PX_PER_MM, PaperScale
from ecg_live.dashboard.ecg_trace import ERASED_SAMPLES, SweepView
from ecg_live.dashboard.theme import DARK, LIGHT
from ecg_live.events import F32
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.trace_history import TraceHistory
from tests.support.simulated_view import synthetic_ecg

SIZE = QtCore.QSize(PULSE_MARGIN_PX + 500, 400)  # 500 pixels at 25 mm/s: 1024 samples, 4 s


class Recorded(SweepView):
    """Notes which parts Qt asks it to paint."""

    def __init__(self, history: TraceHistory) -> None:
        self.log = MarkerLog()
        super().__init__(history, LIGHT, self.log)
        self.painted: list[QtCore.QRect] = []

    def paintEvent(self, event: QtGui.QPaintEvent | None) -> None:
        if event is not None:
            self.painted.append(event.rect())
        super().paintEvent(event)


@pytest.fixture
def sweep(qtbot: QtBot) -> Recorded:
    view = Recorded(TraceHistory())
    qtbot.addWidget(view)
    view.resize(SIZE)
    with qtbot.waitExposed(view):
        view.show()
    return view


def feed(sweep: SweepView, samples: F32) -> None:
    history: TraceHistory = sweep._history
    history.append(history.stop, samples)
    sweep.advance()


def ink(sweep: SweepView) -> list[bool]:
    """Say for each sample's place in the round whether the trace, 1 mV high all along, is drawn there."""
    image, ratio = sweep.grab().toImage(), sweep.devicePixelRatioF()
    y = int((round(sweep.height() / 2) - 10 * PX_PER_MM) * ratio)
    columns = [int((PULSE_MARGIN_PX + sample * sweep.scale.step) * ratio) for sample in range(sweep.span)]
    return [any(image.pixelColor(x, y + dy).lightness() < 90 for dy in (-1, 0, 1)) for x in columns]


def ones(count: int) -> F32:
    return np.ones(count, np.float32)


def test_a_gap_leaves_no_line(sweep: Recorded) -> None:
    feed(sweep, np.concatenate([ones(200), np.full(100, np.nan, np.float32), ones(200)]))
    drawn = ink(sweep)
    assert all(drawn[:197])
    assert not any(drawn[204:296])
    assert all(drawn[304:497])
    assert not any(drawn[504:])


def test_values_that_cannot_be_drawn_leave_no_line_and_no_error(sweep: Recorded) -> None:
    wild = np.array([np.inf, -np.inf, np.nan, 1e30, -1e30], np.float32)
    feed(sweep, np.concatenate([ones(100), np.repeat(wild, 20), ones(100)]))
    drawn = ink(sweep)
    assert all(drawn[:97])
    assert not any(drawn[104:155])
    assert all(drawn[204:297])


def test_a_quarter_of_a_second_ahead_of_the_sweep_is_empty(sweep: Recorded) -> None:
    for _ in range(15):
        feed(sweep, ones(100))
    assert sweep.span == 1024
    drawn = ink(sweep)
    newest = 1500 - 1024
    assert all(drawn[3 : newest - 3])
    assert not any(drawn[newest + 4 : newest + ERASED_SAMPLES - 4])
    assert all(drawn[newest + ERASED_SAMPLES + 4 : -3])


@pytest.mark.parametrize("size", [1, 7, 9, 100, 450])
def test_pieces_give_the_picture_of_the_whole(sweep: Recorded, size: int) -> None:
    trace = synthetic_ecg(0, 1900)
    for at in range(0, 1900, size):
        feed(sweep, trace[at : at + size])
    in_pieces = sweep.grab().toImage()
    sweep.rebuild()
    whole = sweep.grab().toImage()
    assert sweep.drawn == 1900
    assert (
        unlike(in_pieces, whole) < 20 * sweep.devicePixelRatioF() ** 2
    )  # where two strokes meet, antialiasing differs by a shade


def unlike(one: QtGui.QImage, other: QtGui.QImage) -> int:
    """Count pixels whose lightness differs clearly."""
    pair = []
    for image in (one, other):
        grey = image.convertToFormat(QtGui.QImage.Format.Format_Grayscale8)
        bits = grey.constBits()
        assert bits is not None
        data = np.frombuffer(bits.asstring(grey.sizeInBytes()), np.uint8).reshape(grey.height(), -1)
        pair.append(data[:, : grey.width()].astype(int))
    return int(np.count_nonzero(np.abs(pair[0] - pair[1]) > 110))


def test_only_the_new_strip_is_painted(sweep: Recorded, qtbot: QtBot) -> None:
    feed(sweep, synthetic_ecg(0, 300))
    qtbot.waitUntil(lambda: bool(sweep.painted))
    sweep.repaint()
    sweep.painted.clear()
    feed(sweep, synthetic_ecg(300, 309))
    qtbot.waitUntil(lambda: bool(sweep.painted))
    area = QtGui.QRegion()
    for rect in sweep.painted:
        area += rect
    box = area.boundingRect()
    assert box.width() < 60
    assert box.left() <= PULSE_MARGIN_PX + 299 * sweep.scale.step
    assert box.right() >= PULSE_MARGIN_PX + (308 + ERASED_SAMPLES) * sweep.scale.step


def test_a_late_frame_paints_every_sample(sweep: Recorded) -> None:
    feed(sweep, ones(100))
    feed(sweep, ones(5000))
    assert sweep.drawn == 5100
    drawn = ink(sweep)
    assert drawn.count(False) <= ERASED_SAMPLES + 8


def test_a_page_stands_still_and_shows_what_it_says(sweep: Recorded) -> None:
    feed(sweep, np.concatenate([ones(1000), np.zeros(2000, np.float32)]))
    sweep.show_page(1100)
    drawn = ink(sweep)
    assert all(drawn[:900])  # the page begins at sample 76
    assert not any(drawn[935:])
    before = sweep.grab().toImage()
    feed(sweep, ones(500))
    assert sweep.grab().toImage() == before
    sweep.resume()
    assert sweep.drawn == 3500


def test_colours_and_scale_change_the_picture_not_the_samples(sweep: Recorded) -> None:
    feed(sweep, ones(300))
    light = sweep.grab().toImage()
    sweep.restyle(palette=DARK)
    assert sweep.grab().toImage().pixelColor(300, 3).lightness() < 60 < light.pixelColor(300, 3).lightness()
    sweep.restyle(scale=PaperScale(50.0, 2.0))
    assert sweep.span == 512
    assert sweep.accessibleDescription() == "50 mm/s   20 mm/mV"


def test_the_paper_keeps_the_scale_of_the_standard() -> None:
    small_box = PaperScale().step * 256 * 0.04, PaperScale().height * 0.1
    assert small_box == pytest.approx((PX_PER_MM, PX_PER_MM))
