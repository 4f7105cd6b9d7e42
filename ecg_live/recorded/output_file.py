"""Files that appear whole or not at all, for their user alone, and replace others only where that was asked for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ecg_live.atomic_write import new_file, private_folder
from ecg_live.errors import RecordingError


def check_output_path(path: Path, source: Path, *, force: bool) -> None:
    """See that a file may be written.

    Raises
    ------
    RecordingError
        It is there already, or it is the recording itself.
    """
    if path.exists() and source.exists() and path.samefile(source):
        raise RecordingError(f"{path} is the recording itself", "name another file with --out")
    if path.is_dir():
        raise RecordingError(f"{path} is a folder", "name a file with --out")
    if (path.exists() or path.is_symlink()) and not force:
        raise RecordingError(f"{path} is there already", "name another file with --out, or replace it with --force")


@contextlib.contextmanager
def atomic_output(path: Path, source: Path, *, force: bool) -> Iterator[Path]:
    """Give an empty file beside ``path`` to write to; it takes its place at the end, unless there was an error.

    Nobody but the user may read it, from the first byte on: it holds health data.

    Raises
    ------
    RecordingError
        The place is taken, or cannot be written to.
    """
    check_output_path(path, source, force=force)
    part = path.with_name(path.name + ".part")
    try:
        private_folder(path.parent)
        part.unlink(missing_ok=True)  # of a run that was killed
        os.close(new_file(part))
        yield part
        part.replace(path)
    except OSError as error:
        what = f"{path} cannot be written: {error.strerror or error}"
        raise RecordingError(what, "free space, or name another file with --out") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
