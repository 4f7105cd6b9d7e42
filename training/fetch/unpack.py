"""Unpack a zip file from the network: no path outside the folder, no more than the stated size."""

from __future__ import annotations

import shutil
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ecg_live.errors import DatasetError

MAX_ENTRIES = 100_000  # files in a data set; CinC 2017 has 17,057
MAX_DIRECTORY_BYTES = 1 << 25  # of a zip file's central directory, which is read as a whole
_END_RECORD, _END64_RECORD = b"PK\x05\x06", b"PK\x06\x06"  # signatures of the end-of-central-directory records
REFETCH_REMEDY = "run the same command again: it downloads the file again"


def unpack(archive: Path, inside: str, folder: Path, limit: int) -> Path:
    """Unpack one folder of a zip file, which is deleted afterwards, or if it is damaged.

    Parameters
    ----------
    archive : Path
        The zip file.
    inside : str
        Folder at its top that is wanted.
    folder : Path
        Where that folder is moved to when it is complete.
    limit : int
        Bytes that it may grow to.

    Raises
    ------
    DatasetError
        If it is damaged, reaches outside, grows too large, or the disk does not take it.
    """
    scratch = folder / f".{inside}.part"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        _check_list(archive)
        with zipfile.ZipFile(archive) as file:
            _check(archive, file.infolist(), inside, limit)
            file.extractall(scratch, [name for name in file.namelist() if name.startswith(f"{inside}/")])
        (scratch / inside).replace(folder / inside)
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "make room, then run the same command again") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        archive.unlink()
        raise DatasetError(f"{archive} is not a complete zip file: {error}", REFETCH_REMEDY) from error
    except DatasetError:
        archive.unlink()
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    archive.unlink()
    return folder / inside


def _check_list(archive: Path) -> None:
    """Refuse a central directory that is too long, before it is read."""
    with archive.open("rb") as file:
        file.seek(max(0, archive.stat().st_size - (1 << 16) - 256))
        tail = file.read()
    wide, plain = tail.rfind(_END64_RECORD), tail.rfind(_END_RECORD)
    entries = size = 0
    if wide >= 0 and len(tail) >= wide + 48:
        entries, size = struct.unpack_from("<QQ", tail, wide + 32)
    elif plain >= 0 and len(tail) >= plain + 16:
        entries, size = struct.unpack_from("<HI", tail, plain + 10)
    if entries > MAX_ENTRIES or size > MAX_DIRECTORY_BYTES:
        raise DatasetError(
            f"{archive} lists {entries} files in {size} bytes; {MAX_ENTRIES} files is the most expected",
            "check the address",
        )


def _check(archive: Path, entries: list[zipfile.ZipInfo], inside: str, limit: int) -> None:
    """Refuse unsafe paths and sizes; an entry never unpacks to more than the size it states."""
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise DatasetError(f"{archive}: {entry.filename!r} would be outside the folder", "get it elsewhere")
    if not any(entry.filename.startswith(f"{inside}/") for entry in entries):
        raise DatasetError(f"{archive} holds no folder {inside}", "check the address")
    size = sum(entry.file_size for entry in entries)
    if size > limit:
        raise DatasetError(f"{archive} grows to {size} bytes; {limit} is the most expected", "check the address")
