"""Folders of recordings without labels."""

from pathlib import Path

import pytest

from ecg_live.errors import DatasetError
from tests.support.files import edf_files, wfdb_files
from tests.support.files.challenge_files import challenge
from training.datasets.recordings import load, load_cinc2017


def test_each_file_is_a_wearer_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    wfdb_files.write(tmp_path, ["ECG"])
    (tmp_path / "rec.atr").write_bytes(b"\0\0")
    edf_files.write(tmp_path / "more" / "rec.edf", edf_files.counts())
    edf_files.write(tmp_path / "more" / "emg.edf", edf_files.counts("EMG"))
    (tmp_path / "notes.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    (tmp_path / ".hidden.edf").write_bytes(b"x")
    dataset = load(tmp_path)
    assert [sitting.parts[0].path for sitting in dataset.sessions] == [
        tmp_path / "more" / "rec.edf",
        tmp_path / "rec.hea",
    ]
    assert dataset.subjects == ("more/rec.edf", "rec.hea")
    assert dataset.labels == {}
    assert [remark.split(":")[0] for remark in dataset.remarks] == ["more/emg.edf", "notes.png"]
    assert "left out: none of its channels is marked as ECG" in dataset.remarks[0]


def test_many_files_that_are_none_are_counted(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02d}.png").write_bytes(b"\0")
    with pytest.raises(DatasetError, match=r"holds no recording that can be opened: 00\.png"):
        load(tmp_path)
    wfdb_files.write(tmp_path, ["ECG"])
    remarks = load(tmp_path).remarks
    assert len(remarks) == 21
    assert remarks[-1] == "30 more files are left out"


def test_the_challenge(tmp_path: Path) -> None:
    for name in ("A00001", "A00002"):
        challenge(tmp_path / "training2017", name)
    (tmp_path / "training2017" / "REFERENCE.csv").write_text("A00001,N\nA00002,A\n")
    (tmp_path / "training2017" / "A00003.hea").write_text(
        "A00003 1 300 9000\nA00003.mat 16+24 1000/mV 16 0 0 0 0 ECG\n"
    )
    dataset = load_cinc2017(tmp_path)
    assert (dataset.name, dataset.licence, len(dataset.subjects)) == ("cinc2017", "ODC-By 1.0", 2)
    assert "its signal file A00003.mat is missing" in dataset.remarks[0]
    assert len(dataset.remarks) == 1
    with pytest.raises(DatasetError, match=r"holds no A00001\.hea that can be opened"):
        load_cinc2017(tmp_path / "none")


def test_a_wfdb_record_in_segments_is_one_wearer_and_its_segments_are_none(tmp_path: Path) -> None:
    for name in ("s1", "s2"):
        wfdb_files.record(tmp_path, name, "ECG")
    (tmp_path / "s.hea").write_text("s/2 1 250 2000\ns1 1000\ns2 1000\n")
    dataset = load(tmp_path)
    assert (dataset.subjects, dataset.remarks) == (("s.hea",), ())
