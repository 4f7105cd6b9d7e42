"""The page about a session: whole, safe, honest about what the file lacks, and never in another file's place."""

from __future__ import annotations

import re
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecg_live.errors import FormatError, RecordingError, TruncatedError
from ecg_live.events import Marker, State
from ecg_live.recorded.report import write_report
from ecg_live.resources import recordings_folder
from ecg_live.results import Item
from tests.emulators.full_disk import FULL, full_disk
from tests.support.files import xdf_files as plain
from tests.support.html_pages import ELSEWHERE, TAGS, rows, words
from tests.support.recorded_sessions import STRAP, chunk, long_story, marker, reported, story, strap_story, window
from tests.support.xdf_recordings import BEGAN, INFO, record


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("story") / "a.xdf"
    record(path, story())
    return path


def test_the_page_needs_nothing_else_and_its_pictures_have_words(recording: Path, tmp_path: Path) -> None:
    made = write_report([recording], tmp_path / "p.html")
    html = made.path.read_text(encoding="utf-8")
    assert (made.error, made.remarks) == (None, [])
    assert not re.search(ELSEWHERE, html)
    assert "default-src 'none'" in html
    page = reported(recording)
    assert {one.tag for one in page.iter()} <= TAGS
    figures = [one for figure in page.iter("figure") for one in figure.findall("svg")]
    assert len(figures) == 7  # the session, rhythm, a head, the ECG, three markers
    assert all(one.get("aria-label") and one.get("role") == "img" for one in figures)
    assert all(one.find("caption") is not None for one in page.iter("table"))


def test_what_a_researcher_asks_first_is_answered_first(recording: Path) -> None:
    (line,) = (words(one) for one in reported(recording).iter("p") if one.get("class") == "headline")
    assert line == (
        "0:01:00 of ECG; 96.7% of the time usable; 3.3% of samples lost; heart rate 98 bpm (70 to 120); "
        "load: load in 56.0% of answers (population set), 100% of answers (personal set); file whole."
    )
    text = words(reported(recording))
    assert (
        "0:01:00 of ECG: 87.5% of 40 windows usable (80.0% good); usable windows cover 96.7% of the time. "
        "512 samples lost (3.3%) in 1 gap."
    ) in text
    assert "The file is whole, and every byte is as it was written (" in text
    assert "Research use only. Not a medical device" in text
    assert text.startswith("Session S1 of P01")


def test_no_line_joins_the_answers_of_two_sets(recording: Path) -> None:
    [figure] = [svg for svg in reported(recording).iter("svg") if "load over time" in (svg.get("aria-label") or "")]
    lines = [path for path in figure.iter("path") if path.get("class") == "line c1"]
    begins = [path.get("d", "").count("M") for path in lines]
    assert begins == [3, 1]  # 10 to 20, 32 to 40, 46 to 50 s of the population; 51 to 60 s of the personal set


def test_the_tables_have_the_numbers(recording: Path) -> None:
    page = reported(recording)
    assert rows(page, "Answers")[1:] == [
        ["population", "30", "83.3%", "0.470", "0.530", "44.0%", "56.0%"],
        ["personal", "10", "100%", "0.250", "0.750", "0%", "100%"],
    ]
    assert rows(page, "Why it abstained")[1:] == [["unusable signal: flat line", "5", "12.5%"]]
    assert rows(page, "Why windows are not good")[1:] == [
        ["flat line", "5", "12.5%"], ["baseline wander", "3", "7.5%"], ["share of samples bridged", "3", "7.5%"],
    ]  # fmt: skip
    assert rows(page, "Intervals between markers")[2] == [
        "1 rest", "0:00:15.500", "20.0 s", "population", "4", "100%", "93.5", "40.0", "0.75", "0%",
    ]  # fmt: skip
    assert rows(page, "Gaps")[1:] == [["0:00:20.000", "0:00:22.000", "2.000", "512", "open", "radio lost"]]
    assert [row[1] + row[-1] for row in rows(page, "Markers")[1:]] == [
        "0:00:15.500rest", "0:00:35.500load <b>", "0:00:50.500end",
    ]  # fmt: skip
    facts = dict(rows(page, "Metadata of the recording"))
    assert (facts["participant"], facts["session"], facts["length"]) == ("P01", "S1", "0:01:00")
    assert (facts["device"], facts["ECG"], facts["model"]) == ("Made up", "ECG at 256 Hz", "<&> \ufffd")
    assert facts["predictions"] == "every 1 s, 10 ms (median) to 10 ms (95 %) after the last sample of a window"
    assert facts["end"] == "end of the recording, at 0:01:00"


def test_abstentions_are_gaps_in_the_line(recording: Path) -> None:
    (head,) = (
        one for one in reported(recording).iter("svg") if (one.get("aria-label") or "").startswith("load over time")
    )
    drawn = [one.get("d") or "" for one in head.iter("path") if one.get("class") == "line c1"]
    assert [line.count("M") for line in drawn] == [3, 1]  # before the gap, after it, after the abstentions; personal
    assert [line.count("L") for line in drawn] == [30 - 5 - 3, 10 - 1]
    (change,) = (one.get("d") or "" for one in head.iter("path") if one.get("class") == "change")
    assert change.startswith("M")


def test_same_recording_same_bytes(recording: Path, tmp_path: Path) -> None:
    first, second = (write_report([recording], tmp_path / name).path.read_bytes() for name in ("1.html", "2.html"))
    assert first == second


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=20))
def test_no_text_becomes_markup(tmp_path: Path, text: str) -> None:
    nasty = f"<script>&\"'</svg>{text}"
    items: list[Item] = [*(chunk(second) for second in range(12)), window(10), marker(3.0, nasty)]
    items += [State("warning", nasty, BEGAN), window(11, None, replace(window(11).quality, reasons=(nasty,)))]
    path = tmp_path / "a.xdf"
    path.unlink(missing_ok=True)
    record(path, items, replace(INFO, name=nasty, channels=(nasty,)))
    page = reported(path)
    assert {one.tag for one in page.iter()} <= TAGS
    html = path.with_name("page.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "</svg>&" not in html


def test_a_page_is_replaced_when_that_is_asked_for_and_a_recording_never(recording: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(recording, tmp_path))
    before = path.read_bytes()
    page = tmp_path / "a.html"
    assert write_report([path]).path == page
    page.write_text("mine")
    with pytest.raises(RecordingError, match="is there already"):
        write_report([path])
    assert page.read_text() == "mine"
    write_report([path], force=True)
    assert page.read_text() != "mine"
    with pytest.raises(RecordingError, match="the recording itself"):
        write_report([path], path, force=True)
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.html", "a.xdf"]


def test_a_full_disk_keeps_the_page_that_was_there(recording: Path, tmp_path: Path) -> None:
    page = tmp_path / "p.html"
    page.write_text("before")
    with full_disk(1000), pytest.raises(RecordingError, match=rf"p\.html cannot be written: {FULL}"):
        write_report([recording], page, force=True)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("p.html", "before")]


@pytest.mark.parametrize("hours", [0.25, pytest.param(8, marks=pytest.mark.soak)])
def test_a_long_session_is_a_small_page_that_explains_its_columns(tmp_path: Path, hours: float) -> None:
    path, seconds = tmp_path / "a.xdf", int(hours * 3600)
    record(path, long_story(seconds), limit=1 << 30)
    tracemalloc.start()
    page = reported(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    assert path.with_name("page.html").stat().st_size < 500_000
    text = words(page)
    assert f"A column is {seconds / 395:.3g} s wide: the line is the median of its windows" in text
    assert f"of {seconds - 9:,} windows usable" in text


def test_memory_does_not_grow_with_the_signal(tmp_path: Path) -> None:
    peaks = []
    for minutes in (3, 15):
        path = tmp_path / f"{minutes}.xdf"
        record(path, (chunk(second) for second in range(60 * minutes)))
        tracemalloc.start()
        write_report([path])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000  # 12 minutes are 1.5 MB of samples


def test_a_truncated_file_is_used_up_to_the_cut_which_is_reported(recording: Path, tmp_path: Path) -> None:
    whole, path = recording.read_bytes(), tmp_path / "cut.xdf"
    for share in (0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        made = write_report([path], force=True)
        assert made.error is None
        assert "cut" in made.remarks[0] or "not closed" in made.remarks[0]
        text = words(reported(path))
        assert "Not closed, without stream footers: cut.xdf" in text
        assert "Read this first" in text
    path.write_bytes(whole[:60])
    with pytest.raises(TruncatedError, match="before anything was recorded"):
        write_report([path], force=True)


def test_damage_is_reported_first_and_is_an_error(recording: Path, tmp_path: Path) -> None:
    data, path = bytearray(recording.read_bytes()), tmp_path / "bad.xdf"
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    made = write_report([path])
    assert made.error is not None
    assert made.error.exit_code == 4
    assert "DAMAGED: bad.xdf" in words(reported(path))


def test_sessions_that_lack_something(tmp_path: Path) -> None:
    record(tmp_path / "strap.xdf", strap_story(), STRAP)
    text = words(reported(tmp_path / "strap.xdf"))
    assert "0:00:31 without ECG: 100% of 20 windows usable" in text
    assert "load never answered" in text
    assert "no ECG on this device" in text
    record(tmp_path / "short.xdf", [chunk(0), chunk(1)])
    text = words(reported(tmp_path / "short.xdf"))
    assert "0:00:02 was recorded, and no window of 10 s was complete" in text
    assert "No markers." in text
    record(tmp_path / "none.xdf", [State("searching", "looking", BEGAN), Marker(BEGAN + 1, "hello")])
    assert "hello" in words(reported(tmp_path / "none.xdf"))
    record(tmp_path / "nothing.xdf", [])
    assert "0:00:00 was recorded" in words(reported(tmp_path / "nothing.xdf"))


def test_what_is_no_recording_of_ours_is_one_line(tmp_path: Path) -> None:
    lab = plain.write(tmp_path / "lab.xdf", plain.header(1, "P", "ECG", "float32", 130), *plain.ecg())
    with pytest.raises(FormatError, match=r"no heart rate, quality or predictions \(run it .*--record NEW\.xdf\)"):
        write_report([lab])
    with pytest.raises(FormatError, match="expected b'XDF:'"):
        write_report([recordings_folder() / "supine_1min.txt"], tmp_path / "p.html")
    with pytest.raises(RecordingError, match="no such file"):
        write_report([tmp_path / "none.xdf"])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lab.xdf"]


@pytest.mark.parametrize(("end", "silent"), [(12.0, False), (29.0, True)])
def test_a_device_that_never_came_back_is_reported_without_a_gap(tmp_path: Path, end: float, silent: bool) -> None:
    items: list[Item] = [chunk(second) for second in range(10)]
    items += [State("lost", "Strap, lost 0 s ago, attempt 0", BEGAN + 10), State("ended", "stopped", BEGAN + end)]
    record(tmp_path / "a.xdf", items)
    remarks = write_report([tmp_path / "a.xdf"]).remarks
    assert remarks == (
        ["No sample came in the last 19 s before the end: they count in no gap and in no share."] * silent
    )
