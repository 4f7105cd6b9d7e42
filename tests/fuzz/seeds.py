"""One small recording of each format, for fuzzers to damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.devices.files import test_csv_table, test_text_exports
from tests.devices.files.edf import test_edf
from tests.devices.files.opensignals import test_hdf5, test_text
from tests.devices.files.text import test_shimmer
from tests.devices.files.wfdb import test_wfdb
from tests.devices.files.xdf import test_xdf
from tests.support.files import acq_files, mat_files, poly5_files, wesad_files


def _amigos(path: Path) -> Path:
    video = mat_files.amigos_video(np.arange(300.0), np.arange(300.0))
    return mat_files.write_amigos(path, [video] * 20, [mat_files.rated(5, 5, 5, 5, 5)] * 20)


_ACQ = (
    acq_files.Written(np.arange(300, dtype=np.int16)),
    acq_files.Written(np.arange(75.0), "RSP", "V", 4),
)


def _beside(kind: str) -> Callable[[Path], Path]:
    """A file that belongs to the record ``rec.hea``, which lies beside it then."""

    def make(path: Path) -> Path:
        if kind == "segments":
            test_wfdb.record(path.parent, "part", "ECG")
            (path.parent / "rec.hea").write_text("rec/3 1 250 2100\npart 1000\n~ 100\npart 1000\n")
            return path.parent / "rec.hea"
        test_wfdb.write(path.parent, ["ECG"], "212", count=300)
        if kind == "atr":
            test_wfdb.noted(path.parent, "rec")
        return path.parent / f"rec.{kind}"

    return make


MAKERS: dict[str, Callable[[Path], Path]] = {
    "text": lambda path: test_text.write(path, test_text.counted(range(200))),
    "hdf5": lambda path: test_hdf5.write(path, list(range(200))),
    "shimmer": lambda path: test_shimmer.write(path, test_shimmer.at(256, 200)),
    "csv": lambda path: test_csv_table.write(path, "time,ECG\n" + "".join(f"{k / 250},{k}\n" for k in range(200))),
    "dated": lambda path: test_csv_table.write(
        path,
        "# fs=250\ntime;ECG;mark\ns;mV;\n" + "".join(f"2026-01-01 00:00:{k / 250:06.3f};{k},5;\n" for k in range(200)),
    ),
    "labchart": lambda path: test_csv_table.write(
        path, test_text_exports.block(0, 100, notes={9: "#* begin"}) + test_text_exports.block(100, 100, 5.0)
    ),
    "acqknowledge": test_text_exports.acqknowledge,
    "edf": lambda path: test_edf.write(path, test_edf.counts(seconds=2), notes=True),
    "xdf": lambda path: test_xdf.write(
        path,
        test_xdf.header(1, "P", "ECG", "float32", 130),
        test_xdf.header(2, "M", "Markers", "string", 0),
        test_xdf.offset(1, 1.0, 0.5),
        test_xdf.note(2, "begin", 1.0),
        *test_xdf.ecg(count=300),
    ),
    "bdf": test_edf.write_bdf,
    "acq": lambda path: acq_files.write(path, _ACQ, markers=[(0, "Segment 1"), (9, "go"), (50, "Segment 2")]),
    "acq5": lambda path: acq_files.write(
        path, _ACQ, revision=132, order=">", compressed=True, markers=[(0, "Segment 1"), (9, "go")]
    ),
    "poly5": lambda path: poly5_files.poly5(path, ["ECG"], np.arange(300.0)[:, None]),
    "wesad": lambda path: wesad_files.write2(
        path, wesad_files.content(wesad_files.counted(1400), wesad_files.labels((1, 1400)))
    ),
    "amigos": _amigos,
    "wfdb": lambda path: test_wfdb.write(path.parent, ["ECG"], count=300),
    "segments": _beside("segments"),
    "dat": _beside("dat"),
    "atr": _beside("atr"),
}


def seed(name: str, folder: Path) -> bytes:
    """Give the bytes of a small recording in a format; beside ``rec.hea`` lies the signal that WFDB wants."""
    return MAKERS[name](folder / name).read_bytes()
