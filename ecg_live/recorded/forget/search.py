"""Search for a participant's files: file headers decide, never the beginning of a file name."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from ecg_live.annotations.log_file import ANNOTATIONS_SUFFIX
from ecg_live.errors import RecordingError
from ecg_live.participant_profile import RECORDING_ENTRY_PREFIX, Profile, file_name_of, participant_of
from ecg_live.recorded.export.auxiliary_tables import table_names
from ecg_live.recorded.export.bids.dataset import PARTICIPANTS_FILE, subject_of
from ecg_live.recorded.export.csv_cells import TABLE_NAMES
from ecg_live.recorded.forget.inventory import FileToRemove, Inventory, KeptFile
from ecg_live.recorded.forget.ownership import FileOwner, is_export_of, participant_in, read_owner
from ecg_live.sinks.xdf_file import being_written
from ecg_live.xdf.decode import StreamHeader, TruncatedChunk, iter_chunks, read_stream_header
from ecg_live.xdf.encode import SAMPLES_TAG, STREAM_HEADER_TAG
from ecg_live.xdf.stream_spec import AUXILIARY_KEY_PREFIX

SEARCHED_SUFFIXES = (".xdf", ".csv", ".edf", ".html", ANNOTATIONS_SUFFIX, ".part", PARTICIPANTS_FILE)
NAMED_IN_HEADER = "its header says so"


def search_participant(profile: Profile, folders: Sequence[Path]) -> Inventory:
    """Find a participant's profile, recordings and their exports.

    Searched are ``folders`` with all folders below them, and the folders in which recordings were begun.

    Raises
    ------
    RecordingError
        The profile's folder cannot be read.
    """
    search = _ParticipantSearch(profile)
    search.add_profile()
    paths = list(search.find_paths(folders))
    for path in paths:
        if path.suffix.casefold() == ".xdf":
            search.add_recording(path)
    for path in paths:
        if path.suffix.casefold() != ".xdf":
            search.add_other(path)
    search.keep_sources()
    search.keep_links()
    return search.found


class _ParticipantSearch:
    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._participant = profile.participant
        self.found = Inventory(profile.participant)
        self._indexed = {_real_path(path.parent) / path.name for path in profile.recordings()}
        self._exports: set[Path] = set()  # exports of any recording
        self._sources: dict[str, Path] = {}  # source URI: a recording of it
        self._searched: set[Path] = set()  # folders
        self._links: list[Path] = []  # links to folders

    def add_profile(self) -> None:
        """Add the profile's entries."""
        folder = self._profile.folder
        if folder.is_symlink():
            self.found.keep(folder, f"a link to {os.path.realpath(folder)}, which holds the profile")
            return
        for path in self._profile.files():
            indexed = path.name.startswith(RECORDING_ENTRY_PREFIX)
            entry = FileToRemove.of(path, "holds the path of a recording" if indexed else "profile")
            if (other := participant_of(path)) not in {None, self._participant}:
                self.found.keep(path, f"belongs to {other!r}", of_participant=False)
            elif isinstance(entry, KeptFile):
                self.found.kept.append(entry)
            elif entry is not None:
                (self.found.recording_index if indexed else self.found.files).append(entry)

    def find_paths(self, folders: Sequence[Path]) -> Iterator[Path]:
        """All files with suffixes that we write, once each; folders that cannot be searched are kept."""
        roots = [(_real_path(folder), True) for folder in folders]
        roots += [(path.parent, False) for path in sorted(self._indexed)]
        for root, deep in roots:
            for folder, below, names in os.walk(root, onerror=self._keep_unsearchable):
                if not deep or Path(folder) in self._searched:
                    below.clear()
                if Path(folder) in self._searched:
                    continue
                self._add_folder(Path(folder), below, root)
                yield from (Path(folder, each) for each in sorted(names) if each.casefold().endswith(SEARCHED_SUFFIXES))
        for path in sorted(self._indexed):
            if not os.path.lexists(path):
                gone = "it does not exist any more" if path.parent.is_dir() else "its folder does not exist now"
                self.found.keep(path, f"a recording was begun there; {gone}", of_participant=False)

    def add_recording(self, path: Path) -> None:
        """Add an XDF file of the participant and its exports; keep one that may be confused with it."""
        if not _is_file(path):
            return
        try:
            owner = read_owner(path)
        except RecordingError as error:
            suspected = self._has_participants_name(path) or path in self._indexed
            self.found.keep(path, f"cannot be read: {error.message}", of_participant=suspected)
            return
        if self._participant in owner.joined:
            self.found.keep(path, f"holds {len(owner.joined)} wearers: ecg-live split it, delete it, and forget again")
            return
        if owner.participant == self._participant:
            if being_written(path):
                self.found.keep(path, "is being recorded now: end that session first")
            else:
                self.found.add(path, NAMED_IN_HEADER)
            self._add_exports(path)
            self._sources.setdefault(owner.source, path)
            return
        if owner.participant:
            self._exports |= set(_export_paths(path))
        self._keep_similar(path, owner)

    def add_other(self, path: Path) -> None:
        """Add another file if it names the participant; keep one that is only named like the participant."""
        if path in self._exports or not _is_file(path):
            return
        if path.name == PARTICIPANTS_FILE:
            self._keep_in_dataset(path)
            return
        try:
            named = participant_in(path)
        except OSError:
            named = None
        if named == self._participant:
            self.found.add(path, NAMED_IN_HEADER)
        elif self._has_participants_name(path):
            why = "it does not name a participant" if named is None else f"its header says {named!r}"
            self.found.keep(path, f"is named like the participant's files, but {why}", of_participant=named is None)

    def keep_links(self) -> None:
        """Keep folders that only links lead to; a link to a removed file holds no data."""
        for link in self._links:
            if (target := _real_path(link)) not in self._searched:
                why = f"a link to the folder {target}, which was not searched; give it with --in"
                self.found.keep(link, why, of_participant=False)
        listed = {each.path for each in self.found.to_remove}
        self.found.kept = [
            kept._replace(of_participant=kept.of_participant and _real_path(kept.path) not in listed)
            for kept in self.found.kept
        ]

    def keep_sources(self) -> None:
        """Keep files that recordings were played from."""
        listed = {each.path for each in self.found.files}
        for source, recording in self._sources.items():
            path = Path(source.removeprefix("file:"))
            if source and _is_file(path) and _real_path(path.parent) / path.name not in listed:
                self.found.keep(path, f"{recording.name} was recorded from it", of_participant=False)

    def _add_exports(self, recording: Path) -> None:
        for path in _export_paths(recording):
            if path in self._exports or not os.path.lexists(path):
                continue
            self._exports.add(path)
            try:
                exported = path.suffix == ".part" or (_is_file(path) and is_export_of(path, self._participant))
            except OSError as error:
                self.found.keep(path, f"cannot be read: {error.strerror}")
                continue
            if exported:
                self.found.add(path, f"made from {recording.name}")
            else:
                self.found.keep(path, f"is beside {recording.name}, but was not made from it")

    def _keep_similar(self, path: Path, owner: FileOwner) -> None:
        """Keep a readable recording of another participant that may be confused with this one's."""
        if _same_spelling(owner.participant, self._participant):
            self.found.keep(path, f"its header says {owner.participant!r}", of_participant=False)
        elif self._has_participants_name(path) or path in self._indexed:
            why = f"its header says {owner.participant!r}" if owner.participant else "its header names no participant"
            unnamed = not owner.participant
            self.found.keep(path, f"is named like the participant's files, but {why}", of_participant=unnamed)

    def _keep_in_dataset(self, table: Path) -> None:
        """Keep the participant's folder in a BIDS data set, which other programs share."""
        try:
            subject = subject_of(table, self._participant)
        except (OSError, RecordingError):
            return
        if subject is not None:
            why = f"is in a BIDS data set: remove the folder, and its row in {table.name}, yourself"
            self.found.keep(subject, why)

    def _has_participants_name(self, path: Path) -> bool:
        """Whether a file may be named after the participant: P1_x.xdf and P1.xdf, not P10.xdf."""
        begins = file_name_of(self._participant)
        return path.name.startswith((f"{begins}_", f"{begins}."))

    def _keep_unsearchable(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            self.found.keep(Path(str(error.filename)), f"cannot be searched: {error.strerror}")

    def _add_folder(self, folder: Path, below: Sequence[str], root: Path) -> None:
        self._searched.add(folder)
        if folder == root:
            self.found.searched.append(folder)
        if not os.access(folder, os.X_OK):
            self.found.keep(folder, "its files cannot be seen: no permission")
        self._links += [path for path in (folder / name for name in below) if path.is_symlink()]


def _export_paths(recording: Path) -> Iterator[Path]:
    """Files that export, report and annotate write beside a recording, and their partial files."""
    stem = recording.stem
    tables = (*TABLE_NAMES, *table_names(_streams_beside_ecg(recording)))
    names = [*(f"{stem}_{table}.csv" for table in tables), f"{stem}.edf", f"{stem}.html", stem + ANNOTATIONS_SUFFIX]
    for name in names:
        yield recording.with_name(name)
    for name in (*names, f"{stem}_closed.xdf"):
        yield recording.with_name(name + ".part")


def _streams_beside_ecg(recording: Path) -> list[StreamHeader]:
    """Headers of the streams of which a CSV export makes tables."""
    found: list[StreamHeader] = []
    with contextlib.suppress(OSError, RecordingError):
        for file, chunk in iter_chunks(recording):
            if isinstance(chunk, TruncatedChunk) or chunk.tag == SAMPLES_TAG:
                break
            if chunk.tag == STREAM_HEADER_TAG:
                found.append(read_stream_header(recording, chunk.stream, file.read(chunk.size)))
    return [each for each in found if each.own.get("key", "").startswith(AUXILIARY_KEY_PREFIX)]


def _same_spelling(one: str, other: str) -> bool:
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def _real_path(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _is_file(path: Path) -> bool:
    """Whether there is a file, or a link to one."""
    try:
        return path.is_file()
    except OSError:  # no permission, or the name is too long
        return False
