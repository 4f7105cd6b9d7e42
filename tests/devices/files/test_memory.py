"""A day's file needs no more memory than a minute's: blocks come and go."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from devices.files import open_recording
from tests.support.files import acq_files, edf_files, xdf_files
from tests.support.peak_memory import SLACK, opening, peak


def text(path: Path, rows: int) -> Path:
    header = {"AA": {"sensor": ["ECG"], "column": ["nSeq", "DI", "CH1"], "sampling rate": 1000, "resolution": [16]}}
    block = "".join(f"{i}\t0\t{i}\t\n" for i in range(65536))
    path.write_text(
        f"# OpenSignals Text File Format\n# {json.dumps(header)}\n# EndOfHeader\n" + block * (rows // 65536)
    )
    return path


def csv(path: Path, rows: int) -> Path:
    block = "".join(f"{i % 65536},{'NA' if i % 999 == 0 else i}\n" for i in range(65536))
    path.write_text("ECG,note\n" + block * (rows // 65536))
    return path


def hdf5(path: Path, rows: int) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("AA")
        group.attrs["sampling rate"] = 1000
        data = group.create_dataset("raw/channel_1", data=np.zeros((rows, 1), np.uint16), chunks=(1024, 1))
        data.attrs["sensor"] = "ECG"
    return path


def edf(path: Path, rows: int) -> Path:
    return edf_files.write(path, edf_files.counts(seconds=rows // 250))


def xdf(path: Path, rows: int) -> Path:
    return xdf_files.write(path, xdf_files.header(1, "P", "ECG", "float32", 130), *xdf_files.ecg(count=rows, each=500))


def wfdb(path: Path, rows: int) -> Path:
    path.with_suffix(".dat").write_bytes(bytes(rows * 3))
    path.with_suffix(".hea").write_text(
        f"{path.name} 2 250 {rows}\n{path.name}.dat 212 200 12 0 0 0 0 ECG\n{path.name}.dat 212 200 12 0 0 0 0 RESP\n"
    )
    return path.with_suffix(".hea")


def acq(path: Path, rows: int) -> Path:
    return acq_files.write(path, [acq_files.Written(np.zeros(rows, np.int16))])


def packed_acq(path: Path, rows: int) -> Path:
    return acq_files.write(path, [acq_files.Written(np.zeros(rows, np.int16))], revision=132, compressed=True)


@pytest.mark.parametrize(
    ("make", "rows"),
    [
        (text, 2 << 16),
        (csv, 2 << 16),
        (hdf5, 1 << 19),
        (edf, 1 << 18),
        (xdf, 1 << 16),
        (wfdb, 1 << 18),
        (acq, 1 << 18),
        (packed_acq, 1 << 18),
    ],
)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, make: Callable[[Path, int], Path], rows: int) -> None:
    short, long = make(tmp_path / "short", rows), make(tmp_path / "long", rows * 2)
    for _ in open_recording(short, opening(short)).chunks(1000):
        pass  # what loads once is loaded
    assert peak(long) < peak(short) * 1.1 + SLACK
