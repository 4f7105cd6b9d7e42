"""The same recordings are found again, whatever they are called, and nothing else is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from training.data.copies import refuse_copied_files
from training.data.fingerprints import SAMPLED_BLOCK_BYTES, fingerprints, match_subjects, seen_subjects
from training.datasets.dataset import Dataset, RecordingPart, SubjectSession


def data(name: str, **parts: RecordingPart) -> Dataset:
    """A data set of people with a recording each."""
    return Dataset(name, name, "", tuple(SubjectSession(who, (part,)) for who, part in parts.items()), {})


def file(path: Path, content: bytes | bytearray) -> RecordingPart:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return RecordingPart(path)


def test_copies_belong_to_the_subject_that_is_scored(tmp_path: Path) -> None:
    scored = data("own", a=file(tmp_path / "a.csv", b"1"), b=file(tmp_path / "b.csv", b"2"))
    (tmp_path / "sub").mkdir()
    shutil.copy(tmp_path / "b.csv", tmp_path / "sub" / "x.csv")
    others = data("recordings", x=RecordingPart(tmp_path / "sub" / "x.csv"), a=file(tmp_path / "sub" / "a.csv", b"3"))
    assert match_subjects(others, scored) == {"x": {"b"}, "a": set()}
    files = set().union(*fingerprints(others).values())
    assert seen_subjects(scored, {"recordings": ("a", "x")}, files) == ("b",)
    assert seen_subjects(scored, {"own": ("a",)}, ()) == ("a",)


def test_a_name_counts_within_one_data_set_whatever_the_files_hold(tmp_path: Path) -> None:
    scored, again = data("wesad", S2=file(tmp_path / "a", b"1")), data("wesad", S2=file(tmp_path / "b", b"2"))
    assert match_subjects(again, scored) == {"S2": {"S2"}}


@pytest.mark.parametrize("at", [0, 3 * SAMPLED_BLOCK_BYTES // 2, 3 * SAMPLED_BLOCK_BYTES - 1])
def test_long_files_differ_at_head_middle_and_tail(tmp_path: Path, at: int) -> None:
    content = bytearray(3 * SAMPLED_BLOCK_BYTES)
    one = data("one", a=file(tmp_path / "a", content))
    content[at] = 1
    two = data("two", b=file(tmp_path / "b", content))
    assert match_subjects(two, one) == {"b": set()}


def test_subjects_that_share_a_file_are_distinguished_by_their_parts(tmp_path: Path) -> None:
    whole = file(tmp_path / "all.mat", b"1")
    one, two = (replace(whole, opening=ReadOptions(part=str(i))) for i in (1, 2))
    scored = data("own", a=one, b=two)
    assert match_subjects(data("other", x=two), scored) == {"x": {"b"}}
    assert match_subjects(data("other", x=whole), scored) == {"x": {"a", "b"}}
    assert seen_subjects(scored, {}, fingerprints(data("other", x=whole))["x"]) == ("a", "b")
    assert seen_subjects(data("own", a=whole), {}, fingerprints(data("other", x=two))["x"]) == ("a",)


def test_a_wfdb_record_is_its_signals_not_its_header(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        file(tmp_path / f"{name}.hea", b"the same")
        file(tmp_path / f"{name}.dat", content)
    scored = data("own", a=RecordingPart(tmp_path / "a.hea"))
    others = data(
        "x", b=RecordingPart(tmp_path / "b"), b2=RecordingPart(tmp_path / "b.dat"), c=RecordingPart(tmp_path / "c.hea")
    )
    assert match_subjects(others, scored) == {"b": {"a"}, "b2": {"a"}, "c": set()}


def test_a_wfdb_record_in_segments_is_its_signals(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"2"), ("c", b"1")):  # all with the same headers
        (tmp_path / name).mkdir()
        file(tmp_path / name / "rec.hea", b"rec/1 1 250 10\nrec_1 10\n")
        file(tmp_path / name / "rec_1.hea", b"rec_1 1 250 10\nrec_1.dat 16 200 16 0 0 0 0 ECG\n")
        file(tmp_path / name / "rec_1.dat", content * 20)
    one, other, copy = (RecordingPart(tmp_path / name / "rec.hea") for name in "abc")
    assert match_subjects(data("x", b=other, c=copy), data("own", a=one)) == {"b": set(), "c": {"a"}}
    refuse_copied_files(data("own", a=one, b=other))
    with pytest.raises(DatasetError, match="is the same recording as"):
        refuse_copied_files(data("own", a=one, c=copy))


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gone\.csv: No such file"):
        fingerprints(data("own", a=RecordingPart(tmp_path / "gone.csv")))
