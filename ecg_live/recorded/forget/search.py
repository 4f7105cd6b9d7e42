"""Look for all that is kept of a participant: what headers say decides, never the beginning of a name."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from ecg_live.errors import RecordingError
from ecg_live.participant_profile import RECORDING_ENTRY_PREFIX, Profile, file_name_of, participant_of
from ecg_live.recorded.export.csv import TABLE_NAMES
from ecg_live.recorded.forget.inventory import FileToRemove, Inventory, KeptFile
from ecg_live.recorded.forget.ownership import FileOwner, is_export_of, participant_in, read_owner
from ecg_live.sinks.xdf_file import being_written

SEARCHED_SUFFIXES = (".xdf", ".csv", ".edf", ".html", ".part")
NAMED_IN_HEADER = "its header says so"


def search_participant(profile: Profile, folders: Sequence[Path]) -> Inventory:
    """Find a participant's profile, recordings and their exports.

    Looked through are ``folders`` and what is below them, and the folders in which recordings were begun.

    Raises
    ------
    RecordingError
        The profile's folder cannot be read.
    """
    looking = _ParticipantSearch(profile)
    looking.profile()
    paths = list(looking.paths(folders))
    for path in paths:
        if path.suffix.casefold() == ".xdf":
            looking.recording(path)
    for path in paths:
        if path.suffix.casefold() != ".xdf":
            looking.other(path)
    looking.sources()
    looking.links()
    return looking.found


class _ParticipantSearch:
    def __init__(self, profile: Profile) -> None:
        self._profile, self._who = profile, profile.participant
        self.found = Inventory(profile.participant)
        self._known = {_real_path(path.parent) / path.name for path in profile.recordings()}
        self._seen: set[Path] = set()  # exports, theirs or others'
        self._sources: dict[str, Path] = {}  # with a recording of each
        self._once: set[Path] = set()  # folders
        self._links: list[Path] = []  # to folders

    def profile(self) -> None:
        """Take the profile's entries."""
        folder = self._profile.folder
        if folder.is_symlink():
            self.found.kept.append(KeptFile(folder, f"a link to {os.path.realpath(folder)}; the profile lies there"))
            return
        for path in self._profile.files():
            ledger = path.name.startswith(RECORDING_ENTRY_PREFIX)
            entry = FileToRemove.of(path, "says where a recording lies" if ledger else "profile")
            if (other := participant_of(path)) not in {None, self._who}:
                self.found.kept.append(KeptFile(path, f"belongs to {other!r}", of_participant=False))
            elif isinstance(entry, KeptFile):
                self.found.kept.append(entry)
            elif entry is not None:
                (self.found.recording_index if ledger else self.found.files).append(entry)

    def paths(self, folders: Sequence[Path]) -> Iterator[Path]:
        """All files of kinds that we write, once each; say where no look was possible."""
        roots = [(_real_path(folder), True) for folder in folders] + [
            (path.parent, False) for path in sorted(self._known)
        ]
        for root, deep in roots:
            for folder, below, names in os.walk(root, onerror=self._hidden):
                if not deep or Path(folder) in self._once:
                    below.clear()
                if Path(folder) in self._once:
                    continue
                self._note(Path(folder), below, root)
                yield from (Path(folder, each) for each in sorted(names) if each.casefold().endswith(SEARCHED_SUFFIXES))
        for path in sorted(self._known):
            if not os.path.lexists(path):
                gone = "is not there any more" if path.parent.is_dir() else "its folder is not there now"
                self.found.kept.append(KeptFile(path, f"a recording was begun there; {gone}", of_participant=False))

    def recording(self, path: Path) -> None:
        """Judge an XDF file, and its exports with it."""
        if not _is_file(path):
            return
        try:
            who = read_owner(path)
        except RecordingError as error:
            theirs = self._named(path) or path in self._known
            self.found.kept.append(KeptFile(path, f"cannot be read: {error.message}", of_participant=theirs))
            return
        if who.participant == self._who:
            if being_written(path):
                self.found.kept.append(KeptFile(path, "is being recorded now: end that session first"))
            else:
                self.found.add(path, NAMED_IN_HEADER)
            self._exports(path)
            self._sources.setdefault(who.source, path)
            return
        if who.participant:
            self._seen |= set(_export_paths(path))
        self._strange(path, who)

    def other(self, path: Path) -> None:
        """Judge a file that is no XDF."""
        if path in self._seen or not _is_file(path):
            return
        try:
            who = participant_in(path)
        except OSError:
            who = None
        if who == self._who:
            self.found.add(path, NAMED_IN_HEADER)
        elif self._named(path):
            why = "nothing in it says whose it is" if who is None else f"its header says {who!r}"
            self.found.kept.append(KeptFile(path, f"has a name like theirs, but {why}", of_participant=who is None))

    def links(self) -> None:
        """Tell of folders that only links lead to; a link to what is removed holds no data."""
        for link in self._links:
            if (there := _real_path(link)) not in self._once:
                why = f"a link to the folder {there}, which was not searched; give it with --in"
                self.found.kept.append(KeptFile(link, why, of_participant=False))
        listed = {each.path for each in self.found.to_remove}
        self.found.kept = [
            left._replace(of_participant=left.of_participant and _real_path(left.path) not in listed)
            for left in self.found.kept
        ]

    def sources(self) -> None:
        """Tell of files that recordings were played from; they are not ours to remove."""
        listed = {each.path for each in self.found.files}
        for source, recording in self._sources.items():
            path = Path(source.removeprefix("file:"))
            if source and _is_file(path) and _real_path(path.parent) / path.name not in listed:
                self.found.kept.append(KeptFile(path, f"{recording.name} was recorded from it", of_participant=False))

    def _exports(self, recording: Path) -> None:
        for path in _export_paths(recording):
            if path in self._seen or not os.path.lexists(path):
                continue
            self._seen.add(path)
            try:
                ours = path.suffix == ".part" or (_is_file(path) and is_export_of(path, self._who))
            except OSError as error:
                self.found.kept.append(KeptFile(path, f"cannot be read: {error.strerror}"))
                continue
            if ours:
                self.found.add(path, f"made from {recording.name}")
            else:
                self.found.kept.append(KeptFile(path, f"lies beside {recording.name}, but was not made from it"))

    def _strange(self, path: Path, who: FileOwner) -> None:
        """Tell of a readable recording that is somebody else's, where it might be thought theirs."""
        if _same_spelling(who.participant, self._who):
            self.found.kept.append(KeptFile(path, f"its header says {who.participant!r}", of_participant=False))
        elif self._named(path) or path in self._known:
            said = f"its header says {who.participant!r}" if who.participant else "its header names nobody"
            self.found.kept.append(
                KeptFile(path, f"has a name like theirs, but {said}", of_participant=not who.participant)
            )

    def _named(self, path: Path) -> bool:
        """Whether a file may be named after the participant: P1_x.xdf and P1.xdf, not P10.xdf."""
        begins = file_name_of(self._who)
        return path.name.startswith((f"{begins}_", f"{begins}."))

    def _hidden(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            self.found.kept.append(KeptFile(Path(str(error.filename)), f"cannot be searched: {error.strerror}"))

    def _note(self, folder: Path, below: Sequence[str], root: Path) -> None:
        self._once.add(folder)
        if folder == root:
            self.found.searched.append(folder)
        if not os.access(folder, os.X_OK):
            self.found.kept.append(KeptFile(folder, "its files cannot be seen: no permission"))
        self._links += [path for path in (folder / name for name in below) if path.is_symlink()]


def _export_paths(recording: Path) -> Iterator[Path]:
    """What `ecg-live export` and `ecg-live report` write beside a recording, and what is left of it by a kill."""
    stem = recording.stem
    names = [*(f"{stem}_{table}.csv" for table in TABLE_NAMES), f"{stem}.edf", f"{stem}.html"]
    for name in names:
        yield recording.with_name(name)
    for name in (*names, f"{stem}_closed.xdf"):
        yield recording.with_name(name + ".part")


def _same_spelling(one: str, other: str) -> bool:
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def _real_path(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _is_file(path: Path) -> bool:
    """Whether there is a file, or a link to one."""
    try:
        return path.is_file()
    except OSError:  # nobody may look there, or no name is that long
        return False
