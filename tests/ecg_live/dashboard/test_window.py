from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from pyqtgraph.Qt import QtGui, QtWidgets

from ecg_live.dashboard.theme import TONE_COLOURS
from ecg_live.dashboard.window import MainWindow
from ecg_live.events import Gap, LeadOff, State
from ecg_live.results import HeadInfo, HeadResult, Hrv, HrvResult
from tests.support.dashboard_windows import Open, live
from tests.support.simulated_view import FOUR, LOAD, abstained, answer


def words(window: MainWindow) -> list[str]:
    return [label.text() for label in window.findChildren(QtWidgets.QLabel)]


def test_before_the_first_sample(opened: Open) -> None:
    _, window = opened()
    window.refresh()
    assert window.status_banner.line.word == "WAITING"
    assert window.vitals.heart_rate.value == window.status_row.latency.value == "--"
    assert window.vitals.quality.badge.text() == "--"


def test_warming_up_counts_down(opened: Open) -> None:
    view, window = opened()
    for left in (9.0, 8.0):
        view.feed_ecg(1)
        view.state = State("warming_up", seconds_left=left)
        window.refresh()
        assert window.panels[0].status.kind == "warming_up"
        assert window.panels[0].status.note == f"Estimate in {left:.0f} s"
    assert window.status_banner.line.word == "WARMING UP"


def test_live_shows_everything(opened: Open) -> None:
    view, window = live(opened)
    shown = window.panels[0].status
    assert (shown.kind, shown.label, shown.percent, shown.dim) == ("valid", "Load", "83 %", False)
    tiles, row = window.vitals, window.status_row
    assert (tiles.heart_rate.value, tiles.rmssd.value, row.latency.value) == ("72", "42", "18 ms")
    assert (tiles.quality.badge.text(), row.clock.value, row.lost.value) == ("GOOD", "0:00:12", "0")
    assert not tiles.heart_rate.dim
    assert window.status_banner.line.word == "LIVE"
    assert window.trace.history.stop == view.fed


def test_low_confidence_is_shown(opened: Open) -> None:
    view, window = live(opened)
    view.feed_ecg(1)
    view.predict(answer(LOAD, 0, 0.55), grade="poor")
    window.refresh()
    assert window.panels[0].status.kind == "low"
    assert "Low confidence" in words(window)
    assert {"POOR", "baseline wanders"} <= set(words(window))


def test_a_probability_about_the_middle_flips_no_word(opened: Open) -> None:
    view, window = live(opened)
    shown = set()
    for top in (0.51, 0.55, 0.59):
        for which in (0, 1):
            view.feed_ecg(1)
            view.predict(answer(LOAD, which, top))
            window.refresh()
            shown.add((window.panels[0].status.label, window.panels[0].status.note.split()[0]))
    assert shown == {("Undecided", "Load")}


def test_a_flat_line_is_no_live_ecg(opened: Open) -> None:
    view, window = live(opened)
    for _ in range(12):
        view.feed(np.zeros(256, np.float32))
        view.predict(abstained("unusable signal: flat line"), grade="unusable", rate=None)
        window.refresh()
    strip = window.status_banner.line
    assert (strip.tone, strip.word) == ("unusable", "NO USABLE ECG")
    assert strip.text == "for 12 s: baseline wanders. Check the electrodes"
    assert window.vitals.quality.badge.property("tone") == "unusable"
    view.feed_ecg(1)
    view.predict(answer(LOAD, 1, 0.8))
    window.refresh()
    assert window.status_banner.line.word == "LIVE"


def test_tones_can_be_distinguished_and_read() -> None:
    assert len({back for back, _ in TONE_COLOURS.values()}) == len(TONE_COLOURS)
    for back, text in TONE_COLOURS.values():
        high, low = sorted((luminance(back), luminance(text)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG 2.1, 1.4.3
    for one, other in combinations((back for back, _ in TONE_COLOURS.values()), 2):
        apart = np.subtract(QtGui.QColor(one).getRgb(), QtGui.QColor(other).getRgb())
        assert np.linalg.norm(apart) > 60, (one, other)


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, as WCAG 2.1 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_abstaining_gives_the_reason_and_breaks_the_line(opened: Open) -> None:
    view, window = live(opened)
    for result in (abstained("flat line"), answer(LOAD, 1, 0.7)):
        view.feed_ecg(1)
        view.predict(result, grade="unusable", rate=None)
        window.refresh()
        if result.abstain:
            assert (window.panels[0].status.kind, window.panels[0].status.note) == ("abstain", "Flat line")
            assert window.vitals.heart_rate.value == "--"
    curve = window.panels[0].curve
    np.testing.assert_array_equal(curve.line(1)[1], [0.83, np.nan, 0.7])
    assert [kind for _, kind in curve.runs()] == ["valid", "abstain", "valid"]


def test_time_without_predictions_breaks_the_line(opened: Open) -> None:
    view, window = live(opened)
    for seconds in (1, 12, 1):
        view.feed_ecg(seconds)
        view.predict(answer(LOAD, 1, 0.7))
        window.refresh()
    times, values = window.panels[0].curve.line(1)
    assert times == [12, 13, 13, 25, 26]
    assert np.isnan(values[2])


def test_the_curve_shows_as_much_time_as_there_is(opened: Open) -> None:
    view, window = live(opened)
    curve = window.panels[0].curve
    spans = []
    for seconds in (30, 60, 100, 400):
        view.feed_ecg(seconds)
        view.predict(answer(LOAD, 1, 0.7))
        window.refresh()
        spans.append((curve.span[0], len(curve.points)))
    assert spans == [(60, 2), (120, 3), (300, 4), (60, 1)]


def test_a_baseline_of_an_earlier_day_is_called_so(opened: Open) -> None:
    view, window = live(opened)
    personal = HeadResult({"rest": 0.1, "load": 0.9}, "load", set="personal")
    for detail, note in (
        ("personal baseline of 2026-11-29: 12 windows", "Relative to the personal baseline of 2026-11-29: 12 windows"),
        ("personal baseline complete: 12 windows", "Relative to the resting baseline"),
    ):
        view.send(State("baseline", detail))
        view.feed_ecg(1)
        view.predict(personal)
        window.refresh()
        assert window.panels[0].status.note == note


def test_an_old_number_is_dimmed_and_then_gone(opened: Open) -> None:
    view, window = live(opened)
    view.wait(3.5)
    window.refresh()
    assert (window.panels[0].status.kind, window.panels[0].status.note) == ("stale", "4 s old")
    assert window.panels[0].status.dim
    assert (window.vitals.heart_rate.value, window.vitals.heart_rate.note) == ("72", "4 s old")
    assert window.vitals.heart_rate.dim
    assert window.status_banner.line.word == "NO DATA"
    view.wait(7)
    window.refresh()
    assert window.panels[0].status.label == window.vitals.heart_rate.value == window.status_row.latency.value == "--"
    assert window.status_banner.line.tone == "fault"


def test_predictions_that_stop_while_samples_come_are_stale(opened: Open) -> None:
    view, window = live(opened)
    view.feed_ecg(5)
    window.refresh()
    assert window.panels[0].status.kind == "stale"
    assert window.status_banner.line.word == "LIVE"


@pytest.mark.parametrize(
    ("state", "error", "ended", "expected"),
    [
        (State("gap", "Radio silence.", seconds_left=8.0), None, False, ("GAP", "gap")),
        (State("ended", "End of the recording."), None, True, ("ENDED", "ended")),
        (State("error", "The strap went away."), "The strap went away.", True, ("ERROR", "error")),
    ],
)
def test_states_reach_the_line_on_top_and_every_head(
    opened: Open, state: State, error: str | None, ended: bool, expected: tuple[str, str]
) -> None:
    view, window = live(opened)
    view.wait(0.3)
    view.state, view.error, view.ended = state, error, ended
    window.refresh()
    assert (window.status_banner.line.word, window.panels[0].status.kind) == expected
    assert state.detail in window.status_banner.line.text
    assert window.panels[0].status.dim


def test_gap_and_lead_off_events_are_shown(opened: Open) -> None:
    view, window = live(opened)
    view.lost = 120
    view.send(Gap(12000, 120, "the source dropped samples"))
    view.feed_ecg(0.5)
    window.refresh()
    assert window.status_banner.line.text == "0:00:12  Gap of 0.12 s (120 samples): the source dropped samples"
    assert window.status_row.lost.value == "120"
    view.send(LeadOff(13000, off=True))
    view.feed_ecg(0.5)
    window.refresh()
    assert "Lead off" in window.status_banner.line.text
    assert "Lead off" in window.status_row.event_line.text()


def test_nan_is_never_a_word(opened: Open) -> None:
    view, window = opened()
    nan = float("nan")
    view.feed(np.full(2560, nan, np.float32))
    view.predict(HeadResult({"rest": nan, "load": nan}, "load"), rate=nan)
    view.latency = nan
    view.send(State("warning", time=nan, seconds_left=nan))
    window.refresh()
    window.grab()
    assert not any(word in text.lower() for text in words(window) for word in ("nan", "inf"))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1280, 800), (1024, 700)])
def test_heads_lie_side_by_side_and_nothing_is_cut_off(opened: Open, count: int, size: tuple[int, int]) -> None:
    heads = tuple(HeadInfo(f"head_{place}", FOUR.classes) for place in range(count))
    view, window = opened(*heads)
    window.resize(*size)
    view.feed_ecg(12)
    view.predict(*[answer(head, 3, 0.5) for head in heads])
    window.refresh()
    for _ in range(3):  # a layout inside another settles after it
        QtWidgets.QApplication.processEvents()
    assert (window.width(), window.height()) == size
    boxes = [panel.geometry() for panel in window.panels]
    assert not any(a.intersects(b) for place, a in enumerate(boxes) for b in boxes[:place])
    for label in window.findChildren(QtWidgets.QLabel):
        if label.isVisible() and label.text() and not label.wordWrap():
            need = label.fontMetrics().horizontalAdvance(label.text())
            assert label.width() >= need, label.text()


def test_research_use_only_is_always_shown(opened: Open) -> None:
    view, window = live(opened)
    view.error = "broken"
    view.wait(60)
    window.refresh()
    assert any(
        label.isVisible() and label.text() == "Research use only" for label in window.findChildren(QtWidgets.QLabel)
    )


def parts(widget: QtWidgets.QWidget) -> Iterator[QtWidgets.QWidget]:
    """Give a widget and what it is made of, save what Qt made itself."""
    yield widget
    for child in widget.children():
        ours = not child.objectName().startswith("qt_") and not isinstance(widget, QtWidgets.QComboBox)
        if isinstance(child, QtWidgets.QWidget) and ours:
            yield from parts(child)


def test_every_part_has_a_name_for_a_screen_reader(opened: Open) -> None:
    _, window = live(opened)
    every = list(parts(window))
    assert len(every) > 40
    assert [type(widget).__name__ for widget in every if not widget.accessibleName()] == []
    assert window.panels[0].accessibleDescription() == "Confident: Load 83 %"


def test_numbers_are_redrawn_four_times_a_second_and_the_trace_at_every_frame(opened: Open) -> None:
    view, window = live(opened)
    view.feed_ecg(0.125)
    view.lost = 7
    window.refresh()
    assert window.status_row.lost.value == "0"
    assert window.trace.sweep.drawn == view.fed
    view.feed_ecg(0.125)
    window.refresh()
    assert window.status_row.lost.value == "7"


def test_variability_of_the_last_minutes_or_why_there_is_none(opened: Open) -> None:
    view, window = live(opened)
    tile = window.vitals.hrv
    assert tile.values.text() == "--"
    view.hrv.append(HrvResult(0.0, 10.0, Hrv(120.0, 12, 0.08, 0, reason="10 of 120 s so far")))
    view.feed_ecg(1)
    window.refresh()
    assert tile.values.text() == "--  10 of 120 s so far"
    view.hrv.append(HrvResult(0.0, 12.0, Hrv(120.0, 140, 0.98, 2, 70, 48.2, 57.4, 48, 40, 54, 500, 400, 1.25)))
    view.feed_ecg(1)
    window.refresh()
    assert tile.values.text() == "SDNN 48 \u00b7 RMSSD 57 ms \u00b7 LF/HF 1.25"
    assert "2 intervals left out" in tile.accessibleDescription()
    view.feed_ecg(25)  # no heartbeat was found since
    window.refresh()
    assert tile.values.text() == "--"
