"""OpenSignals HDF5: one group a device, ``raw/channel_N`` (n, 1) and ``raw/nSeq``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from devices.files import opensignals
from devices.files.opensignals import Port, Rows, text_of
from devices.files.recording import FileRecording
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.types import F64, Opening, State

_BLOCK = 1 << 16  # samples read at once


def open_opensignals_hdf5(path: Path, opening: Opening) -> FileRecording:
    """Open an OpenSignals HDF5 file.

    Raises
    ------
    FormatError
        It is HDF5, but not from OpenSignals.
    TruncatedError
        The file was cut, or its channels are empty.
    ConfigError
        It is not plain which channel is the ECG, or no rate is known.
    """
    with _opened(path) as file:
        ports = [port for name in file for port in _ports(path, name, file[name])]
        if not ports:
            found = ", ".join(list(file)[:5]) or "nothing"
            raise FormatError(f"{path.name}: found {found}, expected raw/channel_1", "export it from OpenSignals")
        port = opensignals.choose_port(ports, opening, path.name)
        group = file[port.device]
        samples = len(_column(path, group["raw"], port.key))
        counted = "nSeq" in group["raw"] and len(_column(path, group["raw"], "nSeq")) == samples
        stated = opensignals.number(group.attrs, "nsamples", path.name)
    if not samples:
        raise TruncatedError(f"{path.name}: {port.key} holds no samples", "record it again")

    def rows() -> Iterator[Rows | State]:
        with _opened(path) as file:
            raw = file[port.device]["raw"]
            for at in range(0, samples, _BLOCK):
                numbers = _block(path, raw, "nSeq", at) if counted else None
                yield Rows("sample", at, numbers, _block(path, raw, port.key, at))
        if stated is not None and stated > samples:
            yield State("warning", f"{path.name}: the header says {stated:.0f} samples, {samples} are there")

    return opensignals.make(path, port, opening, rows, samples=samples, saturates=True)


def _column(path: Path, raw: h5py.Group, key: int | str) -> h5py.Dataset:
    """A column of numbers, which may be damaged or something else."""
    data: h5py.Dataset | h5py.Group = raw[str(key)]
    if not isinstance(data, h5py.Dataset):
        raise FormatError(f"{path.name}: {key} is no data set", "export the file again")
    if data.dtype.kind not in "iuf" or len(data.shape) not in (1, 2) or data.shape[1:] not in ((), (1,)):
        raise FormatError(
            f"{path.name}: {key} is {data.dtype} of shape {data.shape}, expected one column of numbers",
            "export the file again",
        )
    return data


def _block(path: Path, raw: h5py.Group, key: int | str, at: int) -> F64:
    return np.asarray(_column(path, raw, key)[at : at + _BLOCK], dtype=np.float64).ravel()


def _opened(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise TruncatedError(
            f"{path.name}: HDF5 cannot open it: {error}", "it was cut or damaged; copy it again"
        ) from error


def _ports(path: Path, device: str, group: h5py.Group | h5py.Dataset) -> list[Port]:
    if not isinstance(group, h5py.Group) or "raw" not in group or not isinstance(group["raw"], h5py.Group):
        return []
    names = sorted((name for name in group["raw"] if name.startswith("channel_")), key=lambda name: (len(name), name))
    rate = opensignals.number(group.attrs, "sampling rate", path.name)
    found: list[Port] = []
    for i, name in enumerate(names):
        attrs = group["raw"][name].attrs
        label = text_of(attrs.get("label", "")) or name
        width, guessed = opensignals.bits(group.attrs, i, len(names), label, path.name)
        sensor, bitalino = text_of(attrs.get("sensor", "")), opensignals.is_bitalino(group.attrs)
        found.append(Port(device, name, label, sensor, width, rate, bitalino, converted=False, guessed=guessed))
    return found
