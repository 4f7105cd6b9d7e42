"""The recordings of a participant's session of a study: those that are there, and the next one's path."""

from __future__ import annotations

import glob
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ecg_live.errors import ConfigError, RecordingError
from ecg_live.participant_profile import file_name_of, recording_folders
from ecg_live.study.marker_texts import TimedText
from ecg_live.study.plan import Study

RECORDING_SUFFIX, ANY_SUFFIX = ".xdf", ".[xX][dD][fF]"
BEING_WRITTEN_S = 2.0  # a recording that grows within them is another session's
LOOK_AGAIN_S = 0.1


class StudyRecordings:
    """Recordings of one session.

    Parameters
    ----------
    study : Study
        Its template names them.
    participant, session : str
    folder : Path
        Of the study file, to which the template is relative.
    record : Path, optional
        What ``--record`` names, in place of the template.
    """

    def __init__(self, study: Study, participant: str, session: str, folder: Path, record: Path | None = None) -> None:
        self._ids = (participant, session)
        self._study = study.name
        parts = {"study": study.name, "participant": participant, "session": session}
        names = {name: file_name_of(text) for name, text in parts.items()}
        now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        planned = folder / study.record.format_map(names | {"date": now})
        self._path = record or planned
        self._folder = record.parent if record else folder
        patterns = {name: glob.escape(text) for name, text in names.items()} | {"date": "*"}
        template = study.record.format_map(patterns)
        self._pattern = glob.escape(record.name) if record else template
        self._names = tuple(dict.fromkeys((Path(self._pattern).name, Path(template).name)))
        folders = self._path.parent, planned.parent, folder, *recording_folders()
        self._folders = tuple(dict.fromkeys(each.resolve() for each in folders))

    def earlier(self, *, moved: bool = False) -> list[Path]:
        """The recordings that are there, each once, the oldest first; a file that cannot be read is none.

        ``moved``: also those of this study in the other places where its recordings may be.
        """
        from ecg_live.recorded.session_file import read_contents, read_file_header

        parts, dates = dict[tuple[str, str], Path](), dict[Path, str]()
        for path, in_place in self._candidates(moved=moved):
            try:
                contents = read_contents(path, ())
            except RecordingError:
                continue
            texts = contents.header_texts if contents else {}
            ours = in_place or texts.get("study") == self._study
            if not ours or (texts.get("participant"), texts.get("session")) != self._ids:
                continue
            header = read_file_header(path)
            part = header.get("recording", str(path)), header.get("part", "")
            other = parts.get(part)  # a copy; it may be closed or rescued, and then the longer one has all
            if other is None or path.stat().st_size > other.stat().st_size:
                parts[part], dates[path] = path, header.get("datetime", "")
        found = {path: dates[path] for path in parts.values()}
        if all(self._part_number(path) for path in found):  # a clock that was set back orders parts wrongly
            return sorted(found, key=lambda path: (self._part_number(path), _instant(found[path]), path.name))
        return sorted(found, key=lambda path: (_instant(found[path]), self._part_number(path), path.name))

    def places(self) -> str:
        """Where recordings are looked for that were moved, in words."""
        names = " or ".join(re.sub(r"\[(.)\]", r"\1", name) for name in self._names)
        return f"{names} in {', '.join(str(folder) for folder in self._folders)}"

    def new(self, earlier: Sequence[Path] = ()) -> Path:
        """The next recording's path: as the template names it, or after others the first of NAME_2.xdf ... ."""
        from ecg_live.sinks.xdf_file import part_path

        path = self._path
        if path.suffix.casefold() != RECORDING_SUFFIX:
            path = path.with_name(path.name + RECORDING_SUFFIX)
        part = 1 + max(map(self._part_number, earlier), default=0)  # also where one before it was removed
        while earlier and part_path(path, part).exists():
            part += 1
        return part_path(path, part)

    def _part_number(self, path: Path) -> int:
        """Number of a file in the series that begins with the one that the template names; 0 if it is of no such."""
        base = self._path.stem if self._path.suffix.casefold() == RECORDING_SUFFIX else self._path.name
        stem = re.sub(r"(_rescued)+(_\d+)?$", "", path.stem)
        number = re.fullmatch(r"_(\d+)", stem.removeprefix(base))
        return 1 if stem == base else int(number[1]) if number and stem.startswith(base) else 0

    def _candidates(self, *, moved: bool) -> Iterator[tuple[Path, bool]]:
        """Files by their names, each once, and whether it is where the study's template or ``--record`` has it."""
        seen: set[Path] = set()
        for path in _named(self._folder, self._pattern):
            seen.add(path.resolve())
            yield path, True
        for folder in self._folders if moved else ():
            others = {path.resolve(): path for name in self._names for path in _named(folder, name)}
            yield from ((path, False) for real, path in others.items() if real not in seen)
            seen.update(others)


def _named(folder: Path, pattern: str) -> Iterator[Path]:
    """Files of this name, and those that continue them."""
    named = pattern.casefold().endswith(RECORDING_SUFFIX)
    stem = pattern[: -len(RECORDING_SUFFIX)] if named else pattern
    for each in (stem + ANY_SUFFIX, f"{stem}_*{ANY_SUFFIX}"):
        yield from folder.glob(each)


def recorded_markers(path: Path) -> list[TimedText]:
    """Markers of a recording, in the order in which they were noted."""
    from ecg_live.recorded.session_file import read_contents

    contents = read_contents(path, ("markers",))
    stream = contents.text_streams.get("markers") if contents else None
    return [] if stream is None else [(t, row[0]) for t, row in zip(stream.stamps, stream.values, strict=True)]


def answered_reports(path: Path, block: str, since: float) -> set[str]:
    """Names of the self-reports after a block that a recording holds from ``since`` on (its own clock, s)."""
    from ecg_live.recorded.self_reports import read_self_reports
    from ecg_live.recorded.session_file import read_contents

    contents = read_contents(path, ("self_reports",))
    rows = read_self_reports(contents) if contents else ()
    return {row.report for row in rows if row.block == block and row.stamp >= since}


def times_asked(paths: Iterable[Path]) -> dict[str, int]:
    """How often each self-report was asked in recordings of one session."""
    from ecg_live.recorded.self_reports import read_self_reports
    from ecg_live.recorded.session_file import read_contents

    counts: dict[str, int] = {}
    for path in paths:
        contents = read_contents(path, ("self_reports",))
        for row in read_self_reports(contents) if contents else ():
            counts[row.report] = max(counts.get(row.report, 0), row.asking)
    return counts


def refuse_growing(path: Path) -> None:
    """Refuse to go on with a recording that another session writes, on this machine or another one.

    Raises
    ------
    ConfigError
        It is seen to be written, or grows.
    """
    from ecg_live.sinks.xdf_file import being_written

    before = path.stat()
    age = max(0.0, time.time() - before.st_mtime)  # a file server's clock may be ahead
    until = time.monotonic() + BEING_WRITTEN_S - age
    while not (grows := being_written(path) or path.stat().st_size != before.st_size) and time.monotonic() < until:
        time.sleep(LOOK_AGAIN_S)  # a growing file of another machine tells nobody
    if grows:
        raise ConfigError(f"{path.name} is being recorded now", "end that session first, or name another --session")


def _instant(text: str) -> float:
    """Seconds of a date and time of a file header, whatever its offset from UTC; 0 if it states none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0
