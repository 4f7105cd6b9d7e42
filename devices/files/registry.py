"""The registry of file formats: chooses the decoder by a file's first bytes, then by its name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from devices.files.acq.header import is_acq
from devices.files.matlab.format5 import MATLAB5_MAGIC, MATLAB73_MAGIC
from devices.files.poly5 import POLY5_SIGNATURE as POLY5
from devices.files.poly5 import open_poly5
from devices.files.recording import OpenRecording, StatedSignal
from devices.files.unreadable import DECODE_ERRORS, damaged_file_error, refuse_unreadable, regular_file
from devices.plugins import find_reader
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.events import SIGNAL_NAMES

_MAX_NAME_CHARS = 80  # of a file name in a message
_MAX_HEADERS = 1000  # in a folder, that are searched for the name of a signal file
_MAX_HEADER_BYTES = 1 << 16
_HDF5_MAGIC, _XDF_MAGIC = b"\x89HDF\r\n\x1a\n", b"XDF:"
_EDF_MAGIC, _BDF_MAGIC = b"0       ", b"\xffBIOSEMI"
_MATLAB_MAGICS = (MATLAB5_MAGIC, MATLAB73_MAGIC)


def open_recording(path: Path, options: ReadOptions) -> OpenRecording:
    """Open a recording of any format.

    Parameters
    ----------
    path : Path
        The file; for WFDB the header, a signal file beside it, or the record's path without ending.
    options : ReadOptions
        Channel, rate, unit, gain, part and annotations, as far as the user gave them.

    Raises
    ------
    RecordingError
        There is no such file, or it cannot be read; `FormatError` for a file that is not a recording, `TruncatedError`
        for one that was cut before its first sample.
    ConfigError
        The channel, rate, unit or part is ambiguous, or the file does not have it.
    """
    name = path.name[:_MAX_NAME_CHARS]
    try:
        file = _file_to_decode(path)
        if options.part is not None and not _may_hold_parts(file):
            raise ConfigError(f"{name}: holds one recording, there is no part {options.part!r}", "leave the part out")
        if options.annotations is not None and file.suffix.casefold() != ".hea":
            raise ConfigError(f"{name}: is no WFDB record, only these have --annotations", "leave the option out")
        return _with_signal(_open_by_format(file, options), options, name)
    except OSError as error:
        raise RecordingError(f"{name}: cannot be read: {error.strerror or error}", "check the file") from error
    except DECODE_ERRORS as error:
        raise damaged_file_error(name, error) from error


def _with_signal(recording: OpenRecording, options: ReadOptions, name: str) -> OpenRecording:
    """The recording as one of the signal that the user states; a file that states another is refused."""
    found, wanted = recording.info.signal, options.signal
    if wanted is None or wanted == found:
        return recording
    if found != "ecg":  # what a file is taken for that states nothing
        recording.close()
        raise ConfigError(f"{name}: holds {SIGNAL_NAMES[found]}, and --signal is {wanted}", "leave --signal out")
    return StatedSignal(recording, wanted)


def _open_by_format(file: Path, options: ReadOptions) -> OpenRecording:
    """Open it with a built-in reader; if none knows the format, with a plug-in."""
    try:
        return _choose_decoder(file)(file, options)
    except FormatError:
        if (reader := find_reader(file)) is None:
            raise
    return reader.open(file, options)


def _file_to_decode(path: Path) -> Path:
    """The file to decode: it exists and can be read more than once."""
    header = wfdb_header_of(path)
    return regular_file(path) if header is None else header


def wfdb_header_of(path: Path) -> Path | None:
    """The ``.hea`` that belongs to a record's path, its header or one of its signal files."""
    ending = path.suffix.casefold()
    if ending == ".hea":
        return path if path.is_file() else None
    signal = ending in (".dat", ".mat")
    beside = path.with_suffix(".hea") if signal else path.with_name(path.name + ".hea")
    if not path.is_dir() and beside.is_file():
        return beside
    return _header_naming(path) if ending == ".dat" and path.is_file() else None


def _header_naming(path: Path) -> Path | None:
    """The only header beside a signal file that names it, if there is one."""
    found = []
    for header in islice(path.parent.glob("*.hea"), _MAX_HEADERS):
        with header.open("rb") as file:
            words = file.read(_MAX_HEADER_BYTES).split()
        found += [header] if path.name.encode() in words else []
    return found[0] if len(found) == 1 else None


def _may_hold_parts(path: Path) -> bool:
    """Whether a file's format may hold the recordings of several subjects."""
    with path.open("rb") as file:
        return file.read(len(_MATLAB_MAGICS[0])) in _MATLAB_MAGICS


def _choose_decoder(path: Path) -> Callable[[Path, ReadOptions], OpenRecording]:
    """Choose by the first bytes, then by the name; a decoder is loaded only for a file that needs it."""
    with path.open("rb") as file:
        head = file.read(4096)
    if path.suffix.casefold() == ".hea" and head.strip():
        from devices.files.wfdb.wfdb import open_wfdb

        return open_wfdb
    if head.startswith(_HDF5_MAGIC):
        from devices.files.opensignals.hdf5 import open_opensignals_hdf5

        return open_opensignals_hdf5
    if head.startswith((_EDF_MAGIC, _BDF_MAGIC)):
        from devices.files.edf.edf import open_edf

        return open_edf
    if head.startswith(_MATLAB_MAGICS):
        from devices.files.matlab.matlab import open_mat

        return open_mat
    if head.startswith(_XDF_MAGIC):
        from devices.files.xdf.xdf import open_xdf

        return open_xdf
    if head.startswith(POLY5):
        return open_poly5
    if is_acq(head):
        from devices.files.acq.acq import open_acq

        return open_acq
    from devices.files.wesad.wesad import is_wesad, open_wesad

    if is_wesad(head):
        return open_wesad
    refuse_unreadable(path, head)
    from devices.files.text.decoders import choose_text_decoder

    return choose_text_decoder(path)
