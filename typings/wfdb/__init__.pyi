"""What we use of wfdb, which ships no types."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

class Record:
    n_sig: int
    fs: float | None
    sig_len: int | None
    sig_name: list[str | None] | None
    file_name: list[str]
    fmt: list[str]
    samps_per_frame: list[int]
    byte_offset: list[int | None]
    adc_gain: list[float]
    baseline: list[int]
    units: list[str | None]
    adc_res: list[int | None]
    adc_zero: list[int | None]
    e_p_signal: list[npt.NDArray[np.float64]]
    p_signal: npt.NDArray[np.float64]

class MultiRecord:
    n_seg: int

def rdheader(record_name: str) -> Record | MultiRecord: ...
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
