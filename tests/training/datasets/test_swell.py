"""SWELL as a folder on disk: recordings with the names they have, and the sheet with all that is odd in it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from tests.support.decoding import decode
from tests.support.files.poly5_files import counted, poly5
from training.datasets.dataset import Classes, Dataset, Rating, SubjectSession
from training.datasets.swell import load
from training.datasets.swell_sheet import RATING_RANGES

SHEET = "Behavioral-features - per minute.xlsx"
RAW = Path("0 - Raw data") / "D - Physiology - raw data" / "Mobi signals - raw"
# Each column has values of its own, so that one read in place of another shows. "Valence" is a face reader's.
COLUMNS = ["PP", "Blok", "Condition", "timestamp", "Valence", "Dominance", "Valence_rc", "Arousal_rc", "Stress",
           "MentalEffort", "Frustration"]  # fmt: skip
BEGAN = datetime(2012, 9, 18, 13, 15)  # noqa: DTZ001 - as in the files
Row = list[Any]


def minutes(
    who: object, block: object, course: str, *, valence: object = 7, arousal: object = 3, effort: object = 4.5,
    stress: object = 8.5, began: datetime | None = None,
) -> list[Row]:  # fmt: skip
    """A row for each letter of ``course``, a minute apart from ``began`` on."""
    rows: list[Row] = []
    for i, letter in enumerate(course):
        time = "" if began is None else (began + timedelta(minutes=i)).strftime("%Y%m%dT%H%M%S000")
        asked = [valence, arousal, stress, effort, 1.5] if letter != "R" else [None] * 5
        dominance = None if letter == "R" else 5
        rows.append([who, block, letter, time, 0.25, dominance, *asked])
    return rows


def sheet(folder: Path, rows: Sequence[Row], columns: Sequence[str] = COLUMNS, name: str = SHEET) -> Path:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = "SWELLdata"
    for row in [columns, *rows]:
        page.append(list(row))
    book.create_sheet("notes").append(["PP", "nothing to see"])
    book.save(folder / name)
    return folder / name


def record(
    folder: Path, name: str, seconds: int = 300, began: datetime | None = None, names: Sequence[str] = ("ECG", "SC")
) -> Path:
    """A recording of 50 Hz, to be small; it began at 13:15 unless said otherwise."""
    (folder / RAW).mkdir(parents=True, exist_ok=True)
    at = began or BEGAN
    start = (at.year, at.month, at.day, at.isoweekday(), at.hour, at.minute, at.second)
    path = folder / RAW / name
    return poly5(path, names, counted(seconds * 50, len(names), 0), rate=50, start=start, each=50)


def told(sitting: SubjectSession, label: str) -> list[object]:
    return [span.labels.get(label) for span in sitting.annotations]


def places(sitting: SubjectSession) -> list[tuple[int, float, float]]:
    return [(span.part, span.start, span.stop) for span in sitting.annotations]


def test_stress_is_the_condition_and_never_the_block(tmp_path: Path) -> None:
    """Three people with all conditions in each block: no rule over block numbers gives these labels."""
    orders = {1: "NTI", 2: "TIN", 3: "INT"}
    rows = [
        row for who, order in orders.items() for i, c in enumerate(order, 1) for row in minutes(f"PP{who}", i, c * 2)
    ]
    sheet(tmp_path, rows)
    for who in orders:
        for block in (1, 2, 3):
            record(tmp_path, f"pp{who}_18-9-2012_c{block}.S00", 10)
    names = {"N": "neutral", "T": "time pressure", "I": "interruptions"}
    for sitting, order in zip(load(tmp_path).sessions, orders.values(), strict=True):
        assert told(sitting, "condition") == [names[letter] for letter in order]
        assert told(sitting, "stress") == ["no stress" if letter == "N" else "stress" for letter in order]
        assert [part.path.stem[-2:] for part in sitting.parts] == ["c1", "c2", "c3"]


def test_ratings_are_each_from_their_own_column(tmp_path: Path) -> None:
    record(tmp_path, "pp1_18-9-2012_c1.S00")
    for order in (COLUMNS, COLUMNS[::-1], [*COLUMNS[4:], *COLUMNS[:4]]):
        rows = minutes("PP1", 1, "NN")
        sheet(tmp_path, [[row[COLUMNS.index(column)] for column in order] for row in rows], order)
        (span,) = load(tmp_path).sessions[0].annotations
        assert span.labels == {
            "stress": "no stress", "condition": "neutral", "valence": 7.0, "arousal": 3.0, "dominance": 5.0,
            "mental_effort": 4.5, "stress_rating": 8.5,
        }  # fmt: skip
        assert all(isinstance(span.labels[name], float) for name in RATING_RANGES)


def test_what_labels_mean(tmp_path: Path) -> None:
    sheet(tmp_path, minutes("PP1", 1, "NN"))
    record(tmp_path, "pp1_18-9-2012_c1.S00")
    dataset = load(tmp_path)
    assert list(dataset.labels.items()) == [
        ("stress", Classes(("no stress", "stress"))),
        ("condition", Classes(("neutral", "time pressure", "interruptions"))),
        ("valence", Rating(1, 9)),
        ("arousal", Rating(1, 9)),
        ("dominance", Rating(1, 9)),
        ("mental_effort", Rating(0, 15)),
        ("stress_rating", Rating(0, 10)),
    ]
    assert (dataset.name, dataset.remarks) == ("swell", ())


def one(folder: Path, rows: Sequence[Row], *names: str) -> Dataset:
    sheet(folder, rows)
    for name in names or ("pp1_18-9-2012_c1.S00",):
        record(folder, name)
    return load(folder)


def test_a_block_of_one_condition_is_the_whole_recording(tmp_path: Path) -> None:
    (sitting,) = one(tmp_path, minutes("PP1", 1, "TTT")).sessions
    assert places(sitting) == [(0, 0, math.inf)]
    got = decode(sitting.parts[0].path, sitting.parts[0].opening)
    assert got.samples.tolist() == list(range(15000))


def test_a_block_of_relaxation_is_rest_without_labels(tmp_path: Path) -> None:
    rows = [*minutes("PP1", 1, "RR"), *minutes("PP1", 2, "NN")]
    (sitting,) = one(tmp_path, rows, "pp1_18-9-2012_c1.S00", "pp1_18-9-2012_c2.S00").sessions
    assert (dict(sitting.annotations[0].labels), sitting.annotations[0].rest) == ({}, True)
    assert not sitting.annotations[1].rest
    assert places(sitting) == [(0, 0, math.inf), (1, 0, math.inf)]


def test_relaxation_before_the_work_of_a_block_is_placed_by_the_clock(tmp_path: Path) -> None:
    rows = minutes("PP1", 1, "RRNN", began=BEGAN + timedelta(seconds=30))
    dataset = one(tmp_path, rows)
    (sitting,) = dataset.sessions
    assert places(sitting) == [(0, 30, 150), (0, 150, 270)]
    assert [span.rest for span in sitting.annotations] == [True, False]
    assert told(sitting, "stress") == [None, "no stress"]
    assert dataset.remarks == ()


def test_the_clock_cuts_spans_at_a_recordings_ends(tmp_path: Path) -> None:
    rows = minutes("PP1", 1, "RRNNNNNN", began=BEGAN - timedelta(seconds=90))
    (sitting,) = one(tmp_path, rows).sessions
    assert places(sitting) == [(0, 0, 30), (0, 30, 300)]


def test_minutes_that_overlap_give_spans_that_do_not(tmp_path: Path) -> None:
    rows = [*minutes("PP1", 1, "R", began=BEGAN), *minutes("PP1", 1, "I", began=BEGAN + timedelta(seconds=20))]
    (sitting,) = one(tmp_path, rows).sessions
    assert places(sitting) == [(0, 0, 20), (0, 20, 80)]


def test_without_times_minutes_are_counted(tmp_path: Path) -> None:
    dataset = one(tmp_path, minutes("PP1", 1, "RRII"))
    assert places(dataset.sessions[0]) == [(0, 0, 120), (0, 120, math.inf)]
    assert "pp1_18-9-2012_c1.S00: the sheet has no minute at its time; its minutes are counted" in dataset.remarks[0]
    hours_off = minutes("PP1", 1, "RRII", began=BEGAN + timedelta(hours=2))
    assert places(one(tmp_path, hours_off).sessions[0]) == [(0, 0, 120), (0, 120, math.inf)]


@pytest.mark.parametrize("minute", [0, 57])
def test_a_name_that_says_another_block_than_the_clock_gives_no_labels(tmp_path: Path, minute: int) -> None:
    """The clock of a recorder that is an hour slow, or nearly, finds the block before."""
    rows = [*minutes("PP1", 1, "T" * 60, began=BEGAN), *minutes("PP1", 2, "N" * 60, began=BEGAN + timedelta(hours=1))]
    sheet(tmp_path, [*rows, *minutes("PP1", 3, "I")])
    record(tmp_path, "pp1_18-9-2012_c2.S00", began=BEGAN + timedelta(minutes=minute))
    record(tmp_path, "pp1_18-9-2012_c3.S00", began=datetime(2011, 1, 1))  # noqa: DTZ001 - as in the files
    dataset = load(tmp_path)
    assert [(span.part, span.labels["condition"]) for span in dataset.sessions[0].annotations] == [(1, "interruptions")]
    shown = "1 and 2" if minute else "1"
    assert (
        f"pp1_18-9-2012_c2.S00: its name states block 2, its clock block {shown}; it has no labels" in dataset.remarks
    )


def test_a_minute_of_the_block_before_is_no_contradiction(tmp_path: Path) -> None:
    rows = [
        *minutes("PP1", 1, "TTT", began=BEGAN - timedelta(minutes=2)),
        *minutes("PP1", 2, "NNNN", began=BEGAN + timedelta(minutes=1)),
    ]
    dataset = one(tmp_path, rows, "pp1_18-9-2012_c2.S00")
    assert (told(dataset.sessions[0], "condition"), places(dataset.sessions[0])) == (["neutral"], [(0, 60, 300)])
    assert dataset.remarks == ()


@pytest.mark.parametrize("place", [RAW.parts[0], RAW.parent, RAW, ".."])
def test_the_sheet_is_found_from_the_folder_of_the_recordings_and_from_above(tmp_path: Path, place: Path) -> None:
    top = tmp_path / "swell" / "SWELL"
    (top / "3 - Feature dataset").mkdir(parents=True)
    sheet(top / "3 - Feature dataset", minutes("PP1", 1, "TT"))
    record(top, "pp1_18-9-2012_c1.S00", 10)
    assert told(load(top / place).sessions[0], "stress") == ["stress"]
    with pytest.raises(DatasetError, match="holds no sheet"):
        load(tmp_path / "elsewhere")


def test_names_as_dirty_as_they_are(tmp_path: Path) -> None:
    rows = [row for who in (10, 12, 23) for block in (1, 2) for row in minutes(f"PP{who}", block, "NT"[block - 1])]
    names = ("pp10_8-10-2012-c2.S00", "pp12_9-10-212_c1.s00", "pp23_1-11-2012_c2.S00", "PP23_1-11-2012_c2_cont.S00")
    dataset = one(tmp_path, rows, *names, "test.S00")
    ten, twelve, last = dataset.sessions
    assert (ten.subject, twelve.subject, last.subject) == ("PP10", "PP12", "PP23")
    assert (told(ten, "stress"), told(twelve, "stress")) == (["stress"], ["no stress"])
    assert [part.path.name for part in last.parts] == [names[2], names[3]]
    assert told(last, "stress") == ["stress", "stress"]
    assert places(last) == [(0, 0, math.inf), (1, 0, math.inf)]
    assert dataset.remarks[0].startswith("test.S00 is not used: its name states no subject and block")


def test_the_second_part_of_a_block_goes_on_with_its_work(tmp_path: Path) -> None:
    rows = minutes("PP23", 2, "RRTTTT")
    names = ("pp23_1-11-2012_c2.S00", "pp23_1-11-2012_c2_cont.S00")
    (sitting,) = one(tmp_path, rows, *names).sessions
    assert places(sitting) == [(0, 0, 120), (0, 120, math.inf), (1, 0, math.inf)]
    assert [span.rest for span in sitting.annotations] == [True, False, False]


def test_copies_of_a_recording_count_once(tmp_path: Path) -> None:
    dataset = one(tmp_path, minutes("PP1", 1, "NN"), "pp1_18-9-2012_c1.S00", "pp01_copy_c1.S00")
    assert len(dataset.sessions[0].parts) == 1
    assert "is of the same subject and block" in dataset.remarks[0]


def test_subjects_and_blocks_that_lack_the_other_half(tmp_path: Path) -> None:
    rows = [*minutes("PP1", 1, "NN"), *minutes("PP4", 1, "TT")]
    dataset = one(tmp_path, rows, "pp1_18-9-2012_c1.S00", "pp1_18-9-2012_c3.S00", "pp7_1-1-2012_c1.S00")
    assert [(s.subject, len(s.parts), len(s.annotations)) for s in dataset.sessions] == [("PP1", 2, 1), ("PP7", 1, 0)]
    assert dataset.remarks == (
        "PP4 is in the sheet, but has no recording",
        "pp1_18-9-2012_c3.S00: the sheet has no row of PP1, block 3; it has no labels",
        "pp7_1-1-2012_c1.S00: the sheet has no row of PP7, block 1; it has no labels",
    )


@pytest.mark.parametrize("valence", ["NaN", "x", None, 0, 10, math.inf])
def test_answers_that_are_no_rating_are_left_out_and_said(tmp_path: Path, valence: object) -> None:
    dataset = one(tmp_path, minutes("PP1", 1, "NN", valence=valence))
    assert set(dataset.sessions[0].annotations[0].labels) == {
        "stress", "condition", "arousal", "dominance", "mental_effort", "stress_rating",
    }  # fmt: skip
    (remark,) = dataset.remarks
    assert remark.startswith("PP1, block 1: valence is ")
    assert remark.endswith("expected one number from 1 to 9; left out")


def test_answers_that_change_within_a_block(tmp_path: Path) -> None:
    rows = [*minutes("PP1", 1, "N", valence=3, arousal=2), *minutes("PP1", 1, "N", valence=4, arousal="NaN")]
    dataset = one(tmp_path, rows)
    labels = dataset.sessions[0].annotations[0].labels
    assert "valence" not in labels
    assert labels["arousal"] == 2
    assert "valence is '3', '4'" in dataset.remarks[0]
    assert "arousal is '2', 'NaN', expected one number from 1 to 9; the others count" in dataset.remarks[1]


def test_rows_that_say_nothing(tmp_path: Path) -> None:
    rows = [*minutes("PP1", 1, "N"), *minutes("", 1, "N"), *minutes("PP1", "NaN", "N"), *minutes("PP1", 1, "X"), []]
    dataset = one(tmp_path, rows)
    assert dataset.remarks == (
        f"{SHEET}: 3 rows without a subject, a block or one of the conditions N, T, I, R; left out",
    )


@pytest.mark.parametrize(("who", "block"), [("pp1", "1"), (1, 1), (1.0, 1.0), ("PP01", 1)])
def test_subjects_and_blocks_as_sheets_write_them(tmp_path: Path, who: object, block: object) -> None:
    assert told(one(tmp_path, minutes(who, block, "I")).sessions[0], "stress") == ["stress"]


def test_the_sheet_as_text(tmp_path: Path) -> None:
    record(tmp_path, "pp1_18-9-2012_c1.S00")
    lines = ["\t".join(COLUMNS)]
    for row in minutes("PP1", 1, "RRTT", began=BEGAN):
        cells = ["" if cell is None else f'"{cell}"' if isinstance(cell, str) else str(cell) for cell in row]
        lines.append("\t".join(cells))
    (tmp_path / "Behavioral-features - per minute.tab").write_text("\n".join(lines) + "\n")
    (sitting,) = load(tmp_path).sessions
    assert told(sitting, "valence") == [None, 7]
    assert places(sitting) == [(0, 0, 120), (0, 120, 240)]
    sheet(tmp_path, minutes("PP1", 1, "NN"))
    dataset = load(tmp_path)
    assert told(dataset.sessions[0], "condition") == ["neutral"]
    assert dataset.remarks[0] == f"Behavioral-features - per minute.tab is not used: {SHEET} is"


def test_a_column_of_ratings_that_is_missing(tmp_path: Path) -> None:
    record(tmp_path, "pp1_18-9-2012_c1.S00")
    at = COLUMNS.index("Valence_rc")
    sheet(tmp_path, [row[:at] + row[at + 1 :] for row in minutes("PP1", 1, "NN")], COLUMNS[:at] + COLUMNS[at + 1 :])
    dataset = load(tmp_path)
    assert "valence" not in dataset.sessions[0].annotations[0].labels
    assert dataset.remarks == (f"{SHEET}: found no column Valence_rc; there is no valence",)


def test_a_recording_without_a_channel_called_ecg(tmp_path: Path) -> None:
    sheet(tmp_path, [*minutes("PP1", 1, "NN"), *minutes("PP1", 2, "TT")])
    record(tmp_path, "pp1_18-9-2012_c1.S00", 10, names=["A", "B", "C", "D", "E", "F", "G"])
    record(tmp_path, "pp1_18-9-2012_c2.S00", 10, names=["A", "B"])
    dataset = load(tmp_path)
    assert [part.opening for part in dataset.sessions[0].parts] == [ReadOptions(channel="6")]
    assert decode(*_part(dataset)).info.channels == ("F",)
    assert "pp1_18-9-2012_c1.S00: no channel is called ECG; channel 6 is taken" in dataset.remarks
    assert any(remark.startswith("pp1_18-9-2012_c2.S00 is not used: ") for remark in dataset.remarks)
    assert told(dataset.sessions[0], "stress") == ["no stress"]


def _part(dataset: Dataset) -> tuple[Path, ReadOptions]:
    part = dataset.sessions[0].parts[0]
    return part.path, part.opening


def test_a_recording_that_is_broken(tmp_path: Path) -> None:
    sheet(tmp_path, [*minutes("PP1", 1, "NN"), *minutes("PP1", 2, "TT"), *minutes("PP2", 1, "TT")])
    broken = record(tmp_path, "pp1_18-9-2012_c1.S00")
    broken.write_bytes(broken.read_bytes()[:300])
    record(tmp_path, "pp1_18-9-2012_c2.S00")
    (tmp_path / RAW / "pp2_18-9-2012_c1.S00").write_bytes(b"")
    dataset = load(tmp_path)
    assert [(s.subject, places(s), told(s, "stress")) for s in dataset.sessions] == [
        ("PP1", [(0, 0, math.inf)], ["stress"])
    ]
    assert [remark.split(" is")[0] for remark in dataset.remarks] == ["pp1_18-9-2012_c1.S00", "pp2_18-9-2012_c1.S00"]


def test_what_is_looked_for_is_said(tmp_path: Path) -> None:
    looked = r"it needs recordings \(\*\.S00\) and the sheet 'Behavioral-features - per minute' \(\.xlsx or \.tab\)"
    with pytest.raises(DatasetError, match=rf"holds no sheet .*{looked}"):
        load(tmp_path)
    sheet(tmp_path, minutes("PP1", 1, "NN"))
    with pytest.raises(DatasetError, match=rf"holds no recording such as .*{looked}"):
        load(tmp_path)
    record(tmp_path, "pp9_18-9-2012_c1.S00", 1)
    with pytest.raises(DatasetError, match=r"no recording fits the sheet: PP1 is in the sheet, but has no recording"):
        load(tmp_path)


@pytest.mark.parametrize("column", ["PP", "Blok", "Condition"])
def test_a_sheet_without_a_column_that_it_needs(tmp_path: Path, column: str) -> None:
    sheet(tmp_path, minutes("PP1", 1, "NN"), ["other" if name == column else name for name in COLUMNS])
    with pytest.raises(DatasetError, match=rf"(?i)found no column '{column}', expected PP, Blok and Condition"):
        load(tmp_path)


def test_sheets_that_are_none(tmp_path: Path) -> None:
    path = sheet(tmp_path, minutes("PP1", 1, "NN"))
    whole = path.read_bytes()
    for content in (b"", b"PK\x03\x04", b"no workbook", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=r"per minute\.xlsx: "):
            load(tmp_path)
