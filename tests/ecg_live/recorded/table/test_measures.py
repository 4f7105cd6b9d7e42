"""RR intervals, self-reports and ratings of a block, in its row of the group table."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecg_live.events import AffectRating, Beats, SelfReportAnswer
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.table import write_group_table
from ecg_live.recorded.table.recordings import find_recordings
from ecg_live.recorded.table.row_spans import RowKind
from ecg_live.results import Item, RrFlag, RrInterval
from tests.support.html_pages import words
from tests.support.recorded_sessions import STRAP, chunk, marker, reported, rolled, strap_story
from tests.support.xdf_recordings import BEGAN, record

MARKERS = {10: "block/rest/start", 110: "block/rest/stop", 115: "block/rest/start", 125: "block/rest/stop"}


def answer(time: float, report: str, kind: str, **fields: object) -> SelfReportAnswer:
    return SelfReportAnswer(
        report, kind, BEGAN + time - 1, BEGAN + time, raw_shown=time - 1, raw=time, **fields  # type: ignore[arg-type]
    )  # fmt: skip


ANSWERS = {
    50: answer(50.0, "tired", "likert", values=(("now", 2.0),), scale=(1.0, 5.0)),
    80: answer(80.0, "tired", "likert", values=(("now", 5.0),), scale=(1.0, 5.0)),
    112: answer(112.0, "mood", "sam", values=(("valence", 7.0), ("arousal", None)), scale=(1.0, 9.0), block="rest"),
    113: answer(113.0, "remarks", "text", text="=warm", block="rest"),
    127: answer(127.0, "mood", "sam", values=(("valence", 3.0), ("arousal", 4.0)), scale=(1.0, 9.0), block="rest"),
}


def items() -> Iterator[Item]:
    """Beats at each full second plus 0 or 20 ms by turns, so that intervals are 1.02 and 0.98 s; one is ectopic."""
    for second in range(130):
        if second in MARKERS:
            yield marker(float(second), MARKERS[second])
        if second in ANSWERS:
            yield ANSWERS[second]
        yield chunk(second)
        rr, late = (1.02, 0.02) if second % 2 else (0.98, 0.0)
        flag: RrFlag = "ectopic" if second == 60 else "normal"
        yield RrInterval(BEGAN + second + late, second + late, rr, flag, "ecg")
        if 20 <= second < 40:
            yield AffectRating(BEGAN + second, 0.5, -0.25 if second < 30 else 0.25, float(second))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    record(tmp_path / "s.xdf", items())
    return tmp_path / "s.xdf"


def rows(path: Path, kind: RowKind = "block") -> list[dict[str, str]]:
    written = write_group_table(find_recordings([path]), path.with_name("t.csv"), kind, force=True)
    with written.paths.table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_hrv_of_a_block_is_that_of_its_intervals(path: Path) -> None:
    long, short = rows(path)
    kept = 99  # of the 100 intervals from 10 to 110 s, one is ectopic
    assert (long["n_rr"], long["n_ectopic"]) == (str(kept), "1")
    assert float(long["rr_coverage"]) == pytest.approx(0.99, abs=0.001)
    assert (long["rmssd"], long["pnn50"]) == ("40.0", "0.0")
    assert float(long["sdnn"]) == pytest.approx(20 * math.sqrt(kept / (kept - 1)), abs=0.01)
    assert (long["lf"], float(long["hf"]) >= 0) == ("", True)  # LF needs two minutes
    assert (short["n_rr"], short["sdnn"], short["rmssd"]) == ("9", "", "")  # of 10 s nothing is said


def test_answers_belong_to_the_run_of_the_block_that_they_followed(path: Path) -> None:
    first, second = rows(path)
    assert (first["self_report_mood_valence"], first["self_report_mood_arousal"]) == ("7.0", "")
    assert (second["self_report_mood_valence"], second["self_report_mood_arousal"]) == ("3.0", "4.0")
    assert first["self_report_tired_now"] == "3.5"  # the mean of two that name no block
    assert (first["self_report_remarks_text"], second["self_report_remarks_text"]) == ("'=warm", "")
    assert (first["rating_valence_mean"], first["rating_arousal_mean"]) == ("0.5", "0.0")
    assert second["rating_valence_mean"] == ""
    (whole,) = rows(path, "session")
    assert (whole["self_report_mood_valence"], whole["self_report_tired_now"]) == ("5.0", "3.5")
    with path.with_name("t.codebook.csv").open(encoding="utf-8", newline="") as file:
        book = {row["column"]: row for row in csv.DictReader(file)}
    assert book["self_report_mood_valence"]["unit"] == "1 to 9"
    assert book["sdnn"]["unit"] == "ms"


def test_excluded_stretches_cost_intervals_and_ratings(path: Path) -> None:
    open_annotations(path).add("excluded", 30.0, 30.0, "moved")
    first, _ = rows(path)
    assert first["n_rr"] == str(99 - 29)
    assert first["sdnn"] == ""  # too much is missing
    assert first["rating_arousal_mean"] == "-0.25"


def test_intervals_at_the_seam_of_two_files_count(tmp_path: Path) -> None:
    """A session finds the last intervals of a file when it writes to the next one already."""

    def late() -> Iterator[Item]:
        for second in range(130):
            yield chunk(second)
            if second >= 3:
                yield RrInterval(BEGAN + second - 2.5, second - 2.5, 1.0, "normal", "ecg")

    files = rolled(tmp_path / "s.xdf", late(), seconds=70.0)
    assert len(files) == 2
    (row,) = rows(files[0], "session")
    assert (row["n_rr"], row["rmssd"]) == ("126", "0.0")  # of 127, the first begins before the recording


def test_answers_of_a_strap_and_before_the_first_sample_are_there(tmp_path: Path) -> None:
    """A strap has no samples from which an answer's time could be counted."""
    asked = SelfReportAnswer("mood", "likert", BEGAN + 11, BEGAN + 12, (("now", 4.0),), scale=(1.0, 5.0))
    early = SelfReportAnswer("mood", "likert", BEGAN - 5, BEGAN - 4, (("before", 2.0),), scale=(1.0, 5.0))
    beats = list(strap_story())
    record(tmp_path / "s.xdf", [early, *beats[:20], asked, *beats[20:]], STRAP)
    (row,) = rows(tmp_path / "s.xdf", "session")
    assert (row["self_report_mood_now"], row["self_report_mood_before"]) == ("4.0", "2.0")
    (row,) = rows(tmp_path / "s.xdf", "marker")  # from 12.25 s on
    assert row["self_report_mood_before"] == ""


def test_ratings_of_a_strap_are_in_table_and_report(tmp_path: Path) -> None:
    """Its stream has no samples from which the time of a rating could be counted."""

    def rated() -> Iterator[Item]:
        for item in strap_story():
            yield item
            if isinstance(item, Beats):
                for time in (item.time + part / 20 for part in range(20)):
                    yield AffectRating(time, 0.5 if time < BEGAN + 12.25 else -0.5, 0.25)  # the film begins then

    record(tmp_path / "s.xdf", rated(), STRAP)
    (row,) = rows(tmp_path / "s.xdf", "session")
    mean = (245 * 0.5 - 355 * 0.5) / 600
    assert row["rating_valence_mean"] == str(round(mean, 6))
    assert row["rating_arousal_mean"] == "0.25"
    (after_film,) = rows(tmp_path / "s.xdf", "marker")
    assert (after_film["rating_valence_mean"], after_film["onset"]) == ("-0.5", "12.25")
    shown = words(reported(tmp_path / "s.xdf"))
    assert f"valence {mean:.2f}, arousal 0.25 (-1 to 1; mean of 600 samples)" in shown


def test_the_report_leaves_out_the_same_ratings_as_the_table(path: Path) -> None:
    open_annotations(path).add("excluded", 25.0, 5.0, "moved")
    first, _ = rows(path)
    assert first["rating_arousal_mean"] == str(round((5 * -0.25 + 10 * 0.25) / 15, 6))
    assert "valence 0.50, arousal 0.08 (-1 to 1; mean of 15 samples)" in words(reported(path))


def test_an_item_that_was_a_number_once_and_a_text_once_is_a_text(tmp_path: Path) -> None:
    number = answer(1.5, "mood", "likert", values=(("text", 4.0),), scale=(1.0, 5.0))
    words = answer(1.5, "mood", "text", text="well")
    for name, found in (("a", [number]), ("b", [words]), ("c", [number, words])):
        record(tmp_path / f"{name}.xdf", [chunk(0), chunk(1), *found])
    out = tmp_path / "t.csv"
    write_group_table(find_recordings([tmp_path]), out, "session")
    with out.open(encoding="utf-8", newline="") as file:
        cells = [row["self_report_mood_text"] for row in csv.DictReader(file)]
    assert sorted(cells) == ["4.0", "4.0; well", "well"]


def test_answers_on_several_scales_are_said(tmp_path: Path) -> None:
    for name, top in (("a", 5.0), ("b", 7.0), ("c", 5.0)):
        given = answer(1.5, "mood", "likert", values=(("now", 4.0),), scale=(1.0, top))
        record(tmp_path / f"{name}.xdf", [chunk(0), chunk(1), given])
    written = write_group_table(find_recordings([tmp_path]), tmp_path / "t.csv", "session")
    with written.paths.codebook.open(encoding="utf-8", newline="") as file:
        units = {each["column"]: each["unit"] for each in csv.DictReader(file)}
    assert units["self_report_mood_now"] == "1 to 5; 1 to 7"
    (remark,) = [each for each in written.remarks if "scales" in each]
    assert "self_report_mood_now" in remark
    assert "(1 to 5; 1 to 7)" in remark


def test_items_whose_names_differ_in_punctuation_alone_have_columns_of_their_own(tmp_path: Path) -> None:
    named = [("mood", "now", 1.0), ("mood", "now!", 2.0), ("mood_now", "a", 3.0), ("mood", "now_a", 4.0)]
    given = [answer(1.5, report, "likert", values=((item, value),)) for report, item, value in named]
    record(tmp_path / "s.xdf", [chunk(0), chunk(1), *given])
    out = tmp_path / "t.csv"
    written = write_group_table(find_recordings([tmp_path]), out, "session")
    assert any("see the codebook" in remark for remark in written.remarks)
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    with written.paths.codebook.open(encoding="utf-8", newline="") as file:
        book = {each["column"]: each["meaning"] for each in csv.DictReader(file)}
    assert list(book) == list(row)
    assert row["self_report_mood_now"] == "1.0"  # the name that needs no change keeps it
    for report, item, value in named:
        (column,) = (
            name for name, meaning in book.items() if meaning == f"answer to {report}, {item}; mean of several"
        )
        assert row[column] == str(value)
