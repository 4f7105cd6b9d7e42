"""Inventory of a participant's files: those to remove, each with the reason, and those left to the user."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

FileIdentity = tuple[int, int, int, int]  # device, inode, size (bytes), time of change (ns)


class KeptFile(NamedTuple):
    """A file or folder that is not removed; ``of_participant``: it may hold data of the participant."""

    path: Path
    why: str
    of_participant: bool = True


@dataclass(frozen=True, slots=True)
class FileToRemove:
    """A file to remove: why it is the participant's, its size (bytes) and time of change (s since 1970)."""

    path: Path
    why: str
    size: int
    changed: float
    identity: FileIdentity

    @classmethod
    def of(cls, path: Path, why: str) -> FileToRemove | KeptFile | None:
        """Inspect a participant's file; None if it does not exist or is not a file.

        Links are neither followed nor removed.
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
        """As a JSON object."""
        return {"path": str(self.path), "size": self.size, "changed": self.changed, "why": self.why}


def file_identity(found: os.stat_result) -> FileIdentity:
    """What changes when a file is replaced or written to."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(slots=True)
class Inventory:
    """Everything that was found of a participant.

    Attributes
    ----------
    files, recording_index : list of FileToRemove
        To remove in this order. The index is the profile's paths of recordings: it stays while another file of the
        participant does, so that the next search finds that file.
    kept : list of KeptFile
        Not to be removed, or could not be.
    searched, removed : list of Path
        Searched folders, and files removed so far.
    """

    participant: str
    files: list[FileToRemove] = field(default_factory=list)
    recording_index: list[FileToRemove] = field(default_factory=list)
    kept: list[KeptFile] = field(default_factory=list)
    searched: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)

    @property
    def to_remove(self) -> list[FileToRemove]:
        """Files to remove, in order."""
        return [*self.files, *self.recording_index]

    @property
    def kept_of_participant(self) -> list[KeptFile]:
        """Kept files that may hold data of the participant."""
        return [each for each in self.kept if each.of_participant]

    def add(self, path: Path, why: str) -> None:
        """Add a file of the participant."""
        found = FileToRemove.of(path, why)
        if isinstance(found, KeptFile):
            self.kept.append(found)
        elif found is not None:
            self.files.append(found)

    def keep(self, path: Path, why: str, *, of_participant: bool = True) -> None:
        """Add a file or folder that is not removed."""
        self.kept.append(KeptFile(path, why, of_participant))
