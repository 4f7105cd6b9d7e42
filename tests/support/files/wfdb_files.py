"""WFDB records for tests, written by wfdb or number by number."""

from pathlib import Path

import numpy as np
import wfdb


def write(folder: Path, names: list[str], fmt: str = "16", unit: str = "mV", count: int = 3000) -> Path:
    ramp = np.arange(count) / 1000
    signals = np.stack([ramp * (i + 1) for i in range(len(names))], axis=1)
    wfdb.wrsamp("rec", 360, [unit] * len(names), names, signals, fmt=[fmt] * len(names), write_dir=str(folder))
    return folder / "rec.hea"


RAMP = np.arange(1000, dtype="<i2")


def record(folder: Path, name: str, *names: str, header: str = "", rate: int = 250, start: int = 0) -> Path:
    """A record of ramps in format 16, a count a sample, which the header may describe in another way."""
    rows = [f"{name}.dat 16 1000/mV 16 0 0 0 0 {each}\n" for each in names]
    columns = np.stack([RAMP + start + 2000 * i for i in range(len(names))], axis=1)
    (folder / f"{name}.dat").write_bytes(columns.astype("<i2").tobytes())
    (folder / f"{name}.hea").write_text((header or f"{name} {len(names)} {rate} 1000\n") + "".join(rows))
    return folder / f"{name}.hea"


def noted(folder: Path, name: str = "a") -> None:
    wfdb.wrann(
        name, "atr", np.array([25, 100, 300, 301, 900]), ["N", "+", "V", '"', "N"], fs=250, write_dir=str(folder),
        aux_note=["", "(AFIB", "", "patient coughs", ""],
    )  # fmt: skip
