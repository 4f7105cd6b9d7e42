"""Edit a recording's annotations by short names: a1 for an annotation, m1 for the recording's first marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecg_live.annotations.change import Kind, MarkerKey, Target
from ecg_live.annotations.current import Annotations, SessionAnnotation, TimedText
from ecg_live.annotations.log_file import AnnotationLog
from ecg_live.errors import ConfigError

END_TOLERANCE_S = 1e-6  # by which a stretch may reach beyond the recording's end


@dataclass(frozen=True, slots=True)
class AnnotationRow:
    """An annotation or a marker of the recording, as a list shows it; ``edited`` if it is in the log."""

    name: str
    now: SessionAnnotation
    edited: bool


class AnnotationEditor:
    """Lists and changes what is noted of one recording.

    Parameters
    ----------
    log : AnnotationLog
    markers : sequence of (float, str)
        Times (s) and texts of the recording's markers, as they were recorded.
    duration : float
        Of the recording, s.
    """

    def __init__(self, log: AnnotationLog, markers: Sequence[TimedText], duration: float) -> None:
        self.log = log
        self.duration = duration
        self._recorded = tuple(markers)

    def read(self) -> Annotations:
        """All annotations; errors are those of `AnnotationLog.read`."""
        return self.log.read()

    def markers(self) -> list[TimedText]:
        """The markers that count, by time; errors likewise."""
        return self.read().edited_markers(self._recorded)

    def rows(self) -> tuple[AnnotationRow, ...]:
        """Everything that stands and all recorded markers, by time; errors likewise."""
        found = self.read()
        rows = [AnnotationRow(each.id, each, edited=True) for each in found.standing()]
        for number, marker in enumerate(self._recorded, start=1):
            key = MarkerKey.of(*marker)
            now = found.markers.get(key) or SessionAnnotation("", "marker", marker[0], 0.0, marker[1], recorded=key)
            rows.append(AnnotationRow(f"m{number}", now, edited=key in found.markers))
        return tuple(sorted(rows, key=lambda row: row.now.onset))

    def add(self, kind: Kind, onset: float, stop: float | None = None, text: str = "", *, reason: str = "") -> str:
        """Add an annotation, and return its name.

        Raises
        ------
        ConfigError
            It does not lie within the recording, or a value cannot be.
        RecordingError
            The file cannot be written, or belongs to another recording.
        """
        self._check(onset, stop)
        _, name = self.log.add(kind, onset, 0.0 if stop is None else stop - onset, text, reason=reason)
        return name

    def move(self, name: str, onset: float, stop: float | None = None, *, reason: str = "") -> None:
        """Move what has a name; errors are those of `add`."""
        self._check(onset, stop)
        self.log.move(self._target(name), onset, None if stop is None else stop - onset, reason=reason)

    def edit(self, name: str, text: str, *, reason: str = "") -> None:
        """Change its text; errors likewise."""
        self.log.edit(self._target(name), text, reason=reason)

    def delete(self, name: str, *, reason: str = "") -> None:
        """Delete it, with its history kept; errors likewise."""
        self.log.delete(self._target(name), reason=reason)

    def restore(self, name: str, *, reason: str = "") -> None:
        """Take its deletion back; errors likewise."""
        self.log.restore(self._target(name), reason=reason)

    def _check(self, onset: float, stop: float | None) -> None:
        if stop is not None and not stop > onset:  # NaN is not, either
            raise ConfigError(f"the end, {stop:g} s, is not after the beginning, {onset:g} s", "give a later end")
        if not 0 <= onset <= self.duration or (stop is not None and stop > self.duration + END_TOLERANCE_S):
            until = "" if stop is None else f" to {stop:.3f}"
            what = f"{onset:.3f}{until} s; the recording has {self.duration:.3f} s"
            raise ConfigError(what, "give a time within it")

    def _target(self, name: str) -> Target:
        if name[:1] != "m":
            return name
        number = int(name[1:]) if name[1:].isdecimal() else 0
        if not 1 <= number <= len(self._recorded):
            raise ConfigError(f"there is no marker {name}: {len(self._recorded)} were recorded", "see the list")
        return MarkerKey.of(*self._recorded[number - 1])
