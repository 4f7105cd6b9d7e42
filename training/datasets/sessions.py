"""A lab's own sessions: recordings of a study with the self-reports of its participants, which label its blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ecg_live.annotations.log_file import ANNOTATIONS_SUFFIX
from ecg_live.errors import DatasetError, RecordingError
from training.datasets.dataset import Dataset, RecordingPart, SubjectSession
from training.datasets.session_annotations import Stretch, read_session_annotations
from training.datasets.session_file import SessionFile, file_digest, read_session_file
from training.datasets.session_labels import LabelNames, block_orders, label_session

CAVEATS = (
    "the labels are what participants reported of themselves, on scales that each uses in a way of their own",
    "a self-report after a block is one answer for all of its windows",
)
CONTINUOUS_CAVEAT = "continuous ratings are given by hand, and may lag behind what is felt (--set corpus.lag=S)"
SESSION_FIELDS = ("participant", "session", "study")  # of the header: recordings that share them are one session
ONE_ORDER_CAVEAT = "all sessions had their blocks in one order: what time does to a wearer may pass for the label"


def load(folder: Path) -> Dataset:
    """All recordings of ecg-live in a folder and the folders within it that have answers.

    Raises
    ------
    DatasetError
        There is none, none has an answer that can be a label, or a label is on two scales.
    """
    remarks: list[str] = []
    files = list(_usable_files(folder, remarks))
    if not files:
        why = f": {'; '.join(remarks[:3])}" if remarks else ""
        raise DatasetError(f"{folder} holds no recorded session{why}", "give a folder of XDF files of ecg-live")
    recordings, excluded = _annotated(_recordings(files, remarks), remarks)
    names = LabelNames(files)
    sessions = _sessions(recordings, excluded, names, remarks)
    labelled = [each for each in sessions if any(annotation.labels for annotation in each.annotations)]
    if not labelled:
        why = f"; {'; '.join(remarks[:3])}" if remarks else ""
        raise DatasetError(
            f"{folder}: none of {len(recordings)} sessions has a self-report with a number that belongs to a "
            f"stretch of ECG{why}",
            "ask one in a study file, see the manual's page on studies",
        )
    return Dataset(
        "sessions",
        _title(labelled, names),
        "the user's own",
        tuple(labelled),
        names.scales,
        tuple(remarks),
        tuple(_caveats(labelled, names)),
        sources=_digests(labelled, files),
    )


def _usable_files(folder: Path, remarks: list[str]) -> Iterable[SessionFile]:
    """Files of our recorder with ECG and a participant; remarks on others."""
    seen: set[tuple[str, int]] = set()
    for path in sorted(each for each in folder.rglob("*.xdf") if not each.name.startswith(".")):
        where = path.relative_to(folder).as_posix()
        try:
            found = read_session_file(path)
        except RecordingError as error:
            remarks.append(f"{where}: left out: {error.message.removeprefix(f'{path.name}: ')}")
            continue
        if found is None:
            remarks.append(f"{where}: left out: no ECG recorded by ecg-live")
        elif not found.texts.get("participant"):
            remarks.append(f"{where}: left out: its header names no participant")
        elif (found.recording, found.part) in seen:
            remarks.append(f"{where}: left out: a copy of a file before")
        else:
            seen.add((found.recording, found.part))
            yield found


def _recordings(files: Sequence[SessionFile], remarks: list[str]) -> list[list[SessionFile]]:
    """Files of each recording in their order."""
    groups: defaultdict[str, list[SessionFile]] = defaultdict(list)
    for file in files:
        groups[file.recording].append(file)
    for parts in groups.values():
        parts.sort(key=lambda file: file.part)
        if lacking := sorted(set(range(1, parts[-1].part)) - {file.part for file in parts}):
            remarks.append(f"{parts[0].path.name}: part {', '.join(map(str, lacking))} of its recording is missing")
    return list(groups.values())


def _annotated(
    recordings: Sequence[Sequence[SessionFile]], remarks: list[str]
) -> tuple[list[list[SessionFile]], dict[str, list[Stretch]]]:
    """Recordings with their markers as edited afterwards, and the excluded stretches of each by its ID."""
    kept: list[list[SessionFile]] = []
    excluded: dict[str, list[Stretch]] = {}
    for parts in recordings:
        try:
            edited, left_out = read_session_annotations(parts)
        except RecordingError as error:
            remarks.append(f"{parts[0].path.name}: left out: {error.message}")
            continue
        kept.append(edited)
        excluded[parts[0].recording] = left_out
        if left_out:
            seconds = sum(stop - start for start, stop in left_out)
            remarks.append(f"{parts[0].path.name}: {seconds:.0f} s were excluded afterwards, and are left out")
    return kept, excluded


def _sessions(
    recordings: Sequence[Sequence[SessionFile]],
    excluded: Mapping[str, Sequence[Stretch]],
    names: LabelNames,
    remarks: list[str],
) -> Iterable[SubjectSession]:
    """A session of a subject for each recording: those of one that went on after a cut share their blocks."""
    groups: defaultdict[tuple[str, ...], list[Sequence[SessionFile]]] = defaultdict(list)
    for parts in sorted(recordings, key=lambda parts: parts[0].began):
        groups[tuple(parts[0].texts.get(name, "") for name in SESSION_FIELDS)].append(parts)
    for group in groups.values():
        left_out = [excluded[parts[0].recording] for parts in group]
        for parts, labelled in zip(group, label_session(group, left_out, names, remarks), strict=True):
            if not any(each.labels for each in labelled):
                remarks.append(f"{parts[0].path.name}: left out, without an answer that labels a stretch of ECG")
            opened = tuple(RecordingPart(file.path) for file in parts)
            yield SubjectSession(parts[0].texts["participant"], opened, labelled)


def _title(sessions: Sequence[SubjectSession], names: LabelNames) -> str:
    reports = [f"{report} ({kind})" for report, kind in names.kinds.items()]
    if names.continuous:
        reports.append("continuous ratings")
    return f"own sessions ({len(sessions)}), labelled by self-reports: {', '.join(reports)}"


def _caveats(sessions: Sequence[SubjectSession], names: LabelNames) -> Iterable[str]:
    yield from CAVEATS
    if names.continuous:
        yield CONTINUOUS_CAVEAT
    orders = block_orders([each.annotations for each in sessions])
    if len(orders) == 1 and len(next(iter(orders))) > 1:
        yield ONE_ORDER_CAVEAT


def _digests(sessions: Sequence[SubjectSession], files: Sequence[SessionFile]) -> tuple[str, ...]:
    """Digests of the files of sessions, and of what was annotated beside them."""
    used = {part.path for session in sessions for part in session.parts}
    beside = (path.with_suffix(ANNOTATIONS_SUFFIX) for path in used)
    found = {file.digest for file in files if file.path in used}
    return tuple(sorted(found | {file_digest(path) for path in beside if path.is_file()}))
