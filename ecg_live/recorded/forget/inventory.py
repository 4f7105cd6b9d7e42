"""What is kept of a participant: files to remove, each with the reason, and files that only somebody can judge."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

FileIdentity = tuple[
    int, int, int, int
]  # device, inode, size and time of change: is it still the file that was listed?


class KeptFile(NamedTuple):
    """A file or folder that is left as it is; ``theirs``: it holds data of the participant, or may."""

    path: Path
    why: str
    of_participant: bool = True


@dataclass(frozen=True, slots=True)
class FileToRemove:
    """A file to remove: why it is the participant's, its size in bytes and when it changed (s since 1970)."""

    path: Path
    why: str
    size: int
    changed: float
    identity: FileIdentity

    @classmethod
    def of(cls, path: Path, why: str) -> FileToRemove | KeptFile | None:
        """Look at a file that is the participant's; None if there is none, or no file.

        Links are never followed, neither to be removed nor to what they lead to.
        """
        try:
            found = path.lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            return KeptFile(path, f"cannot be seen: {error.strerror}")
        if stat.S_ISLNK(found.st_mode):
            return KeptFile(path, f"a link to {os.path.realpath(path)}; {why}")
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_nlink > 1:
            why += f"; it has {found.st_nlink} names (hard links), and its content stays until all are removed"
        return cls(path, why, found.st_size, found.st_mtime, file_identity(found))

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"path": str(self.path), "size": self.size, "changed": self.changed, "why": self.why}


def file_identity(found: os.stat_result) -> FileIdentity:
    """What tells whether a file was replaced or written to."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(slots=True)
class Inventory:
    """All that was found of a participant.

    ``files`` are to be removed, then ``ledger``, the profile's entries of where recordings were begun: they stay while
    something that is theirs does, so that the next search finds it. ``removed`` counts what has been.
    """

    participant: str
    files: list[FileToRemove] = field(default_factory=list)
    recording_index: list[FileToRemove] = field(default_factory=list)
    kept: list[KeptFile] = field(default_factory=list)
    searched: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)

    @property
    def to_remove(self) -> list[FileToRemove]:
        """Files to remove, in that order."""
        return [*self.files, *self.recording_index]

    @property
    def kept_of_participant(self) -> list[KeptFile]:
        """What stays, or stayed, of the participant."""
        return [each for each in self.kept if each.of_participant]

    def add(self, path: Path, why: str) -> None:
        """Take a file that is theirs."""
        found = FileToRemove.of(path, why)
        if isinstance(found, KeptFile):
            self.kept.append(found)
        elif found is not None:
            self.files.append(found)
