"""Which files are recordings of their own: in folders, by patterns, or named one by one."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from devices.files.wfdb.header import read_wfdb_header
from ecg_live.errors import ConfigError, EcgLiveError


class FoundFile(NamedTuple):
    """A file that may be a recording; ``named`` if the user gave its path, so that it should be one."""

    path: Path
    named: bool


def find_files(paths: Iterable[str]) -> list[FoundFile]:
    """Files of paths, folders and patterns, each once, in a fixed order.

    Parameters
    ----------
    paths : iterable of str
        Files; folders, whose files count with those in the folders within; patterns such as ``data/**/*.edf``, of which
        ``**`` stands for any folders.

    Raises
    ------
    ConfigError
        A path does not exist, or a folder or pattern holds no file.
    """
    found: dict[Path, FoundFile] = {}
    for text in paths:
        for each in _matches(text):
            found.setdefault(each.path.resolve(), each)
    return list(found.values())


def recording_files(folder: Path) -> Iterator[Path]:
    """All files in a folder and the folders within that may be a recording of their own, in a fixed order.

    Hidden ones do not count, nor what belongs to a WFDB header: signals and segments.
    """
    segments = {segment for path in folder.rglob("*.hea") for segment in _segments(path)}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        beside = path.suffix != ".hea" and path.with_suffix(".hea").is_file()
        if path.is_file() and not hidden and not beside and path not in segments:
            yield path


def _matches(text: str) -> list[FoundFile]:
    path = Path(text)
    if path.is_dir():
        found = [FoundFile(each, named=False) for each in recording_files(path)]
    elif path.exists() or path.with_name(path.name + ".hea").exists():  # a WFDB record goes without its ending
        found = [FoundFile(path, named=True)]
    elif glob.has_magic(text):
        matches = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        found = [FoundFile(Path(each), named=False) for each in matches if Path(each).is_file()]
    else:
        raise ConfigError(f"{text}: there is no such file or folder", "check the path")
    if not found:
        raise ConfigError(f"{text}: it holds no file", "check the path")
    return found


def _segments(path: Path) -> list[Path]:
    """Headers of a WFDB record's segments, which are in that record already."""
    try:
        return [segment.header for segment in read_wfdb_header(path).segments if segment.header is not None]
    except (EcgLiveError, OSError):
        return []  # opening it reports the error
