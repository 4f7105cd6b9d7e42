"""Records as the CinC 2017 challenge has them."""

from pathlib import Path

import numpy as np

from ecg_live.events import F64

RATE = 300


def challenge(folder: Path, name: str, samples: F64 | None = None) -> None:
    """A record of these samples (n,) in mV; of half a minute of noughts without any."""
    given = np.zeros(30 * RATE) if samples is None else samples
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.hea").write_text(f"{name} 1 {RATE} {len(given)}\n{name}.mat 16+24 1000/mV 16 0 0 0 0 ECG \n")
    (folder / f"{name}.mat").write_bytes(b"M" * 24 + np.round(given * 1000).astype("<i2").tobytes())
