"""What we use of wfdb, which ships no types."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

class Record:
    e_p_signal: list[npt.NDArray[np.float64]]
    p_signal: npt.NDArray[np.float64]

def rdrecord(
    record_name: str,
    sampfrom: int = ...,
    sampto: int | None = ...,
    channels: list[int] | None = ...,
    *,
    smooth_frames: bool = ...,
    ignore_skew: bool = ...,
) -> Record: ...
def wrsamp(
    record_name: str,
    fs: float,
    units: Sequence[str],
    sig_name: Sequence[str],
    p_signal: npt.NDArray[np.float64],
    fmt: Sequence[str],
    write_dir: str,
) -> None: ...
def wrann(
    record_name: str,
    extension: str,
    sample: npt.NDArray[np.int64],
    symbol: Sequence[str],
    *,
    fs: float,
    write_dir: str,
    aux_note: Sequence[str],
) -> None: ...
