"""One small recording of each format, for fuzzers to damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.support.files import (
    acq_files,
    csv_files,
    edf_files,
    hdf5_files,
    mat_files,
    opensignals_text_files,
    poly5_files,
    shimmer_text_files,
    text_exports,
    wesad_files,
    wfdb_files,
    xdf_files,
)


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
            wfdb_files.record(path.parent, "part", "ECG")
            (path.parent / "rec.hea").write_text("rec/3 1 250 2100\npart 1000\n~ 100\npart 1000\n")
            return path.parent / "rec.hea"
        wfdb_files.write(path.parent, ["ECG"], "212", count=300)
        if kind == "atr":
            wfdb_files.noted(path.parent, "rec")
        return path.parent / f"rec.{kind}"

    return make


MAKERS: dict[str, Callable[[Path], Path]] = {
    "text": lambda path: opensignals_text_files.write(path, opensignals_text_files.counted(range(200))),
    "hdf5": lambda path: hdf5_files.write(path, list(range(200))),
    "shimmer": lambda path: shimmer_text_files.write(path, shimmer_text_files.at(256, 200)),
    "csv": lambda path: csv_files.write(path, "time,ECG\n" + "".join(f"{k / 250},{k}\n" for k in range(200))),
    "dated": lambda path: csv_files.write(
        path,
        "# fs=250\ntime;ECG;mark\ns;mV;\n" + "".join(f"2026-01-01 00:00:{k / 250:06.3f};{k},5;\n" for k in range(200)),
    ),
    "labchart": lambda path: csv_files.write(
        path, text_exports.block(0, 100, notes={9: "#* begin"}) + text_exports.block(100, 100, 5.0)
    ),
    "acqknowledge": text_exports.acqknowledge,
    "edf": lambda path: edf_files.write(path, edf_files.counts(seconds=2), notes=True),
    "xdf": lambda path: xdf_files.write(
        path,
        xdf_files.header(1, "P", "ECG", "float32", 130),
        xdf_files.header(2, "M", "Markers", "string", 0),
        xdf_files.offset(1, 1.0, 0.5),
        xdf_files.note(2, "begin", 1.0),
        *xdf_files.ecg(count=300),
    ),
    "bdf": edf_files.write_bdf,
    "acq": lambda path: acq_files.write(path, _ACQ, markers=[(0, "Segment 1"), (9, "go"), (50, "Segment 2")]),
    "acq5": lambda path: acq_files.write(
        path, _ACQ, revision=132, order=">", compressed=True, markers=[(0, "Segment 1"), (9, "go")]
    ),
    "poly5": lambda path: poly5_files.poly5(path, ["ECG"], np.arange(300.0)[:, None]),
    "wesad": lambda path: wesad_files.write2(
        path, wesad_files.content(wesad_files.counted(1400), wesad_files.labels((1, 1400)))
    ),
    "amigos": _amigos,
    "wfdb": lambda path: wfdb_files.write(path.parent, ["ECG"], count=300),
    "segments": _beside("segments"),
    "dat": _beside("dat"),
    "atr": _beside("atr"),
}


def seed(name: str, folder: Path) -> bytes:
    """Give the bytes of a small recording in a format; beside ``rec.hea`` lies the signal that WFDB wants."""
    return MAKERS[name](folder / name).read_bytes()
