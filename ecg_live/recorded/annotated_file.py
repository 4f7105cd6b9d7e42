"""Annotations as one file of a recording has them: its markers as edited, and what was noted of its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ecg_live.annotations.change import MarkerKey
from ecg_live.annotations.current import Annotations, SessionAnnotation
from ecg_live.events import Chunk, Gap, Marker, State

SignalItem = Chunk | Gap | Marker | State


@dataclass(frozen=True, slots=True)
class AnnotatedFile:
    """Annotations as one file of a recording has them; ``shift`` is where the file begins in the recording, s."""

    annotations: Annotations = field(default_factory=Annotations)
    shift: float = 0.0

    def standing(self) -> tuple[SessionAnnotation, ...]:
        """Notes, intervals and excluded stretches, in the file's own time."""
        found = self.annotations.standing("note", "interval", "excluded")
        return tuple(replace(each, onset=each.onset - self.shift) for each in found)

    def with_markers(self, items: Iterable[SignalItem], rate: float) -> Iterator[SignalItem]:
        """Items of the file with its markers as they were edited, each before the first later sample."""
        waiting = self._changed_markers()
        for item in items:
            if isinstance(item, Marker) and MarkerKey.of(item.time + self.shift, item.text) in self.annotations.markers:
                continue
            while waiting and isinstance(item, Chunk) and waiting[0].time * rate < item.start:
                yield waiting.pop(0)
            yield item
        yield from waiting

    def _changed_markers(self) -> list[Marker]:
        """Markers that were added or edited, by time."""
        edited = [(each.onset, each.text) for each in self.annotations.markers.values() if not each.deleted]
        added = [(each.onset, each.text) for each in self.annotations.standing("marker")]
        return [Marker(time - self.shift, text) for time, text in sorted([*edited, *added])]


def event_text(annotation: SessionAnnotation) -> str:
    """An annotation as an event of other programs: MNE leaves out what begins with ``BAD``."""
    return f"BAD excluded: {annotation.text}" if annotation.kind == "excluded" else annotation.text
