"""The file of a recording's annotations: lines are only ever added, and several programs may add at once.

The first line names the recording::

    {"type": "annotations", "version": 1, "recording": "9f...", "digest": "c0...", "participant": "P01",
     "file": "P01_S1.xdf", "software": "ecg-live 0.1.0"}

Each other line is a change (`ecg_live.annotations.change`). A last line that is cut was never
whole: a power cut left it, readers pass it over, and the next change replaces it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ecg_live import __version__
from ecg_live.annotations.change import (
    KINDS,
    MAX_TEXT_CHARACTERS,
    ONSET_DECIMALS,
    Action,
    Change,
    Kind,
    Target,
    clean_text,
    json_line,
    parse_change,
)
from ecg_live.annotations.current import Annotations
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.locked_file import append_whole, locked_file, read_all

ANNOTATIONS_SUFFIX = ".annotations.jsonl"
ANNOTATIONS_TYPE, ANNOTATIONS_VERSION = "annotations", 1
MAX_LOG_BYTES = 64 * 2**20  # a change takes some 200


@dataclass(frozen=True, slots=True)
class RecordingIdentity:
    """What names a recording: the ID in its header, the SHA-256 over its headers, its participant and file name."""

    recording: str
    digest: str
    participant: str = ""
    file: str = ""

    def matches(self, header: dict[str, Any]) -> bool:
        """Whether the first line of a log names this recording."""
        return (header.get("recording"), header.get("digest")) == (self.recording, self.digest)


def now_utc() -> dt.datetime:
    """Date and time."""
    return dt.datetime.now(dt.UTC)


class AnnotationLog:
    """The annotations of one recording.

    Parameters
    ----------
    path : Path
        Their file; made by the first change.
    identity : RecordingIdentity
        The recording that they are of.
    author : str
        By whom changes are made.
    now : callable
        Date and time, for changes.
    """

    def __init__(
        self, path: Path, identity: RecordingIdentity, author: str = "", now: Callable[[], dt.datetime] = now_utc
    ) -> None:
        self.path = path
        self.author = clean_text(author)
        self._identity = identity
        self._now = now

    def read(self) -> Annotations:
        """Read all changes; none if there is no file.

        Raises
        ------
        FormatError
            The file is damaged, or belongs to another recording.
        RecordingError
            It cannot be read.
        """
        try:
            return self._parse(self.path.read_bytes())[0]
        except FileNotFoundError:
            return Annotations()
        except OSError as error:
            raise RecordingError(f"{self.path} cannot be read: {error.strerror}", "check the file") from error

    def begin(self, changes: Sequence[Change]) -> None:
        """Make the file with changes that were made of a copy of this recording, as they are; none without any.

        Raises
        ------
        RecordingError
            It is there already, or cannot be written.
        """
        if not changes:
            return
        try:
            with locked_file(self.path) as file:
                if read_all(file):
                    raise RecordingError(f"{self.path} is there already", "move it away")
                append_whole(self.path, file, 0, self._header() + b"".join(each.line() for each in changes))
        except OSError as error:
            what = f"{self.path} cannot be written: {error.strerror or error}"
            raise RecordingError(what, "free space, or check the folder's permissions") from error

    def add(
        self, kind: Kind, onset: float, duration: float = 0.0, text: str = "", *, reason: str = ""
    ) -> tuple[Annotations, str]:
        """Add an annotation; return all of them, and the new one's id.

        Raises
        ------
        ConfigError
            A value cannot be.
        RecordingError
            The file is damaged, belongs to another recording, or cannot be written.
        """
        if kind not in KINDS:
            raise ConfigError(f"the kind is {kind!r}; it is {', '.join(KINDS)}", "choose one of them")
        if kind in {"interval", "excluded"} and duration <= 0:
            raise ConfigError(f"the {kind} lasts {duration:g} s", "give its end, later than its beginning")
        if not clean_text(text):
            what = "why it is excluded" if kind == "excluded" else "what it notes"
            raise ConfigError("the text is empty", f"state {what}")
        after = self._append("add", None, onset, duration, text, reason, kind)
        return after, str(after.changes[-1].target)

    def move(self, target: Target, onset: float, duration: float | None = None, *, reason: str = "") -> Annotations:
        """Move an annotation or a marker, and perhaps change its length; errors are those of `add`."""
        return self._append("move", target, onset, duration, None, reason)

    def edit(self, target: Target, text: str, *, reason: str = "") -> Annotations:
        """Change a text; errors are those of `add`."""
        if not clean_text(text):
            raise ConfigError("the text is empty", "delete the annotation instead")
        return self._append("edit", target, None, None, text, reason)

    def delete(self, target: Target, *, reason: str = "") -> Annotations:
        """Delete an annotation or a marker: it does not count any more, and its history stays; errors as of `add`."""
        return self._append("delete", target, None, None, None, reason)

    def restore(self, target: Target, *, reason: str = "") -> Annotations:
        """Take a deletion back; errors are those of `add`."""
        return self._append("restore", target, None, None, None, reason)

    def _append(
        self,
        action: Action,
        target: Target | None,
        onset: float | None,
        duration: float | None,
        text: str | None,
        reason: str,
        kind: Kind | None = None,
    ) -> Annotations:
        """Add a change at the end of the file, after those that other programs made meanwhile."""
        for each in (text or "", reason):
            if len(each) > MAX_TEXT_CHARACTERS:
                raise ConfigError(f"a text of {len(each)} characters; {MAX_TEXT_CHARACTERS} are possible", "shorten it")
        try:
            with locked_file(self.path) as file:
                content = read_all(file)
                before, whole = self._parse(content)
                change = Change(
                    len(before.changes) + 1,
                    self._now().astimezone(dt.UTC).isoformat(timespec="milliseconds"),
                    self.author,
                    action,
                    before.next_id() if target is None else target,
                    kind,
                    None if onset is None else round(onset, ONSET_DECIMALS),
                    None if duration is None else round(duration, ONSET_DECIMALS),
                    None if text is None else clean_text(text),
                    clean_text(reason),
                )
                after = self._checked(before, change)
                head = self._header() if not whole else b"" if content[:whole].endswith(b"\n") else b"\n"
                append_whole(self.path, file, whole, head + change.line())
        except OSError as error:
            what = f"{self.path} cannot be written: {error.strerror or error}"
            raise RecordingError(what, "free space, or check the folder's permissions; nothing was changed") from error
        return after

    def _checked(self, before: Annotations, change: Change) -> Annotations:
        try:
            return before.with_change(change)
        except ValueError as error:
            raise ConfigError(str(error), "see ecg-live annotate FILE list") from error

    def _header(self) -> bytes:
        software = {"software": f"ecg-live {__version__}"}
        return json_line(
            {"type": ANNOTATIONS_TYPE, "version": ANNOTATIONS_VERSION, **asdict(self._identity), **software}
        )

    def _parse(self, content: bytes) -> tuple[Annotations, int]:
        """Read the content of a file: its annotations, and the number of bytes in whole lines."""
        if len(content) > MAX_LOG_BYTES:
            raise FormatError(f"{self.path.name}: {len(content)} bytes; annotations take up to {MAX_LOG_BYTES}", "")
        whole = len(content) if _is_json(content[content.rfind(b"\n") + 1 :]) else content.rfind(b"\n") + 1
        found = Annotations()
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                values = _json_object(line)
                if number == 1:
                    self._check_header(values)
                else:
                    found = found.with_change(parse_change(values))
            except (ValueError, RecursionError) as error:
                what = f"{self.path.name}, line {number}: {str(error)[:120]}"
                raise FormatError(what, "the file is damaged there: mend the line, or move the file away") from error
        return found, whole

    def _check_header(self, header: dict[str, Any]) -> None:
        if header.get("type") != ANNOTATIONS_TYPE:
            raise ValueError("expected the header of annotations")
        if header.get("version") != ANNOTATIONS_VERSION:
            raise ValueError(f"version {header.get('version')!r}, expected {ANNOTATIONS_VERSION}")
        if not self._identity.matches(header):
            other = f" ({header['file']})" if isinstance(header.get("file"), str) else ""
            raise FormatError(
                f"{self.path.name} belongs to another recording{other}", "move it to that recording, or away from here"
            )


def annotated_participant(beginning: bytes) -> str | None:
    """Participant of a recording's annotations, from the first line of their file; None if it states none."""
    try:
        header = _json_object(beginning.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return None
    participant = header.get("participant")
    return participant or None if header.get("type") == ANNOTATIONS_TYPE and isinstance(participant, str) else None


def _is_json(line: bytes) -> bool:
    """Whether a line without its end is whole: an editor left it."""
    try:
        _json_object(line)
    except (ValueError, RecursionError):
        return False
    return True


def _json_object(line: bytes) -> dict[str, Any]:
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - of a file, as all that is wrong in it
    return values
