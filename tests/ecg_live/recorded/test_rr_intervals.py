"""RR intervals of a recording: as its session recorded them, or found again by the same code; in every export."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import edfio
import numpy as np
import pytest

from devices.read_options import ReadOptions
from ecg_live.events import Beats, Chunk, Gap, StreamInfo
from ecg_live.recorded.export import export
from ecg_live.recorded.export.bids import BidsNames
from ecg_live.recorded.export.bids.affect_rating import rating_rows
from ecg_live.recorded.export.bids.tachogram import tachogram_rows
from ecg_live.recorded.report import write_report
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import load_session
from ecg_live.recorded.report.session_intervals import session_intervals
from ecg_live.recorded.rr_intervals import RR_STREAMS, RrSeries, read_rr_intervals, recorded_intervals
from ecg_live.recorded.self_reports import AffectRatings
from ecg_live.recorded.session_file import read_contents
from ecg_live.recorded.verify import verify
from ecg_live.resources import demo_recording, recordings_folder
from ecg_live.results import Item, RrInterval
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_intervals import WindowIntervals, intervals_of
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_recorder import XdfRecorder
from tests.support.bids_validator import bids_errors
from tests.support.decoding import decode
from tests.support.recorded_sessions import STRAP, rolled
from tests.support.scripted_source import HandClock
from tests.support.synthetic_signals import Tape, ecg, info
from tests.support.xdf_recordings import BEGAN, HEADS, INFO, RATE, TEXTS, load, record

PLAIN = ReadOptions()
LOST = ((round(25 * RATE), round(2 * RATE)),)


def session_items(start: int = 0) -> Iterator[Item]:
    """50 s of ECG with 2 s lost, and the RR intervals that a session finds; the recording begins at a second."""
    x = ecg(50, RATE)
    at = round(40.4 * RATE)
    x[at - 60 : at + 60] *= 0.0  # a beat less
    path, found = SignalPath(info(RATE)), WindowIntervals()
    for item in Tape(x, RATE, LOST).items([256] * 60):
        assert isinstance(item, Chunk)
        chunk = replace(item, time=BEGAN + item.start / RATE)
        if chunk.start >= start * RATE:
            yield chunk
        outputs = list(path.push(chunk))
        made: list[Item] = [*intervals_of(outputs, found), *(each for each in outputs if isinstance(each, Gap))]
        if chunk.start >= start * RATE:
            yield from made
    yield from intervals_of(path.flush(), found)
    yield from found.end_segment()


@pytest.fixture
def session(tmp_path: Path) -> Path:
    record(tmp_path / "a.xdf", session_items())
    return tmp_path / "a.xdf"


def same(one: RrSeries, other: RrSeries) -> None:
    np.testing.assert_allclose(one.stop, other.stop, atol=1e-9)
    np.testing.assert_allclose(one.rr, other.rr, atol=1e-9)
    np.testing.assert_array_equal(one.flags, other.flags)


def test_a_file_gives_what_its_session_found(session: Path) -> None:
    found, items = read_rr_intervals(session), [item for item in session_items() if isinstance(item, RrInterval)]
    assert found.stop.tolist() == [item.raw for item in items]
    assert [row[1:] for row in found.rows()] == [(item.rr, item.flag, item.source) for item in items]
    assert found.recorded
    assert 0 < (~found.normal).sum() < 4
    stream = load(session)["rr_intervals"]
    assert (stream["info"]["name"], stream["info"]["type"]) == (["RR intervals"], ["RR"])
    np.testing.assert_allclose(stream["time_stamps"], [item.time for item in items])


def test_a_file_without_them_is_searched_by_the_same_code(session: Path, tmp_path: Path) -> None:
    record(tmp_path / "b.xdf", [item for item in session_items() if isinstance(item, Chunk)])
    contents = read_contents(session, RR_STREAMS)
    assert contents is not None
    older = replace(contents, streams={key: each for key, each in contents.streams.items() if key != "rr_intervals"})
    found = read_rr_intervals(session, contents=older)
    assert not found.recorded
    same(found, read_rr_intervals(session))
    same(read_rr_intervals(session, ReadOptions(channel="ECG")), found)
    assert not len(read_rr_intervals(tmp_path / "b.xdf"))  # its session found none


def test_times_count_from_the_files_first_sample(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", session_items(15))
    found = read_rr_intervals(tmp_path / "a.xdf")
    items = [item for item in session_items(15) if isinstance(item, RrInterval)]
    inside = [item for item in items if item.raw is not None and item.raw - item.rr >= 15]
    assert len(inside) < len(items)
    assert found.stop.tolist() == pytest.approx([(item.raw or 0) - 15 for item in inside])


def test_the_files_of_a_recording_have_each_interval_once(tmp_path: Path) -> None:
    """The session finds the last intervals of a file a little later, when it writes to the next one."""
    items = [item for item in session_items() if not isinstance(item, Chunk) or len(item.samples)]
    files = rolled(tmp_path / "a.xdf", iter(items), 17.0)
    assert len(files) > 2
    starts, stops, lengths = [], list[float](), list[float]()
    for path in files:
        contents = read_contents(path)
        assert contents is not None
        starts.append(contents.start_s)
        (table,) = [each for each in export(path, "csv", None, PLAIN).files if each.stem.endswith("_rr")]
        with table.open(newline="") as file:
            rows = [(float(row["time [s]"]), float(row["RR [s]"])) for row in csv.DictReader(file)]
        assert rows[0][0] >= 0
        stops += [starts[-1] + stop for stop, _ in rows]
        lengths += [rr for _, rr in rows]
    known = [item for item in items if isinstance(item, RrInterval)]
    assert stops == pytest.approx([item.raw for item in known], abs=1e-5)
    assert lengths == pytest.approx([item.rr for item in known], abs=1e-5)
    assert any(stop - rr < start < stop for stop, rr in zip(stops, lengths, strict=True) for start in starts[1:])
    whole = session_intervals(load_session(read_recording_files(files)))
    assert stops == pytest.approx(whole.stop.tolist(), abs=1e-5)
    for path in files[1:]:
        export(path, "edf", None, PLAIN)
        export(path, "bids", None, PLAIN, names=BidsNames("rest", "P01"))


def test_an_older_straps_file_has_them_among_its_events(tmp_path: Path) -> None:
    beats = [Beats(BEGAN + second, 60.0, (1.0,)) for second in range(20)]
    record(tmp_path / "a.xdf", beats, STRAP)
    contents = read_contents(tmp_path / "a.xdf", RR_STREAMS)
    assert contents is not None
    found = recorded_intervals(replace(contents, streams={"events": contents.streams["events"]}))
    assert found is not None
    assert [*found.rows()] == [(float(k), 1.0, "normal", "device") for k in range(20)]
    assert not len(read_rr_intervals(tmp_path / "a.xdf"))


def test_a_cut_file_gives_what_is_left(session: Path) -> None:
    whole = read_rr_intervals(session)
    session.write_bytes(session.read_bytes()[:-20_000])
    left = read_rr_intervals(session)
    assert 10 < len(left) < len(whole)
    same(left, replace(whole, stop=whole.stop[: len(left)], rr=whole.rr[: len(left)], flags=whole.flags[: len(left)]))


def test_csv_has_each_with_its_flag(session: Path) -> None:
    files = export(session, "csv", None, PLAIN).files
    assert [path.name for path in files] == ["a_ecg.csv", "a_markers.csv", "a_gaps.csv", "a_rr.csv"]
    with files[-1].open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["time [s]", "RR [s]", "flag", "source"]
    columns, expected = zip(*rows, strict=True), zip(*read_rr_intervals(session).rows(), strict=True)
    for column, values in zip(columns, expected, strict=True):
        numbers = isinstance(values[0], float)
        assert [float(each) if numbers else each for each in column] == (
            pytest.approx(list(values), abs=1e-6) if numbers else list(values)
        )


def test_any_recording_is_exported_with_those_that_its_ecg_holds(tmp_path: Path) -> None:
    files = export(recordings_folder() / "supine_1min.txt", "csv", tmp_path / "a", PLAIN).files
    assert [path.name for path in files][-1] == "a_rr.csv"
    assert len(files[-1].read_text().splitlines()) == 1 + len(
        read_rr_intervals(recordings_folder() / "supine_1min.txt")
    )


def test_edf_has_annotations_of_those_that_are_not_normal(session: Path) -> None:
    (path,) = export(session, "edf", None, PLAIN).files
    expected = [
        f"RR interval {rr:.3f} s: {flag}" for _, rr, flag, _ in read_rr_intervals(session).rows() if flag != "normal"
    ]
    assert [each.text for each in edfio.read_edf(path).annotations if each.text.startswith("RR")] == expected
    assert expected
    assert decode(path).markers == []


def test_bids_has_the_interval_at_each_quarter_of_a_second(session: Path, tmp_path: Path) -> None:
    files = export(session, "bids", tmp_path / "study", PLAIN, names=BidsNames("rest", "P01")).files
    table, sidecar = (path for path in files if "recording-rr" in path.name)
    assert bids_errors(tmp_path / "study") == []
    told = json.loads(sidecar.read_text())
    assert (told["SamplingFrequency"], told["StartTime"], told["Columns"]) == (4, 0, ["rr", "flag"])
    rows = [line.split("\t") for line in gzip.decompress(table.read_bytes()).decode().splitlines()]
    found = read_rr_intervals(session)
    assert rows[(4 * 26)] == ["n/a", "n/a"]  # within the gap
    assert len(rows) == int(found.stop[-1] * 4) + 1
    kept = {row[0] for row in rows} - {"n/a"}
    assert kept == {repr(rr) for rr in found.rr.tolist()}  # none is lost


def test_a_tachogram_is_a_step_at_each_beat() -> None:
    series = RrSeries(np.array([1.0, 2.0, 5.0]), np.array([1.0, 1.0, 0.5]), np.array([0, 1, 0]), np.zeros(3, np.int64))
    rows = tachogram_rows(series)
    assert rows[[1, 4], 0].tolist() == [1.0, 1.0]
    assert rows[[1, 8], 1].tolist() == [0.0, 1.0]
    assert np.isnan(rows[[0, 12, 18], 0]).all()
    assert rows[19:, 0].tolist() == [0.5, 0.5]


def test_a_damaged_time_makes_no_table_of_years() -> None:
    """It needed 30 GB; what comes before it is exported."""
    series = RrSeries(np.array([1.0, 2.0, 1e9]), np.ones(3), np.zeros(3, np.int64), np.zeros(3, np.int64))
    assert len(tachogram_rows(series)) == 9
    assert len(rating_rows(AffectRatings(np.array([0.0, 0.05, 1e9]), np.zeros((3, 2))))) == 2


def test_verify_counts_them_by_flag(session: Path) -> None:
    report = verify(session)
    assert report.sound
    found = read_rr_intervals(session)
    (line,) = [line for line in report.lines() if "RR intervals:" in line]
    abnormal = int((~found.normal).sum())
    assert line.strip() == f"RR intervals: {len(found) - abnormal} normal, 0 ectopic, {abnormal} artefact"
    (stream,) = [each for each in report.as_json()["streams"] if each["key"] == "rr_intervals"]
    assert stream["flags"] == {"normal": len(found) - abnormal, "ectopic": 0, "artefact": abnormal}


def test_verify_reports_intervals_that_cannot_be(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", [*session_items(), RrInterval(BEGAN + 50, 50.0, -0.5, "normal", "ecg")])
    report = verify(tmp_path / "a.xdf")
    assert not report.sound
    assert "RR interval of -0.5 s with the flag 0" in report.problems[0]
    assert (read_rr_intervals(tmp_path / "a.xdf").rr > 0).all()


def test_the_chosen_lead_of_two_is_searched(tmp_path: Path) -> None:
    leads = np.concatenate((np.zeros((round(20 * RATE), 1)), ecg(20, RATE)), axis=1)
    record(
        tmp_path / "a.xdf", [Chunk(leads, 0, BEGAN)], StreamInfo(RATE, ("LL-RA", "LA-RA"), None, "Two", "two", ecg=1)
    )
    assert len(read_rr_intervals(tmp_path / "a.xdf", ReadOptions(channel="LA-RA"))) > 15
    assert not len(read_rr_intervals(tmp_path / "a.xdf", ReadOptions(channel="LL-RA")))


def test_the_demo_has_no_artefact() -> None:
    found = read_rr_intervals(demo_recording())
    assert found.normal.all()
    assert len(found) > 50


def test_a_file_of_an_older_version_is_searched_by_reader_and_report(tmp_path: Path) -> None:
    specs = [spec for spec in stream_specs(INFO, HEADS) if spec.key not in ("rr_intervals", "hrv")]
    sink = XdfRecorder(tmp_path / "a.xdf", specs, INFO, HEADS, TEXTS, HandClock(), interval=0.01)
    for item in session_items():
        sink.write(item)
    sink.close()
    found = read_rr_intervals(tmp_path / "a.xdf")
    assert not found.recorded
    record(tmp_path / "b.xdf", session_items())
    same(found, read_rr_intervals(tmp_path / "b.xdf"))
    page = write_report([tmp_path / "a.xdf"]).path.read_text(encoding="utf-8")
    assert f"{len(found)} RR intervals" in page
    assert "Found again in the recorded ECG." in page
