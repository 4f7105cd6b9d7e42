"""Answers that a session recorded: as a table, in every export, for `verify` and `forget`."""

from __future__ import annotations

import csv
import gzip
import json
import math
from pathlib import Path

import edfio
import numpy as np
import pytest

from devices.read_options import ReadOptions
from ecg_live.events import AffectRating, Marker, SelfReportAnswer
from ecg_live.recorded.export import export
from ecg_live.recorded.export.bids import BidsNames
from ecg_live.recorded.forget.search import search_participant
from ecg_live.recorded.self_reports import distinct_askings, read_affect_ratings, read_self_reports
from ecg_live.recorded.session_file import SessionContents, read_contents
from ecg_live.recorded.verify import verify
from ecg_live.results import Item
from ecg_live.sinks.jsonl import line_fields
from tests.support.bids_validator import bids_errors
from tests.support.participant_files import profile
from tests.support.xdf_recordings import BEGAN, counted, load, record

PLAIN = ReadOptions()
FROM = 512  # sample index of the file's first sample: 2 s of its session


def answer(shown: float, time: float, report: str = "mood", kind: str = "sam", **fields: object) -> SelfReportAnswer:
    """An answer at seconds of stream time, as the session hands it to sinks."""
    return SelfReportAnswer(
        report, kind, BEGAN + shown, BEGAN + time, raw_shown=shown, raw=time, **fields  # type: ignore[arg-type]
    )  # fmt: skip


SAM = answer(4.0, 6.5, values=(("valence", 7.0), ("arousal", 3.0)), scale=(1.0, 9.0), block="rest", asking=2)
SKIPPED = answer(
    7.0, 7.5, "load", "likert", values=(("tired", 1.0), ("tense", None)), scale=(1.0, 5.0), missing="skipped"
)  # fmt: skip
TEXT = answer(8.0, 9.0, "remarks", "text", text="=1+1, «gut»\nso", block="task")
EARLY = SelfReportAnswer("mood", "slider", BEGAN - 3, BEGAN - 2, (("valence", -0.25),), scale=(-1.0, 1.0))


def items() -> list[Item]:
    ratings = [AffectRating(BEGAN + 3 + k / 20, k / 40, -k / 40, 3 + k / 20) for k in range(20)]
    return [*counted(FROM, 5120), EARLY, SAM, Marker(BEGAN + 6.75, "x", 6.75), SKIPPED, TEXT, *ratings]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    record(tmp_path / "P01.xdf", items())
    return tmp_path / "P01.xdf"


def contents(path: Path) -> SessionContents:
    found = read_contents(path)
    assert found is not None
    return found


def test_answers_are_a_table_with_times_of_the_file(session: Path) -> None:
    rows = read_self_reports(contents(session))
    assert [(row.report, row.item, row.value, row.text, row.missing) for row in rows] == [
        ("mood", "valence", -0.25, "", ""),
        ("mood", "valence", 7.0, "", ""),
        ("mood", "arousal", 3.0, "", ""),
        ("load", "tired", 1.0, "", ""),
        ("load", "tense", None, "", "skipped"),
        ("remarks", "text", None, "=1+1, «gut»\nso", ""),
    ]
    early, sam = rows[0], rows[1]
    assert (sam.shown, sam.time, sam.scale, sam.block, sam.asking, sam.kind) == (2.0, 4.5, (1.0, 9.0), "rest", 2, "sam")
    assert math.isnan(early.shown)
    assert early.time == pytest.approx(-4.0)  # by its timestamp, since no sample had come
    assert [len(asking) for asking in distinct_askings(rows)] == [1, 2, 2, 1]


def test_ratings_lie_where_the_ecg_has_them(session: Path) -> None:
    ratings = read_affect_ratings(contents(session))
    np.testing.assert_allclose(ratings.times, 1 + np.arange(20) / 20, atol=1e-6)
    np.testing.assert_array_equal(ratings.values, np.outer(np.arange(20) / 40, (1, -1)))


def test_a_file_without_self_reports_has_none(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", counted(0, 512))
    assert read_self_reports(contents(tmp_path / "a.xdf")) == ()
    assert read_affect_ratings(contents(tmp_path / "a.xdf")).values.shape == (0, 2)


def test_other_programs_find_a_row_for_each_item(session: Path) -> None:
    stream = load(session)["self_reports"]
    labels = [each["label"][0] for each in stream["info"]["desc"][0]["channels"][0]["channel"]]
    assert dict(zip(labels, stream["time_series"][1], strict=True)) == {
        "report": "mood", "kind": "sam", "item": "valence", "value": "7.0", "scale": "1 to 9", "missing": "",
        "block": "rest", "asking": "2", "shown": "4.0", "time": "6.5",
    }  # fmt: skip
    assert stream["info"]["name"] == ["Self-reports"]
    ratings = load(session)["affect_ratings"]
    assert ratings["info"]["desc"][0]["channels"][0]["channel"][1]["unit"] == ["-1 to 1"]
    np.testing.assert_allclose(ratings["time_stamps"], BEGAN + 3 + np.arange(20) / 20)


def test_one_line_of_json_for_an_answer_and_none_for_a_sample() -> None:
    assert line_fields(SKIPPED, 256.0) == {
        "type": "self_report", "time": 7.5, "shown": 7.0, "report": "load", "kind": "likert",
        "values": {"tired": 1.0, "tense": None}, "text": "", "scale": [1.0, 5.0], "missing": "skipped", "block": "",
        "asking": 1,
    }  # fmt: skip
    assert json.dumps(line_fields(TEXT, 256.0))
    assert line_fields(AffectRating(1.0, 0.0, 0.0), 256.0) is None


def test_csv_has_both_tables(session: Path) -> None:
    files = {path.name: path for path in export(session, "csv", None, PLAIN).files}
    assert list(files) == [f"P01_{name}.csv" for name in ("ecg", "markers", "gaps", "self_reports", "affect_ratings")]
    with files["P01_self_reports.csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {
        "shown [s]": "2.000000", "time [s]": "4.500000", "block": "rest", "report": "mood", "asking": "2",
        "kind": "sam", "item": "valence", "value": "7", "low": "1", "high": "9", "text": "", "missing": "",
    }  # fmt: skip
    assert (rows[5]["value"], rows[5]["text"]) == ("", "'=1+1, «gut»\nso")
    assert (rows[4]["value"], rows[4]["missing"]) == ("", "skipped")
    lines = files["P01_affect_ratings.csv"].read_text(encoding="utf-8").splitlines()
    assert lines[:3] == [
        "time [s],valence [-1 to 1],arousal [-1 to 1]", "1.000000,0.0,0.0", "1.050000,0.025,-0.025"
    ]  # fmt: skip
    assert len(lines) == 21


def test_edf_has_annotations_from_the_question_to_the_answer(session: Path) -> None:
    (path,) = export(session, "edf", None, PLAIN).files
    found = {each.text: (each.onset, each.duration) for each in edfio.read_edf(path).annotations}
    assert found["self-report/mood/valence: 7 (1 to 9)"] == (2.0, 2.5)
    assert found["self-report/load/tense: no answer: skipped"] == (5.0, 0.5)
    assert found["self-report/mood/valence: -0.25 (-1 to 1)"] == (0.0, 0.0)  # before the first sample
    assert found["self-report/remarks/text: =1+1, «gut» so"] == (6.0, 1.0)


def test_bids_events_hold_markers_and_answers_in_order(session: Path) -> None:
    files = export(session, "bids", None, PLAIN, names=BidsNames(task="stress")).files
    events = next(path for path in files if path.name.endswith("_events.tsv"))
    with events.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["trial_type"] for row in rows] == [
        "self-report/mood/valence", "self-report/mood/valence", "self-report/mood/arousal", "x",
        "self-report/load/tired", "self-report/load/tense", "self-report/remarks/text",
    ]  # fmt: skip
    assert list(rows[1].values()) == ["2.0", "2.5", "self-report/mood/valence", "7", "n/a", "1 to 9", "n/a", "rest"]
    assert set(rows[3].values()) == {"4.75", "x", "n/a"}
    described = json.loads(events.with_suffix(".json").read_text())
    assert set(rows[0]) <= set(described)


def test_bids_has_the_rating_at_its_rate(session: Path) -> None:
    files = export(session, "bids", None, PLAIN, names=BidsNames(task="stress")).files
    table, sidecar = (path for path in files if "recording-rating" in path.name)
    told = json.loads(sidecar.read_text())
    assert (told["SamplingFrequency"], told["StartTime"], told["Columns"]) == (20, 0, ["valence", "arousal"])
    lines = gzip.decompress(table.read_bytes()).decode().splitlines()
    assert lines[:20] == 20 * ["n/a\tn/a"]  # it begins a second after the first sample
    assert lines[20:] == [f"{k / 40!r}\t{-k / 40!r}" for k in range(20)]
    assert bids_errors(session.with_name("bids")) == []


def test_verify_counts_them_and_forget_finds_their_tables(session: Path, tmp_path: Path) -> None:
    report = verify(session)
    assert report.sound
    counts = {count.stream.name: count.samples for count in report.counts.values()}
    assert (counts["Self-reports"], counts["Affect ratings"]) == (6, 20)
    export(session, "csv", None, PLAIN)
    found = search_participant(profile("P01", tmp_path / "data"), [tmp_path])
    names = {each.path.name for each in found.to_remove}
    assert {"P01.xdf", "P01_self_reports.csv", "P01_affect_ratings.csv"} <= names
