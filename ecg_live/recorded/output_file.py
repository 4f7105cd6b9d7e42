"""Write files atomically, private to their user, and replace existing ones only on request."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ecg_live.atomic_write import private_folder
from ecg_live.errors import RecordingError
from ecg_live.locked_file import new_locked_file


def check_output_path(path: Path, source: Path, *, force: bool) -> None:
    """Check that an output file may be written.

    Parameters
    ----------
    path : Path
        The output.
    source : Path
        The recording that it is made from.
    force : bool
        Existing files may be replaced.

    Raises
    ------
    RecordingError
        It exists, or it is the recording itself.
    """
    if path.exists() and source.exists() and path.samefile(source):
        raise RecordingError(f"{path} is the recording itself", "name another file with --out")
    if path.is_dir():
        raise RecordingError(f"{path} is a folder", "name a file with --out")
    if (path.exists() or path.is_symlink()) and not force:
        raise RecordingError(f"{path} is there already", "name another file with --out, or replace it with --force")


@contextlib.contextmanager
def atomic_output(path: Path, source: Path, *, force: bool) -> Iterator[Path]:
    """Yield an empty file beside ``path`` to write to; it is renamed to ``path`` if the block succeeds.

    Only the user may read it, from the first byte on: it holds health data. Parameters are those of
    `check_output_path`.

    Raises
    ------
    RecordingError
        The path exists, cannot be written to, or is being written by another program.
    """
    check_output_path(path, source, force=force)
    part = path.with_name(path.name + ".part")
    try:
        private_folder(path.parent)
        with new_locked_file(part):
            yield part
            check_output_path(path, source, force=force)  # another program may have been faster
            part.replace(path)
    except BlockingIOError as error:
        raise RecordingError(f"{path} is being written by another program", "wait until it is done") from error
    except OSError as error:
        what = f"{path} cannot be written: {error.strerror or error}"
        raise RecordingError(what, "free space, or name another file with --out") from error
