"""What we use of scipy.signal."""

from typing import Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

_F64: TypeAlias = npt.NDArray[np.float64]

def butter(
    N: int,
    Wn: float,
    btype: Literal["highpass", "lowpass"],
    *,
    fs: float,
    output: Literal["sos"],
) -> _F64: ...
def firwin(numtaps: int, cutoff: float, *, window: tuple[str, float]) -> _F64: ...
def resample_poly(
    x: _F64, up: int, down: int, axis: int = ..., *, window: tuple[str, float] = ..., padtype: str = ...
) -> _F64: ...
@overload
def sosfilt(sos: _F64, x: _F64, axis: int = ...) -> _F64: ...
@overload
def sosfilt(sos: _F64, x: _F64, axis: int = ..., *, zi: _F64) -> tuple[_F64, _F64]: ...
def sosfilt_zi(sos: _F64) -> _F64: ...
def upfirdn(h: _F64, x: _F64, up: int, down: int, axis: int = ...) -> _F64: ...
