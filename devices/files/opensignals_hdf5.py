"""OpenSignals HDF5: one group a device, ``raw/channel_N`` (n, 1) and ``raw/nSeq``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from devices.files import opensignals
from devices.files.opensignals import Port, text_of
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
        data = group[f"raw/{port.key}"]
        samples = len(data)
        counted = "raw/nSeq" in group and len(group["raw/nSeq"]) == samples
        stated = opensignals.number(group.attrs, "nsamples", path.name)
    if not samples:
        raise TruncatedError(f"{path.name}: {port.key} holds no samples", "record it again")

    def rows() -> Iterator[tuple[str, F64 | None, F64] | State]:
        with _opened(path) as file:
            raw = file[port.device]["raw"]
            for at in range(0, samples, _BLOCK):
                numbers = np.asarray(raw["nSeq"][at : at + _BLOCK], dtype=np.float64).ravel() if counted else None
                values = np.asarray(raw[port.key][at : at + _BLOCK], dtype=np.float64).ravel()
                yield f"{path.name}, from sample {at}", numbers, values
        if stated is not None and stated > samples:
            yield State("warning", f"{path.name}: the header says {stated:.0f} samples, {samples} are there")

    return opensignals.make(path, port, opening, rows, samples=samples, saturates=True)


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
