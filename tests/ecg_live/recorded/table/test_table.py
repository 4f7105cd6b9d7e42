"""A group table holds, cell by cell, what sessions with known answers give."""

from __future__ import annotations

import csv
import datetime as dt
import math
from dataclasses import replace
from pathlib import Path

import pytest

from ecg_live.annotations.current import SessionAnnotation
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.table import GroupTable, write_group_table
from ecg_live.recorded.table.recordings import find_recordings
from ecg_live.recorded.table.row_spans import RowKind, RowSpan, check_row_kind, row_spans
from ecg_live.recorded.table.row_values import row_values
from ecg_live.results import HeadInfo, HeadResult
from ecg_live.tables import Columns, read_table
from tests.support.blocked_session import record_blocks
from tests.support.recorded_sessions import STRAP, chunk, recorded, rolled, story, strap_story, window
from tests.support.xdf_recordings import record

TASK = {
    "participant_id": "P01",
    "session_id": "S1",
    "block": "task",
    "run": "1",
    "complete": "true",
    "onset": "50.0",
    "duration": "40.0",
    "n_windows": "31",
    "good_share": str(round(24 / 31, 6)),
    "poor_share": str(round(2 / 31, 6)),
    "unusable_share": str(round(5 / 31, 6)),
    "lost_samples": "0",
    "lost_share": "0.0",
    "excluded_duration": "0.0",
    "n_windows_excluded": "0",
    "exclusion_reasons": "",
    "n_windows_hr": "26",
    "hr_mean": str(round(60 + (sum(range(60, 71)) + sum(range(76, 91))) / 26, 6)),
    "rmssd_10s_mean": "40.0",
    "load_set": "personal",
    "load_n_answered": "15",
    "load_n_other_sets": "11",
    "load_abstained_share": str(round(5 / 31, 6)),
    "load_prob_rest_mean": "0.25",
    "load_prob_load_mean": "0.75",
    "load_label_rest_share": "0.0",
    "load_label_load_share": "1.0",
    "device": "Made up",
    "sampling_rate": "256.0",
}
REST = TASK | {
    "block": "rest",
    "onset": "10.0",
    "duration": "30.0",
    "n_windows": "11",
    "good_share": "1.0",
    "poor_share": "0.0",
    "unusable_share": "0.0",
    "lost_samples": "512",
    "lost_share": str(round(512 / (30 * 256), 6)),
    "n_windows_hr": "11",
    "hr_mean": "85.0",
    "hr_sd": str(round(math.sqrt(11), 6)),
    "load_set": "population",
    "load_n_answered": "11",
    "load_n_other_sets": "0",
    "load_abstained_share": "0.0",
    "load_prob_rest_mean": "0.75",
    "load_prob_load_mean": "0.25",
    "load_label_rest_share": "1.0",
    "load_label_load_share": "0.0",
}
CUT_TASK = TASK | {
    "run": "2",
    "complete": "false",
    "onset": "95.0",
    "duration": "25.0",
    "n_windows": "16",
    "good_share": "1.0",
    "poor_share": "0.0",
    "unusable_share": "0.0",
    "n_windows_hr": "16",
    "hr_mean": "172.5",
    "load_n_answered": "16",
    "load_n_other_sets": "0",
    "load_abstained_share": "0.0",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of P02 and P01 with blocks, and of a session without."""
    made = tmp_path_factory.mktemp("group")
    record_blocks(made / "a.xdf", "P02")
    record_blocks(made / "b.xdf", "P01")
    record(made / "c.xdf", story())
    return made


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def made(out: Path, *paths: Path, kind: RowKind = "block", force: bool = False) -> GroupTable:
    return write_group_table(find_recordings(paths), out, kind, force=force)


def test_each_block_has_a_row_with_known_cells(folder: Path, tmp_path: Path) -> None:
    written = made(tmp_path / "t.csv", folder / "a.xdf", folder / "b.xdf")
    rows = cells(written.paths.table)
    assert [(row["participant_id"], row["block"], row["run"]) for row in rows] == [
        (participant, block, run)
        for participant in ("P01", "P02")
        for block, run in (("rest", "1"), ("task", "1"), ("task", "2"))
    ]
    for row, known in zip(rows, 2 * [REST, TASK, CUT_TASK], strict=True):
        assert {name: row[name] for name in known} == known | {"participant_id": row["participant_id"]}
    times = [dt.datetime.fromisoformat(row["acq_time"]) for row in rows[:3]]
    assert [(time - times[0]).total_seconds() for time in times] == pytest.approx([0, 40, 85], abs=0.002)
    assert [Path(row["file"]).name for row in rows] == 3 * ["b.xdf"] + 3 * ["a.xdf"]
    assert (written.rows, written.recordings, written.exit_code, written.problems) == (6, 2, 0, [])


def test_the_codebook_describes_each_column_once(folder: Path, tmp_path: Path) -> None:
    paths = made(tmp_path / "t.csv", folder).paths
    with paths.table.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    book = cells(paths.codebook)
    assert [row["column"] for row in book] == header
    assert len(set(header)) == len(header)
    assert all(row["meaning"] for row in book)
    by_name = {row["column"]: row for row in book}
    assert by_name["load_prob_load_mean"]["source"] == "Predictions, Decisions: load"
    assert by_name["hr_mean"]["unit"] == "bpm"


def test_the_table_does_not_depend_on_the_order_of_the_files(folder: Path, tmp_path: Path) -> None:
    paths = [folder / name for name in ("a.xdf", "b.xdf", "c.xdf")]
    one, other = made(tmp_path / "one.csv", *paths), made(tmp_path / "other.csv", *paths[::-1], paths[0])
    assert one.paths.table.read_bytes() == other.paths.table.read_bytes()
    assert one.paths.files.read_bytes() == other.paths.files.read_bytes()


def test_parquet_holds_the_same_values(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    columns: Columns = {"block": "text", "hr_mean": "number", "run": "integer", "complete": "flag"}
    one, other = (
        read_table(made(tmp_path / f"t{end}", folder, force=True).paths.table, columns) for end in (".csv", ".parquet")
    )
    one["block"] = [value or "" for value in one["block"]]
    assert one == other


def test_a_session_without_blocks_is_one_row(folder: Path, tmp_path: Path) -> None:
    (row,) = cells(made(tmp_path / "t.csv", folder / "c.xdf").paths.table)
    assert (row["block"], row["onset"], row["duration"], row["n_windows"]) == ("", "0.0", "60.0", "40")
    assert (row["lost_samples"], row["hr_sd"] != "", row["load_set"]) == ("512", True, "population")


def test_a_repeated_block_of_two_recordings_is_numbered_and_said(folder: Path, tmp_path: Path) -> None:
    record_blocks(tmp_path / "again.xdf", "P01")
    written = made(tmp_path / "t.csv", folder / "b.xdf", tmp_path / "again.xdf")
    rows = cells(written.paths.table)
    assert [(row["block"], row["run"]) for row in rows] == [
        ("rest", "1"), ("task", "1"), ("task", "2"), ("rest", "2"), ("task", "3"), ("task", "4")
    ]  # fmt: skip
    assert any("column run numbers them" in remark for remark in written.remarks)


def test_two_copies_of_a_recording_give_no_rows(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.xdf").write_bytes((folder / "b.xdf").read_bytes())
    written = made(tmp_path / "t.csv", folder / "a.xdf", folder / "b.xdf", tmp_path / "copy.xdf")
    assert {row["participant_id"] for row in cells(written.paths.table)} == {"P02"}
    assert written.exit_code == RecordingError.exit_code
    assert "b.xdf and copy.xdf are both part 1 of one recording" in written.problems[0]


def test_a_damaged_recording_is_left_out_with_its_reason(folder: Path, tmp_path: Path) -> None:
    content = bytearray((folder / "b.xdf").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "bad.xdf").write_bytes(content)
    written = made(tmp_path / "t.csv", folder / "a.xdf", tmp_path)
    files = {Path(row["file"]).name: row for row in cells(written.paths.files)}
    assert (files["a.xdf"]["rows"], files["a.xdf"]["left_out"]) == ("3", "")
    assert files["bad.xdf"]["rows"] == "0"
    assert "bad.xdf" in files["bad.xdf"]["left_out"]
    assert {row["participant_id"] for row in cells(written.paths.table)} == {"P02"}
    assert written.exit_code == RecordingError.exit_code


def test_a_cut_recording_gives_its_rows_with_a_remark(folder: Path, tmp_path: Path) -> None:
    content = (folder / "b.xdf").read_bytes()
    (tmp_path / "cut.xdf").write_bytes(content[: len(content) * 3 // 4])
    written = made(tmp_path / "t.csv", tmp_path / "cut.xdf")
    assert [row["block"] for row in cells(written.paths.table)][:2] == ["rest", "task"]
    assert written.exit_code == 0
    assert any("cut" in remark for remark in written.remarks)


def test_files_of_one_recording_are_one_session(tmp_path: Path) -> None:
    parts = rolled(tmp_path / "s.xdf", story())
    assert len(parts) > 1
    (row,) = cells(made(tmp_path / "t.csv", parts[0]).paths.table)
    assert (row["n_windows"], row["lost_samples"], row["duration"]) == ("40", "512", "60.0")


def test_a_strap_without_ecg_has_a_row_without_samples(tmp_path: Path) -> None:
    record(tmp_path / "s.xdf", strap_story(), info=STRAP)
    (row,) = cells(made(tmp_path / "t.csv", tmp_path / "s.xdf").paths.table)
    assert (row["lost_samples"], row["load_set"], row["load_n_answered"]) == ("", "", "0")
    assert (row["load_abstained_share"], row["load_prob_load_mean"]) == ("1.0", "")
    assert float(row["hr_mean"]) > 60


def test_heads_whose_names_differ_in_punctuation_alone_have_columns_of_their_own(tmp_path: Path) -> None:
    heads = [HeadInfo(name, ("low", "high")) for name in ("work-load", "work_load", "Work load")]
    answers = {
        head.name: HeadResult({"low": 1 - high, "high": high}, "low")
        for head, high in zip(heads, (0.125, 0.25, 0.375), strict=True)
    }
    record(tmp_path / "s.xdf", [*map(chunk, range(12)), replace(window(10), heads=answers)], heads=heads)
    written = made(tmp_path / "t.csv", tmp_path / "s.xdf")
    (row,) = cells(written.paths.table)
    book = {each["meaning"]: each["column"] for each in cells(written.paths.codebook)}
    for name, result in answers.items():
        column = book[f"{name}: mean probability of high"]
        assert row[column] == str((result.probs or {})["high"])
        assert column.removesuffix("_prob_high_mean") == book[f"{name}: windows that this set answered"].removesuffix(
            "_n_answered"
        )
    assert row["work_load_prob_high_mean"] == "0.25"  # the name that needs no change keeps it
    assert any("see the codebook" in remark for remark in written.remarks)


def test_excluded_stretches_leave_out_the_windows_that_they_touch(tmp_path: Path) -> None:
    session = recorded(tmp_path / "s.xdf", story())
    stretches = [
        SessionAnnotation(f"a{k}", "excluded", onset, stop - onset, text)
        for k, (onset, stop, text) in enumerate([(32, 35, "talked"), (33, 40, "moved"), (58, 70, "left")])
    ]
    values = row_values(session, RowSpan("", 0, 60), stretches)
    kept = [stop for stop in (*range(10, 21), *range(32, 61)) if stop <= 32 or 50 <= stop <= 58]
    assert (values["n_windows"], values["n_windows_excluded"]) == (len(kept), 40 - len(kept))
    assert (values["excluded_duration"], values["exclusion_reasons"]) == (10, "talked; moved; left")


def test_intervals_that_were_noted_afterwards_are_rows(tmp_path: Path) -> None:
    path = record_blocks(tmp_path / "s.xdf")
    log = open_annotations(path)
    log.add("interval", 65.0, 15.0, "cold")
    log.add("interval", 12.0, 15.0, "laughed")
    log.add("interval", 100.0, 5.0, "mistaken")
    log.delete("a3")
    rows = cells(made(tmp_path / "t.csv", path, kind="interval").paths.table)
    found = [(row["block"], row["run"], row["onset"], row["duration"], row["n_windows"]) for row in rows]
    assert found == [
        ("laughed", "1", "12.0", "15.0", "6"),
        ("cold", "1", "60.0", "20.0", "11"),
        ("cold", "2", "65.0", "15.0", "6"),
    ]


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("block", [("rest", 10, 40, True), ("task", 50, 100, False)]),
        ("interval", [("cold", 20, 30, True)]),
        ("marker", [("sound", 30, 45, True), ("end", 45, 100, True)]),
        ("session", [("", 0, 100, True)]),
    ],
)
def test_what_a_row_is_about(kind: RowKind, known: list[tuple[str, float, float, bool]]) -> None:
    markers = [
        (10.0, "block/rest/start"), (20.0, "interval/cold/start"), (30.0, "interval/cold/stop"), (30.0, "sound"),
        (40.0, "block/rest/stop"), (42.0, "typo"), (43.0, "undo/typo"), (45.0, "end"), (50.0, "block/task/start"),
    ]  # fmt: skip
    assert [span[:4] for span in row_spans(markers, 100.0, kind)] == known


def test_a_table_that_another_program_wrote_meanwhile_stays(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.csv"

    def write_theirs(_done: int, _total: int) -> None:
        out.write_text("theirs")

    with pytest.raises(RecordingError, match="is there already"):
        write_group_table(find_recordings([folder / "c.xdf"]), out, report=write_theirs)
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_text() == "theirs"


def test_bad_options_are_refused_before_anything_is_read(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--by is 'trial'; it is block, interval, marker or session"):
        check_row_kind("trial")
    with pytest.raises(ConfigError, match="no such file"):
        find_recordings([tmp_path / "nothing.xdf"])
    with pytest.raises(ConfigError, match="holds no recording"):
        find_recordings([tmp_path])
    with pytest.raises(ConfigError, match=r"the suffix is \.txt"):
        made(tmp_path / "t.txt", folder)
    made(tmp_path / "t.csv", folder / "c.xdf")
    with pytest.raises(RecordingError, match="is there already"):
        made(tmp_path / "t.csv", folder)
    assert made(tmp_path / "t.csv", folder / "c.xdf", force=True).rows == 1
