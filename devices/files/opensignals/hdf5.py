"""Read OpenSignals HDF5: one group a device, ``raw/channel_N`` (n, 1) and ``raw/nSeq``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from devices.files.opensignals import scaling
from devices.files.opensignals.scaling import OpenSignalsBlock, OpenSignalsChannel, attribute_text
from devices.files.recording import FileRecording
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64, State

_BLOCK_SAMPLES = 1 << 16
_MAX_CHUNK_BYTES = 1 << 24  # a chunk is decompressed as a whole; HDF5 chooses up to 1 MiB
_MAX_COMPRESSION_RATIO = 1100  # zlib compresses a thousandfold at best
_KNOWN_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # HDF5 would search plug-ins for others


def open_opensignals_hdf5(path: Path, options: ReadOptions) -> FileRecording:
    """Open an OpenSignals HDF5 file.

    Raises
    ------
    FormatError
        It is HDF5, but not of OpenSignals.
    TruncatedError
        The file was cut, or its channels are empty.
    ConfigError
        The ECG channel is ambiguous, or no rate is known.
    """
    with _open_hdf5(path) as file:
        all_channels = [channel for name in file for channel in _find_channels(path, name, _member(path, file, name))]
        if not all_channels:
            found = ", ".join(list(file)[:5]) or "nothing"
            raise FormatError(f"{path.name}: found {found}, expected raw/channel_1", "export it from OpenSignals")
        channel = scaling.choose_opensignals_channel(all_channels, options, path.name)
        group = file[channel.device]
        samples = len(_column(path, group["raw"], channel.key))
        counted = (
            "nSeq" in group["raw"] and len(_column(path, group["raw"], "nSeq")) == samples
        )  # _find_channels saw to links
        stated = scaling.header_number(group.attrs, "nsamples", path.name)
    if not samples:
        raise TruncatedError(f"{path.name}: {channel.key} holds no samples", "record it again")

    def rows() -> Iterator[OpenSignalsBlock | State]:
        with _open_hdf5(path) as file:
            raw = file[channel.device]["raw"]
            for at in range(0, samples, _BLOCK_SAMPLES):
                numbers = _read_block(path, raw, "nSeq", at) if counted else None
                yield OpenSignalsBlock("sample", at, numbers, _read_block(path, raw, channel.key, at))
        if stated is not None and stated > samples:
            yield State("warning", f"{path.name}: the header says {stated:.0f} samples, {samples} are there")

    return scaling.make_recording(path, channel, options, rows, samples=samples, saturates=True)


def _column(path: Path, raw: h5py.Group, key: int | str) -> h5py.Dataset:
    """Return a data set of one column of numbers; FormatError for anything else."""
    data = _member(path, raw, str(key))
    if not isinstance(data, h5py.Dataset):
        raise FormatError(f"{path.name}: {key} is no data set", "export the file again")
    if data.dtype.kind not in "iuf" or len(data.shape) not in (1, 2) or data.shape[1:] not in ((), (1,)):
        raise FormatError(
            f"{path.name}: {key} is {data.dtype} of shape {data.shape}, expected one column of numbers",
            "export the file again",
        )
    if wrong := _unsafe_column_fault(data):
        raise FormatError(f"{path.name}: {key} {wrong}", "export the file again from OpenSignals")
    return data


def _member(path: Path, group: h5py.Group, name: str) -> h5py.Dataset | h5py.Group:
    """Return the member of a group; FormatError for a link to another place or file."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise FormatError(f"{path.name}: {name} is a link, expected what it links to", "export the file again")
    found: h5py.Dataset | h5py.Group = group[name]
    return found


def _unsafe_column_fault(data: h5py.Dataset) -> str:
    """Return why a column is not read: data outside the file, or more than can be stored; empty for a sound one."""
    settings = data.id.get_create_plist()
    filters = [settings.get_filter(at)[0] for at in range(settings.get_nfilters())]
    if data.external or data.is_virtual:
        return "lies outside the file"
    if strange := [number for number in filters if number not in _KNOWN_FILTERS]:
        return f"is packed with filter {strange[0]}, expected one of {', '.join(_KNOWN_FILTERS.values())}"
    size = data.dtype.itemsize
    chunk = size * math.prod(data.chunks) if data.chunks else 0
    if chunk > _MAX_CHUNK_BYTES:
        return f"is packed in chunks of {chunk} bytes, expected {_MAX_CHUNK_BYTES} at most"
    whole, stored = size * math.prod(data.shape), data.id.get_storage_size()
    return f"has {whole} bytes by its own words, {stored} are stored" if whole > stored * _MAX_COMPRESSION_RATIO else ""


def _read_block(path: Path, raw: h5py.Group, key: int | str, at: int) -> F64:
    return np.asarray(_column(path, raw, key)[at : at + _BLOCK_SAMPLES], dtype=np.float64).ravel()


def _open_hdf5(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise TruncatedError(
            f"{path.name}: HDF5 cannot open it: {error}", "it was cut or damaged; copy it again"
        ) from error


def _find_channels(path: Path, device: str, group: h5py.Group | h5py.Dataset) -> list[OpenSignalsChannel]:
    if not isinstance(group, h5py.Group) or "raw" not in group:
        return []
    raw = _member(path, group, "raw")
    if not isinstance(raw, h5py.Group):
        return []
    names = sorted((name for name in raw if name.startswith("channel_")), key=lambda name: (len(name), name))
    rate = scaling.header_number(group.attrs, "sampling rate", path.name)
    found: list[OpenSignalsChannel] = []
    for i, name in enumerate(names):
        attrs = _member(path, raw, name).attrs
        label = attribute_text(attrs.get("label", "")) or name
        width, guessed = scaling.converter_bits(group.attrs, i, len(names), label, path.name)
        sensor, bitalino = attribute_text(attrs.get("sensor", "")), scaling.is_bitalino(group.attrs)
        found.append(
            OpenSignalsChannel(device, name, label, sensor, width, rate, bitalino, converted=False, guessed=guessed)
        )
    return found
