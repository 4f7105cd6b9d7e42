"""What is read from a recording is what was recorded, at the time at which it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.events import Gap, Marker, State
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.report.annotated_session import annotate_session
from ecg_live.recorded.report.ecg_overview import EcgEnvelope
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.sentences import problems
from ecg_live.recorded.report.session import RecordedSession, load_session
from ecg_live.recorded.report.statistics import (
    count_losses,
    distribution,
    marker_intervals,
    rank_reasons,
    set_masks,
    usable_coverage,
)
from ecg_live.recorded.verify import verify
from ecg_live.results import Item
from tests.support.blocked_session import record_blocks
from tests.support.recorded_sessions import SECOND, STRAP, chunk, marker, recorded, story, strap_story, window
from tests.support.xdf_recordings import BEGAN, INFO


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> RecordedSession:
    return recorded(tmp_path_factory.mktemp("story") / "a.xdf", story())


def test_windows_are_those_of_the_session(session: RecordedSession) -> None:
    windows = session.windows
    assert windows.stop.tolist() == [*range(10, 21), *range(32, 61)]
    np.testing.assert_array_equal(windows.start, windows.stop - 10)
    assert [int((windows.grade == grade).sum()) for grade in ("good", "poor", "unusable")] == [32, 3, 5]
    assert windows.heart_rate[0] == 70
    assert np.isnan(windows.heart_rate[~windows.usable]).all()
    (head,) = windows.heads
    assert (head.name, head.classes) == ("load", ("rest", "load"))
    assert head.answered.sum() == 35
    assert head.probs[0].tolist() == [0.75, 0.25]
    assert set(head.abstain[~head.answered]) == {"unusable signal: flat line"}
    assert [(name, int(mask.sum())) for name, mask in set_masks(head)] == [
        ("population", 30),
        ("personal", 10),
    ]


def test_losses_markers_and_gaps(session: RecordedSession) -> None:
    found = count_losses(session)
    assert (found.samples, found.missing, found.invalid, found.reported) == (58 * SECOND, 2 * SECOND, 0, 2 * SECOND)
    assert found.share == pytest.approx(2 / 60)
    assert session.duration == 60
    ((start, stop, lost, bridged, cause),) = session.gaps
    assert (start, stop, lost, bridged, cause) == (20, 22, 512, False, "radio lost")
    assert [(note.time, note.text) for note in session.markers] == [(15.5, "rest"), (35.5, "load <b>"), (50.5, "end")]
    assert all(note.clock is not None for note in session.markers)


def test_repeated_states_are_one_event_and_countdowns_none(session: RecordedSession) -> None:
    events = [(each.time, each.kind, each.times, each.until) for each in session.events]
    assert events == [(-2, "connecting", 1, -2), (30, "baseline", 2, 31), (60, "ended", 1, 60)]


def test_intervals_hold_the_windows_that_begin_and_end_in_them(session: RecordedSession) -> None:
    found = marker_intervals(session)
    assert [span.name for span in found] == ["before the first marker", "1 rest", "2 load <b>", "3 end"]
    assert [span.windows.stop.tolist() for span in found] == [
        list(range(10, 16)), list(range(32, 36)), list(range(46, 51)), [],
    ]  # fmt: skip
    assert distribution(found[0].windows.heart_rate).mean == pytest.approx(72.5)


def test_no_interval_holds_what_was_taken_back_or_excluded(tmp_path: Path) -> None:
    path = record_blocks(tmp_path / "s.xdf")
    open_annotations(path).add("excluded", 52.0, 2.0, "moved")
    session = annotate_session(load_session(read_recording_files([path]))).session
    found = {span.name: span for span in marker_intervals(session) if span.stop <= 60}
    assert list(found) == ["before the first marker", "3 block/rest/start", "4 block/rest/stop", "5 block/task/start"]
    assert session.markers[2].text == "block/rest/start"  # the report numbers all of its markers
    assert found["5 block/task/start"].windows.stop.tolist() == []  # from 50 to 60 s is one window, which touches it
    assert len(found["3 block/rest/start"].windows) == 11


def test_usable_time_counts_once(session: RecordedSession) -> None:
    by_second = np.zeros(60, dtype=np.bool_)
    for start, stop in zip(session.windows.start, session.windows.stop, strict=True):
        if session.windows.usable[session.windows.stop == stop][0]:
            by_second[int(start) : int(stop)] = True
    assert usable_coverage(session.windows, 60.0) == pytest.approx(by_second.mean())


def test_reasons_are_ranked_without_their_percentages() -> None:
    said = ["3% of samples bridged; baseline wander", "baseline wander", "", "2.1% of samples bridged", "flat line"]
    assert rank_reasons(said) == [("baseline wander", 2), ("share of samples bridged", 2), ("flat line", 1)]


def test_the_envelope_holds_every_extreme(session: RecordedSession) -> None:
    assert session.ecg is not None
    seen = session.ecg.envelope
    samples = np.concatenate([chunk(second).samples[:, 0] for second in range(60)])
    column = np.arange(len(samples)) // seen.per
    lost = (np.arange(len(samples)) // SECOND == 20) | (np.arange(len(samples)) // SECOND == 21)
    for k in range(0, column[-1] + 1, 7):
        known = samples[(column == k) & ~lost]
        wanted = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
        np.testing.assert_array_equal((seen.low[k], seen.high[k]), wanted)


def test_an_envelope_is_the_same_however_the_signal_is_cut() -> None:
    samples = np.random.default_rng(1).normal(size=5000)
    whole, parts = EcgEnvelope(7), EcgEnvelope(7)
    whole.add(3, samples)
    for at in range(0, 5000, 33):
        parts.add(3 + at, samples[at : at + 33])
    np.testing.assert_array_equal(whole.low, parts.low)
    np.testing.assert_array_equal(whole.high, parts.high)


def test_a_close_look_shows_the_samples_around_the_marker_and_the_gap(session: RecordedSession) -> None:
    assert session.ecg is not None
    first = session.ecg.snippets[0]
    begin = round(10.5 * SECOND)
    wanted = np.arange(begin, begin + 10 * SECOND) / 1000
    wanted[20 * SECOND - begin :] = np.nan
    np.testing.assert_array_equal(first.samples, wanted)


def test_a_recording_that_began_in_mid_session_begins_at_zero(tmp_path: Path) -> None:
    late: list[Item] = [*(chunk(second) for second in range(100, 130)), window(112), marker(105.0, "here")]
    session = recorded(tmp_path / "a.xdf", late)
    assert session.duration == 30
    assert (session.windows.start.tolist(), session.windows.stop.tolist()) == ([2], [12])
    assert [note.time for note in session.markers] == [5]


def test_windows_with_impossible_times_are_left_out_and_counted(tmp_path: Path) -> None:
    session = recorded(tmp_path / "a.xdf", [chunk(0), window(11), window(10**9)])
    assert (len(session.windows), session.windows.stray) == (1, 1)


def test_of_a_strap_the_windows_count_and_not_its_own_values(tmp_path: Path) -> None:
    session = recorded(tmp_path / "a.xdf", strap_story(), STRAP)
    assert session.ecg is None
    assert session.windows.stop.tolist() == [*range(10, 30)]
    assert session.windows.heart_rate.tolist() == [60 + second for second in range(10, 30)]
    assert [(note.time, note.text) for note in session.markers] == [(12.25, "film")]
    assert [each.kind for each in session.events] == ["gap"]
    assert session.duration == 31


def test_a_session_without_a_device_still_has_its_events(tmp_path: Path) -> None:
    said: list[Item] = [
        State("searching", "looking for it", BEGAN),
        Marker(BEGAN + 2, "where is it?"),
        State("gave_up", "gone", BEGAN + 9),
    ]
    session = recorded(tmp_path / "a.xdf", said)
    assert session.ecg is None
    assert [(each.time, each.kind) for each in session.events] == [(0, "searching"), (9, "gave_up")]
    assert [note.time for note in session.markers] == [2]


def test_clock_times_are_given_only_for_real_time(tmp_path: Path) -> None:
    items: list[Item] = [chunk(0), marker(0.5, "now")]
    session = recorded(tmp_path / "a.xdf", items)
    (note,) = session.markers
    contents = session.files[0].contents  # opened at 1000 s of the clock of tests
    assert contents.opened_at == 1000
    opened = dt.datetime.fromisoformat(contents.file_header["datetime"])
    assert note.clock == opened + dt.timedelta(seconds=BEGAN + 0.5 - 1000)
    (note,) = recorded(tmp_path / "b.xdf", items, replace(INFO, speed=2.0)).markers
    assert note.clock is None


def test_no_stretch_is_over_two_sets(tmp_path: Path) -> None:
    """The personal set from 31 s on: a stretch is cut there, and each part counts its own windows."""
    items: list[Item] = [marker(12.0, "task")]
    for second in range(60):
        items.append(chunk(second))
        if second >= 9:
            personal = second >= 30
            items.append(window(second + 1, 0.9 if personal else 0.1, None, "personal" if personal else "population"))
    found = marker_intervals(recorded(tmp_path / "a.xdf", items))
    assert [(span.name, span.start, span.stop, span.set, len(span.windows)) for span in found] == [
        ("before the first marker", 0.0, 12.0, "population", 3),
        ("1 task", 12.0, 31.0, "population", 9),
        ("1 task", 31.0, 60.0, "personal", 30),
    ]
    assert [np.unique(span.windows.heads[0].probs[:, 1]).round(6).tolist() for span in found] == [[0.1], [0.1], [0.9]]


def test_a_device_that_is_silent_at_the_end_counts_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    items: list[Item] = [*map(chunk, range(20)), Gap(20 * SECOND, 5 * SECOND, "no data", time=BEGAN + 20)]
    session = recorded(path, [*items, State("ended", "stopped", BEGAN + 25)])
    report = verify(path)
    assert (report.sound, report.reported_lost, report.trailing_lost) == (True, 5 * SECOND, 5 * SECOND)
    assert next(each["missing"] for each in report.as_json()["streams"] if each["key"] == "ecg") == 5 * SECOND
    assert any(line.endswith("reported 1280 lost, 1280 of them at the end") for line in report.lines())
    assert (session.duration, count_losses(session).missing, count_losses(session).lost) == (25, 5 * SECOND, 5 * SECOND)
    assert list(problems(session)) == ["No sample came in the last 5 s before the end: they count as lost."]
