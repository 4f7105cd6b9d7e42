"""A zip file from the network, unpacked with care."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ecg_live.errors import DatasetError

AGAIN = "run the same command again: it fetches it anew"


def unpack(archive: Path, inside: str, folder: Path, limit: int) -> Path:
    """Unpack one folder of a zip file, which is deleted afterwards, or if it is damaged.

    Parameters
    ----------
    archive : Path
        The zip file.
    inside : str
        Folder at its top that is wanted.
    folder : Path
        Where that folder comes to lie; it appears when it is complete.
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
        with zipfile.ZipFile(archive) as file:
            _check(archive, file.infolist(), inside, limit)
            file.extractall(scratch, [name for name in file.namelist() if name.startswith(f"{inside}/")])
        (scratch / inside).replace(folder / inside)
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "make room, then run the same command again") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        archive.unlink()
        raise DatasetError(f"{archive} is no whole zip file: {error}", AGAIN) from error
    except DatasetError:
        archive.unlink()
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    archive.unlink()
    return folder / inside


def _check(archive: Path, entries: list[zipfile.ZipInfo], inside: str, limit: int) -> None:
    """Refuse what should not be unpacked; an entry never gives more than the size it states."""
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise DatasetError(f"{archive}: {entry.filename!r} would lie outside the folder", "get it elsewhere")
    if not any(entry.filename.startswith(f"{inside}/") for entry in entries):
        raise DatasetError(f"{archive} holds no folder {inside}", "check the address")
    size = sum(entry.file_size for entry in entries)
    if size > limit:
        raise DatasetError(f"{archive} grows to {size} bytes; {limit} is the most expected", "check the address")
