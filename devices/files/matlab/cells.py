"""What the cells and structs of a MATLAB file hold: fields by name, cells in order, signals as (samples, columns)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from devices.files.matlab.format5 import Numbers, Value
from ecg_live.errors import FormatError
from ecg_live.events import F64

_AGAIN = "download the file again"


def record(value: Value, where: str) -> dict[str, Value]:
    """Fields of one struct.

    Raises
    ------
    FormatError
        It is something else.
    """
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(one, dict):
        raise FormatError(f"{where}: found {_kind(value)}, expected a struct", _AGAIN)
    return one


def field(value: Value, name: str, where: str) -> Value:
    """Content of a field of one struct.

    Raises
    ------
    FormatError
        There is no such field, or no struct.
    """
    fields = record(value, where)
    if name not in fields:
        raise FormatError(f"{where}: found fields {', '.join(fields)}, expected {name}", _AGAIN)
    return fields[name]


def cells(value: Value, where: str) -> list[Value]:
    """Cells, or an array of structs, one by one.

    Raises
    ------
    FormatError
        It is something else.
    """
    if not isinstance(value, list):
        raise FormatError(f"{where}: found {_kind(value)}, expected cells", _AGAIN)
    return value


def numbers(value: Value) -> F64:
    """All numbers of an array, flat; none where it holds something else."""
    return value.astype(np.float64).reshape(-1) if isinstance(value, np.ndarray) else np.empty(0)


def signal(value: Value, widths: Sequence[int]) -> Numbers | str:
    """A cell's signal (n, one of ``widths``), or what is wrong with it."""
    if not isinstance(value, np.ndarray):
        return _kind(value)
    if value.size == 0:
        return "empty"
    if value.ndim == 2 and value.shape[1] not in widths and value.shape[0] in widths:
        value = value.T
    if value.ndim != 2 or value.shape[1] not in widths:
        return f"of shape {value.shape}, expected (samples, {widths[0]})"
    return value


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"numbers of shape {value.shape}"
    return "cells or structs" if isinstance(value, list | dict) else "no numbers"
