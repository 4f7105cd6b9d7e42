"""A study that runs in a session: its course, its keys, and what becomes of both. Callable from any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Protocol

from ecg_live.events import SelfReportAnswer
from ecg_live.study.asking import NOT_ASKED, AskingCounter
from ecg_live.study.course import (
    Action,
    BeginBaseline,
    CourseStatus,
    LeaveUnasked,
    NoteMarker,
    PlaySound,
    StudyCourse,
)
from ecg_live.study.key_markers import KeyMarkers, NamedKeyStatus
from ecg_live.study.marker_texts import parse_span_marker, undone_text
from ecg_live.study.plan import Study

CourseClock = Callable[[], float]  # seconds of signal: those of the session clock, save in a replay at another speed


class StudyNotes(Protocol):
    """Where a study's markers and baselines go; times are those of the course."""

    def mark(self, text: str, time: float) -> None:
        """Note a marker; returns at once."""
        ...

    def begin_baseline(self, seconds: float | None, time: float) -> None:
        """Begin a resting baseline, of so many seconds where the block has them."""
        ...

    def self_report(self, answer: SelfReportAnswer) -> None:
        """Note an answer, or that there is none; returns at once."""
        ...


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """What is shown of a study.

    ``started``: the first sample came, so that a block may begin. ``away``: the device gives no data now.
    ``lost_s``: seconds of signal that were lost in the block that runs. ``ended_with_sound`` counts the blocks whose
    end was to be heard.
    """

    course: CourseStatus
    keys: tuple[NamedKeyStatus, ...]
    started: bool = False
    away: bool = False
    lost_s: float = 0.0
    ended_with_sound: int = 0


class StudyRun:
    """Runs a study's blocks.

    Parameters
    ----------
    study : Study
    course : StudyCourse
        Of this participant.
    now : CourseClock
        Time of the course.
    asked : mapping, optional
        How often each self-report was asked before, in a session that goes on.

    Attributes
    ----------
    askings : AskingCounter
        Counts the self-reports that are asked.
    """

    def __init__(
        self, study: Study, course: StudyCourse, now: CourseClock, asked: Mapping[str, int] | None = None
    ) -> None:
        self.study = study
        self._course = course
        self._keys = KeyMarkers(study.keys)
        self.askings = AskingCounter(asked)
        self._now = now
        self._lock = RLock()  # a signal handler may stop the session while its thread looks at the status
        self._notes: StudyNotes | None = None
        self._started = False
        self._stopped = False
        self._away = False
        self._lost_s = 0.0
        self._sounds = 0

    def connect(self, notes: StudyNotes) -> None:
        """Note markers there from now on."""
        with self._lock:
            self._notes = notes

    def status(self) -> StudyStatus:
        """What runs now."""
        with self._lock:
            course = self._course.status(self._now())
            return StudyStatus(course, self._keys.status(), self._started, self._away, self._lost_s, self._sounds)

    def tick(self, now: float | None = None) -> None:
        """Let time go by: begin and end what is due. The first call is at the first sample."""
        with self._lock:
            self._started = True
            if not self._stopped:
                self._perform(self._course.tick(self._now() if now is None else now))

    def advance(self, seen: CourseStatus | None = None) -> bool:
        """Begin the block that waits, end the one that runs, or decline a self-report.

        ``seen`` is what the experimenter saw: once something else runs, nothing is done. Returns whether it was.
        """
        return self._command(self._course.advance, seen)

    def skip(self, seen: CourseStatus | None = None) -> bool:
        """Leave out the block that waits, or break off the one that runs, and go on; as `advance`."""
        return self._command(self._course.skip, seen)

    def abort(self, seen: CourseStatus | None = None) -> bool:
        """Break off the block that runs, and wait; as `advance`."""
        return self._command(self._course.abort, seen)

    def repeat(self, seen: CourseStatus | None = None) -> bool:
        """Have the block that runs, or else the last one, run again; as `advance`."""
        return self._command(self._course.repeat, seen)

    def answered(self, name: str) -> None:
        """Go on after the self-report of this name, if it is the one that is asked; not before the first sample."""
        with self._lock:
            now = self._now()
            if self._started and self._course.status(now).self_report == name:
                self._perform(self._course.answered(now))

    def press(self, key: str) -> str | None:
        """Note what a key is named for; return its text, None for a key without a name."""
        with self._lock:
            text = self._keys.press(key)
            if text is not None:
                self._mark(text)
            return text

    def noted(self, text: str) -> None:
        """Take note of another marker of the experimenter's, which `undo` takes back as well."""
        with self._lock:
            self._keys.noted(text)

    def undo(self) -> str | None:
        """Take the experimenter's newest marker back; return its text, None where none is left."""
        with self._lock:
            text = self._keys.undo()
            if text is None:
                return None
            self._mark(text)
            return undone_text(text)

    def marker_came(self, time: float, text: str) -> None:
        """Let a marker, of the course's time, end a block; the study's own do not."""
        with self._lock:
            if self._started and not self._stopped and parse_span_marker(text) is None:
                self._perform(self._course.marker(time, text))

    def lost(self, seconds: float) -> None:
        """Note that so much signal was lost; the block goes on."""
        with self._lock:
            self._lost_s += seconds

    def device_away(self, *, away: bool) -> None:
        """Note that the device gives no data, or gives some again; the block goes on."""
        with self._lock:
            self._away = away

    def stop(self) -> None:
        """End of the session: close what is open. Only the first call counts."""
        with self._lock:
            if self._stopped:
                return
            if self._started:
                self._perform(self._course.stop(self._now()))
            for text in self._keys.close():
                self._mark(text)
            self._stopped = True

    def _command(self, act: Callable[[float], Iterable[Action]], seen: CourseStatus | None) -> bool:
        with self._lock:
            now = self._now()
            if not self._started or self._stopped:
                return False
            self._perform(self._course.tick(now))
            at = self._course.status(now)
            if seen is not None and (seen.phase, seen.number, seen.self_report) != (
                at.phase,
                at.number,
                at.self_report,
            ):
                return False
            actions = tuple(act(now))
            self._perform(actions)
            return bool(actions) or self._course.status(now) != at

    def _perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case NoteMarker():
                    marker = parse_span_marker(action.text)
                    if marker is not None and marker.note == "start":
                        self._lost_s = 0.0
                    self._note(action)
                case BeginBaseline() if self._notes is not None:
                    self._notes.begin_baseline(action.seconds, action.time)
                case PlaySound():
                    self._sounds += 1
                case LeaveUnasked() if self._notes is not None:
                    report = self.study.self_reports[action.self_report]
                    asking = self.askings.ask(report, action.time, action.block)
                    self._notes.self_report(asking.without_answer(NOT_ASKED, action.time))

    def _mark(self, text: str) -> None:
        self._note(NoteMarker(self._now(), text))

    def _note(self, marker: NoteMarker) -> None:
        if self._notes is not None:
            self._notes.mark(marker.text, marker.time)
