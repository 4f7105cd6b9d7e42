"""Access to values of a MATLAB file: struct fields by name, cells in order, signals as (samples, columns)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from devices.files.matlab.format5 import MatArray, MatValue
from ecg_live.errors import FormatError
from ecg_live.events import F64

_DOWNLOAD_AGAIN = "download the file again"


def struct_fields(value: MatValue, where: str) -> dict[str, MatValue]:
    """Return the fields of one struct.

    Raises
    ------
    FormatError
        The value is not one struct.
    """
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(one, dict):
        raise FormatError(f"{where}: found {_kind_of_value(value)}, expected a struct", _DOWNLOAD_AGAIN)
    return one


def struct_field(value: MatValue, name: str, where: str) -> MatValue:
    """Return the content of a field of one struct.

    Raises
    ------
    FormatError
        The value is not one struct, or has no such field.
    """
    fields = struct_fields(value, where)
    if name not in fields:
        raise FormatError(f"{where}: found fields {', '.join(fields)}, expected {name}", _DOWNLOAD_AGAIN)
    return fields[name]


def as_cells(value: MatValue, where: str) -> list[MatValue]:
    """Return cells, or an array of structs, as a list.

    Raises
    ------
    FormatError
        The value is something else.
    """
    if not isinstance(value, list):
        raise FormatError(f"{where}: found {_kind_of_value(value)}, expected cells", _DOWNLOAD_AGAIN)
    return value


def as_numbers(value: MatValue) -> F64:
    """Return the numbers of an array, flat; empty for any other value."""
    return value.astype(np.float64).reshape(-1) if isinstance(value, np.ndarray) else np.empty(0)


def as_signal(value: MatValue, widths: Sequence[int]) -> MatArray | str:
    """Return a cell's signal (n, one of ``widths``), or the fault of the cell as text."""
    if not isinstance(value, np.ndarray):
        return _kind_of_value(value)
    if value.size == 0:
        return "empty"
    if value.ndim == 2 and value.shape[1] not in widths and value.shape[0] in widths:
        value = value.T
    if value.ndim != 2 or value.shape[1] not in widths:
        return f"of shape {value.shape}, expected (samples, {widths[0]})"
    return value


def _kind_of_value(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"numbers of shape {value.shape}"
    return "cells or structs" if isinstance(value, list | dict) else "no numbers"
