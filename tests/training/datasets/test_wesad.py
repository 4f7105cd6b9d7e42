"""WESAD as folders on disk: pickles, questionnaires with all that is odd in them, and people without either."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from tests.support.decoding import decode
from tests.support.files import wesad_files as made
from training.datasets import open_unlabelled
from training.datasets.dataset import Classes, Rating, SubjectSession
from training.datasets.wesad import load

SECOND = 700
CODES = {"transient": 0, "baseline": 1, "stress": 2, "amusement": 3, "meditation": 4, "reading": 6}
ORDER = ["Base", "TSST", "Medi 1", "Fun", "Medi 2", "sRead", "fRead"]
START = ["7.08", "39.55", "70.19", "81.25", "93.38", "54.42", "89.51"]
END = ["26.32", "50.3", "77.1", "87.47", "100.15", "56.07", "91.15"]
DIM = [["7", "1"], ["2", "9"], ["8", "3"], ["6", "4"], ["5", "2"]]  # valence, arousal
COURSE = ["transient", "baseline", "transient", "stress", "reading", "meditation", "amusement", "meditation"]


def quest(
    place: Path,
    order: list[str] = ORDER,
    start: list[str] = START,
    end: list[str] = END,
    dim: list[list[str]] = DIM,
) -> None:
    rows = [["# Subj", place.name], ["# ORDER", *order], ["# START", *start], ["# END", *end], []]
    rows += [["# PANAS", *["1"] * 24] for _ in range(5)] + [[]] + [["# STAI", *["2"] * 6] for _ in range(5)] + [[]]
    rows += [["# DIM", *cells] for cells in dim] + [[], ["# SSSQ", *["3"] * 6]]
    lines = [";".join([*row, *[""] * (27 - len(row))]) for row in rows]
    (place / f"{place.name}_quest.csv").write_text("\n".join(lines) + "\n")


def person(folder: Path, name: str = "S2", course: list[str] = COURSE, seconds: int = 3) -> Path:
    """A pickle in which each condition lasts so long, and the questionnaire as it is best."""
    place = folder / name
    place.mkdir()
    label = made.labels(*[(CODES[condition], seconds * SECOND) for condition in course])
    made.write2(place / f"{name}.pkl", made.content(made.counted(len(label)), label))
    quest(place)
    return place


def respiban(place: Path) -> None:
    names = [f"CH{i}" for i in range(1, 9)]
    header = {
        "sensor": ["ECG", "EDA", "EMG", "TEMP", "XYZ", "XYZ", "XYZ", "RESPIRATION"], "label": names,
        "column": ["nSeq", "DI", *names], "resolution": [16] * 8, "sampling rate": 700, "channels": list(range(1, 9)),
    }  # fmt: skip
    rows = "".join(f"{i}\t0\t{i}" + "\t60000" * 7 + "\t\n" for i in range(70))
    (place / f"{place.name}_respiban.txt").write_text(
        f"# OpenSignals Text File Format\n# {json.dumps({'AA': header})}\n# EndOfHeader\n{rows}"
    )


def told(sitting: SubjectSession, label: str) -> list[object]:
    return [span.labels.get(label) for span in sitting.annotations]


def test_spans_are_the_runs_of_labels_1_to_4(tmp_path: Path) -> None:
    person(tmp_path)
    dataset = load(tmp_path)
    (sitting,) = dataset.sessions
    absent = "no folder of S3, S4, S5, S6, S7, S8, S9, S10, S11, S13, S14, S15, S16, S17"
    assert (dataset.name, dataset.subjects, dataset.remarks) == ("wesad", ("S2",), (absent,))
    assert [(span.start, span.stop) for span in sitting.annotations] == [(3, 6), (9, 12), (15, 18), (18, 21), (21, 24)]
    assert told(sitting, "affect") == ["baseline", "stress", "meditation", "amusement", "meditation"]
    assert told(sitting, "stress") == ["no stress", "stress", None, "no stress", None]
    assert [span.rest for span in sitting.annotations] == [True, False, False, False, False]
    part = sitting.parts[0]
    assert decode(part.path, part.opening).samples[-1] == len(COURSE) * 3 * SECOND - 1


def test_what_labels_mean(tmp_path: Path) -> None:
    person(tmp_path)
    assert dict(load(tmp_path).labels) == {
        "affect": Classes(("baseline", "stress", "amusement", "meditation")),
        "stress": Classes(("no stress", "stress")),
        "arousal": Rating(1, 9),
        "valence": Rating(1, 9),
    }
    assert next(iter(load(tmp_path).labels)) == "affect"


def test_valence_comes_first_in_dim_and_rows_follow_the_order(tmp_path: Path) -> None:
    person(tmp_path)
    (sitting,) = load(tmp_path).sessions
    assert told(sitting, "valence") == [7, 2, 8, 6, 5]
    assert told(sitting, "arousal") == [1, 9, 3, 4, 2]
    assert all(isinstance(value, float) for value in told(sitting, "valence"))


def test_swapped_meditations_as_of_s14(tmp_path: Path) -> None:
    place = person(tmp_path, "S14")
    quest(place, ["Base", "TSST", "Medi 2", "Fun", "Medi 1", "sRead"])
    assert told(load(tmp_path).sessions[0], "valence") == [7, 2, 8, 6, 5]  # what came first is rated first
    order = ["Base", "TSST", "Medi 1", "Fun", "Medi 2"]
    quest(place, order, ["7.08", "39.55", "93.38", "81.25", "70.19"])  # not in the order in which they came
    assert told(load(tmp_path).sessions[0], "valence") == [7, 2, 5, 6, 8]


def test_the_other_protocol_in_which_fun_comes_before_stress(tmp_path: Path) -> None:
    place = person(tmp_path, course=["baseline", "amusement", "meditation", "stress", "meditation"])
    quest(place, ["Base", "Fun", "Medi 1", "TSST", "Medi 2", "bRead", "sRead", "fRead"], [*START, "5"], [*END, "6"])
    (sitting,) = load(tmp_path).sessions
    assert told(sitting, "affect") == ["baseline", "amusement", "meditation", "stress", "meditation"]
    assert told(sitting, "arousal") == [1, 9, 3, 4, 2]


def test_subjects_in_the_order_of_their_numbers_and_nothing_else(tmp_path: Path) -> None:
    for name in ("S10", "S2", "S9"):
        person(tmp_path, name, ["baseline", "stress"], 1)
    (tmp_path / "S3").write_text("no folder")
    (tmp_path / "Summary").mkdir()
    dataset = load(tmp_path)
    assert [sitting.subject for sitting in dataset.sessions] == ["S2", "S9", "S10"]


def test_a_missing_questionnaire_leaves_labels_without_ratings(tmp_path: Path) -> None:
    place = person(tmp_path)
    (place / "S2_quest.csv").unlink()
    dataset = load(tmp_path)
    assert dataset.remarks[1:] == ("S2_quest.csv is missing: there are no ratings",)
    assert set(dataset.sessions[0].annotations[0].labels) == {"affect", "stress"}
    (place / "S2_quest.csv").write_text("# Subj;S2\n")
    assert "found no line '# ORDER'" in load(tmp_path).remarks[1]


def test_empty_and_impossible_ratings_are_left_out_and_said(tmp_path: Path) -> None:
    quest(person(tmp_path), dim=[["", "1"], ["0", "10"], ["x", "5.5"], ["nan", "4"]])
    dataset = load(tmp_path)
    assert told(dataset.sessions[0], "valence") == [None] * 5
    assert told(dataset.sessions[0], "arousal") == [1, None, None, 4, None]
    assert dataset.remarks[1] == "S2_quest.csv: Base: valence is '', expected 1 to 9; left out"
    assert [remark.split(": ")[1] for remark in dataset.remarks[1:]] == [
        "Base", "TSST", "TSST", "Medi 1", "Medi 1", "Fun", "Medi 2", "Medi 2",
    ]  # fmt: skip


def test_ratings_that_fit_no_run_of_labels_are_left_out(tmp_path: Path) -> None:
    person(tmp_path, course=["baseline", "stress", "transient", "stress", "amusement", "meditation"])
    dataset = load(tmp_path)
    assert told(dataset.sessions[0], "valence") == [7, None, None, 6, None]
    assert "S2: stress is 2 times in the labels, 1 times in the questionnaire" in dataset.remarks[1]
    assert "S2: meditation is 1 times in the labels, 2 times in the questionnaire" in dataset.remarks[2]


def test_meditations_of_which_one_has_no_start_are_not_distinguished(tmp_path: Path) -> None:
    quest(person(tmp_path), start=["", "39.55", "", "81.25", "93.38"])
    dataset = load(tmp_path)
    assert told(dataset.sessions[0], "valence") == [7, 2, None, 6, None]
    assert "Base: found '', expected a time such as 50.3 for 50 min 30 s" in dataset.remarks[1]


def test_without_a_pickle_times_are_the_questionnaires(tmp_path: Path) -> None:
    place = tmp_path / "S3"
    place.mkdir()
    respiban(place)
    quest(place)
    dataset = load(tmp_path)
    (sitting,) = dataset.sessions
    assert "times from the questionnaire" in dataset.remarks[1]
    # 7 min 8 s, 39:55, 70:19, 81:25, 93:38 to 26:32, 50:30, 77:10, 87:47, 100:15, and 10 s inside
    assert [span.start for span in sitting.annotations] == [438, 2405, 4229, 4895, 5628]
    assert [span.stop for span in sitting.annotations] == [1582, 3020, 4620, 5257, 6005]
    assert told(sitting, "affect") == ["baseline", "stress", "meditation", "amusement", "meditation"]
    assert told(sitting, "arousal") == [1, 9, 3, 4, 2]
    assert sitting.annotations[0].rest
    got = decode(sitting.parts[0].path, sitting.parts[0].opening)
    np.testing.assert_allclose(got.samples, (np.arange(70) / 2**16 - 0.5) * 3, rtol=1e-12)


def test_times_without_a_dot_are_whole_minutes(tmp_path: Path) -> None:
    place = tmp_path / "S3"
    place.mkdir()
    respiban(place)
    quest(place, start=["7", "39.5", "70.7", "", "93.38"], end=["48", "50.05", "60", "87.47", "90"])
    dataset = load(tmp_path)
    # ends before it begins: Medi 2; a time of 70 min 70 s: Medi 1; none at all: Fun; baseline until 48 min: overlaps
    assert [(span.start, span.stop) for span in dataset.sessions[0].annotations] == [(430, 2870)]
    said = " ".join(dataset.remarks)
    assert "Medi 1: found '70.7'" in said
    assert "Fun: found ''" in said
    assert "S3: TSST ends before it begins, or overlaps another; left out" in said
    assert "S3: Medi 2 ends before it begins" in said


def test_a_condition_that_is_unknown(tmp_path: Path) -> None:
    quest(person(tmp_path), ["Base", "TSST", "Break", "Fun", "Medi 2"])
    assert "S2_quest.csv: 'Break' is not a known condition; left out" in load(tmp_path).remarks


def test_a_pickle_that_is_broken_is_replaced_by_the_text(tmp_path: Path) -> None:
    place = person(tmp_path)
    respiban(place)
    whole = (place / "S2.pkl").read_bytes()
    (place / "S2.pkl").write_bytes(whole[:-100])
    dataset = load(tmp_path)
    assert dataset.sessions[0].parts[0].path.name == "S2_respiban.txt"
    assert f"S2: its pickle is not used: S2.pkl: the pickle is cut at byte {len(whole) - 100}" in dataset.remarks
    (place / "S2_respiban.txt").unlink()
    person(tmp_path, "S4")
    dataset = load(tmp_path)
    assert dataset.subjects == ("S4",)
    assert any(remark.startswith("S2: left out") for remark in dataset.remarks)


def test_harm_in_a_pickle_is_a_remark(tmp_path: Path) -> None:
    place = person(tmp_path)
    (place / "S2.pkl").write_bytes(b"\x80\x02cos\nsystem\nU\x04true\x85R.")
    with pytest.raises(DatasetError, match=r"a call of 'os\.system'"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["", "elsewhere"])
def test_a_wrong_folder_says_what_was_looked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match=r"holds no S2/S2\.pkl, and no S2/S2_respiban\.txt with S2/S2_quest\.csv"):
        load(tmp_path / name)


@pytest.mark.parametrize("place", [".", "..", "S2"])
def test_subjects_are_found_from_above_and_from_their_own_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "WESAD").mkdir()
    person(tmp_path / "WESAD", course=["baseline", "stress"], seconds=1)
    dataset = load(tmp_path / "WESAD" / place)
    assert told(dataset.sessions[0], "affect") == ["baseline", "stress"]
    assert dataset.subjects == ("S2",)
    assert open_unlabelled(tmp_path / "WESAD").name == open_unlabelled(tmp_path).name == "wesad"


def test_labels_without_any_condition(tmp_path: Path) -> None:
    person(tmp_path, course=["transient", "reading"])
    dataset = load(tmp_path)
    assert dataset.sessions[0].annotations == ()
    assert "S2.pkl: none of its labels is 1 to 4" in dataset.remarks
    assert ReadOptions() == dataset.sessions[0].parts[0].opening
    assert not math.isnan(decode(dataset.sessions[0].parts[0].path).samples[0])
