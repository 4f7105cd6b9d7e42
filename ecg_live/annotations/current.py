"""What a log of changes amounts to: the annotations that stand, and the recording's markers as they were edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ecg_live.annotations.change import Change, Kind, MarkerKey, Target

TimedText = tuple[float, str]  # s and text of a marker
MAX_ID_DIGITS = 12


@dataclass(frozen=True, slots=True)
class SessionAnnotation:
    """An annotation as it is now.

    ``onset`` and ``duration`` in s from the recording's first sample. ``author`` and ``time`` are those of the last
    change. ``id`` is empty for a marker of the recording, and ``recorded`` then says which.
    """

    id: str
    kind: Kind
    onset: float
    duration: float = 0.0
    text: str = ""
    author: str = ""
    time: str = ""
    deleted: bool = False
    recorded: MarkerKey | None = None

    @property
    def stop(self) -> float:
        """End, s."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Annotations:
    """Everything in a recording's log.

    Attributes
    ----------
    by_id : mapping
        Annotations by id, also the deleted ones.
    markers : mapping
        Markers of the recording that were edited, as they are now.
    changes : tuple of Change
        The whole history, oldest first.
    """

    by_id: Mapping[str, SessionAnnotation] = field(default_factory=dict)
    markers: Mapping[MarkerKey, SessionAnnotation] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    def standing(self, *kinds: Kind) -> tuple[SessionAnnotation, ...]:
        """Annotations of these kinds, or of all, that are not deleted, by their beginning."""
        found = [each for each in self.by_id.values() if not each.deleted and (not kinds or each.kind in kinds)]
        return tuple(sorted(found, key=lambda each: (each.onset, int(each.id[1:]))))

    @property
    def excluded(self) -> tuple[SessionAnnotation, ...]:
        """Stretches that are left out of the analysis."""
        return self.standing("excluded")

    def edited_markers(self, recorded: Iterable[TimedText]) -> list[TimedText]:
        """The markers that count, by time: those of the recording as edited, and added ones."""
        kept = [self.edited(MarkerKey.of(*marker), marker) for marker in recorded]
        added = [(each.onset, each.text) for each in self.standing("marker")]
        return sorted([*(marker for marker in kept if marker is not None), *added], key=lambda marker: marker[0])

    def edited(self, key: MarkerKey, marker: TimedText) -> TimedText | None:
        """A marker of the recording as it is now; None if it was deleted."""
        now = self.markers.get(key)
        if now is None:
            return marker
        return None if now.deleted else (now.onset, now.text)

    def from_second(self, begin: float) -> Annotations:
        """The same on an axis that begins ``begin`` s later."""

        def moved(each: SessionAnnotation) -> SessionAnnotation:
            return replace(each, onset=each.onset - begin)

        return replace(
            self,
            by_id={name: moved(each) for name, each in self.by_id.items()},
            markers={MarkerKey(key.onset - begin, key.text): moved(each) for key, each in self.markers.items()},
        )

    def find(self, target: Target) -> SessionAnnotation | None:
        """What a change may be about; None for an id that was never given."""
        if isinstance(target, MarkerKey):
            return self.markers.get(
                target, SessionAnnotation("", "marker", target.onset, 0.0, target.text, recorded=target)
            )
        return self.by_id.get(target)

    def next_id(self) -> str:
        """ID for the next annotation; none is used twice."""
        return f"a{1 + max((int(each[1:]) for each in self.by_id), default=0)}"

    def with_change(self, change: Change) -> Annotations:
        """The annotations after one more change.

        Raises
        ------
        ValueError
            It does not fit: its target does not exist, exists already, or was deleted.
        """
        now = _changed(self.find(change.target), change)
        history = (*self.changes, change)
        if isinstance(change.target, MarkerKey):
            return replace(self, markers={**self.markers, change.target: now}, changes=history)
        return replace(self, by_id={**self.by_id, change.target: now}, changes=history)


def _changed(before: SessionAnnotation | None, change: Change) -> SessionAnnotation:
    """An annotation after a change."""
    now = _added(before, change) if change.action == "add" else _edited(before, change)
    return replace(now, author=change.author, time=change.time)


def _added(before: SessionAnnotation | None, change: Change) -> SessionAnnotation:
    if before is not None or isinstance(change.target, MarkerKey):
        raise ValueError(f"{change.target} is there already")
    if change.kind is None or change.onset is None or not _is_id(change.target):
        raise ValueError("an added annotation lacks its id, kind or onset")
    return SessionAnnotation(change.target, change.kind, change.onset, change.duration or 0.0, change.text or "")


def _edited(before: SessionAnnotation | None, change: Change) -> SessionAnnotation:
    name = change.target.text if isinstance(change.target, MarkerKey) else change.target
    if before is None:
        raise ValueError(f"there is no annotation {name}")
    if before.deleted and change.action != "restore":
        raise ValueError(f"{name} was deleted by {before.author} at {before.time}; restore it first")
    if change.action == "restore":
        if not before.deleted:
            raise ValueError(f"{name} is not deleted")
        return replace(before, deleted=False)
    if change.action == "delete":
        return replace(before, deleted=True)
    return replace(
        before,
        onset=before.onset if change.onset is None else change.onset,
        duration=before.duration if change.duration is None else change.duration,
        text=before.text if change.text is None else change.text,
    )


def _is_id(text: str) -> bool:
    number = text[1:]
    return text[:1] == "a" and number.isdecimal() and number.isascii() and len(number) <= MAX_ID_DIGITS
