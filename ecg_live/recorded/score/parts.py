"""The parts of a table, one a recording: what is done stays done, whatever ends the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from devices.files.content_files import content_files
from ecg_live.atomic_write import private_folder, write_whole
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.tables import Columns, read_table

PARTS_SUFFIX = ".parts"
OPTIONS_FILE, LOCK_FILE = "options.json", "lock"
READ_BLOCK_BYTES = 2**20
KEY_DIGITS = 32  # of a digest: 128 bits


@dataclass(frozen=True, slots=True)
class PartStore:
    """The folder of a table's parts, ``OUT.parts``: a table and a JSON file for each recording, by its content.

    Parameters
    ----------
    folder : Path
    suffix : str
        Of the parts' tables, as of the table.
    """

    folder: Path
    suffix: str

    @classmethod
    def beside(cls, out: Path) -> PartStore:
        """The parts of the table ``out``."""
        return cls(out.with_name(out.name + PARTS_SUFFIX), out.suffix.lower())

    def table(self, key: str) -> Path:
        """Table of a recording's windows."""
        return self.folder / f"{key}{self.suffix}"

    def finish(self, key: str, found: Mapping[str, Any]) -> None:
        """Note that a recording's part is complete.

        Raises
        ------
        RecordingError
            The folder cannot be written to.
        """
        self._write(f"{key}.json", found)

    def finished(self, key: str) -> bool:
        """Whether a recording's part is there, and the recording had no error."""
        return self.outcome(key).get("error", "") is None and self.table(key).is_file()

    def outcome(self, key: str) -> dict[str, Any]:
        """What `finish` noted; empty for a part that is not there."""
        return self._read(f"{key}.json") or {}

    def rows(self, key: str, columns: Columns) -> Iterator[dict[str, Any]]:
        """Rows of a recording's windows.

        Raises
        ------
        FormatError
            The part is damaged.
        """
        read = read_table(self.table(key), columns)
        for values in zip(*read.values(), strict=True):
            yield dict(zip(read, values, strict=True))

    def make(self) -> None:
        """Make the folder.

        Raises
        ------
        RecordingError
            It cannot be made.
        """
        try:
            private_folder(self.folder)
        except OSError as error:
            raise RecordingError(f"{self.folder}: {error.strerror}", "choose another --out") from error

    def open(self, options: Mapping[str, str], *, fresh: bool, keep: bool = False) -> None:
        """Prepare the folder, which is `locked`, for parts that are made with ``options``.

        ``fresh``: remove all parts, with ``keep`` only those of other options, so that shards leave each other's.

        Raises
        ------
        ConfigError
            Its parts were made with other options.
        RecordingError
            It cannot be written to.
        """
        earlier = self._read(OPTIONS_FILE)
        if earlier is not None and earlier != dict(options):
            if not fresh:
                name = next(
                    (name for name in (*options, *earlier) if earlier.get(name) != options.get(name)), OPTIONS_FILE
                )
                found = f"{name} {earlier.get(name)}, now {options.get(name)}"
                raise ConfigError(
                    f"{self.folder} holds parts that were made with {found}", "give --fresh, or another --out"
                )
            self.clear()
        elif fresh and not keep:
            self.clear()
        self._write(OPTIONS_FILE, options)

    def clear(self) -> None:
        """Remove all parts."""
        for path in self.folder.iterdir():
            if path.suffix in {self.suffix, ".json", ".part"}:
                path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, patience: float = 0.0) -> Iterator[None]:
        """Hold the folder against other runs; wait ``patience`` seconds for it.

        Raises
        ------
        ConfigError
            Another run holds it.
        """
        lock = FileLock(self.folder / LOCK_FILE)
        try:
            lock.acquire(timeout=patience)
        except Timeout as error:
            raise ConfigError(
                f"{self.folder}: another run is writing this table", "wait for its end, or choose another --out"
            ) from error
        except OSError as error:
            raise RecordingError(f"{self.folder}: {error.strerror}", "choose another --out") from error
        try:
            yield
        finally:
            lock.release()

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        path = self.folder / name
        try:
            write_whole(path, (json.dumps(content) + "\n").encode(), private=True)
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}", "free space, or choose another --out") from error

    def _read(self, name: str) -> dict[str, Any] | None:
        """Content of one of the folder's files; None if it is not there, or damaged."""
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def recording_key(path: Path, options: Mapping[str, str]) -> str:
    """Digest of a recording's content, with the files that belong to it, and of what its numbers depend on.

    Raises
    ------
    FormatError
        It cannot be read.
    """
    digest = hashlib.sha256(json.dumps(dict(options), sort_keys=True).encode())
    try:
        for each in content_files(path):
            digest.update(each.suffix.encode())
            with each.open("rb") as file:
                while block := file.read(READ_BLOCK_BYTES):
                    digest.update(block)
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror}", "check the file") from error
    return digest.hexdigest()[:KEY_DIGITS]


def recording_stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Sizes and times of change of a recording's files, to see whether it changes while it is read."""
    found = []
    try:
        files = content_files(path)
    except OSError:
        return ()
    for each in files:
        try:
            status = each.stat()
        except OSError:
            continue
        found.append((each.name, status.st_size, status.st_mtime_ns))
    return tuple(found)
