"""Markers that the experimenter sets by keys: named ones, intervals that a key opens and closes, and undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ecg_live.study.marker_texts import interval_text, undo_text
from ecg_live.study.plan import KeyMarker


@dataclass(frozen=True, slots=True)
class NamedKeyStatus:
    """A named key for the legend: ``count`` presses (of an interval: its starts) that count; ``open``: it runs now."""

    key: str
    name: str
    interval: bool
    count: int
    open: bool


class KeyMarkers:
    """Which text a key notes now. Nothing is deleted: undo is a marker too.

    Parameters
    ----------
    keys : mapping of str to KeyMarker
        Named keys.
    """

    def __init__(self, keys: Mapping[str, KeyMarker]) -> None:
        self._keys = dict(keys)
        self._open: set[str] = set()  # keys whose interval runs
        self._noted: list[tuple[str | None, str]] = []  # key, if one was pressed, and text of each that may be undone
        self._counts: Counter[str] = Counter()

    def press(self, key: str) -> str | None:
        """Text that this key notes; None for a key without a name."""
        named = self._keys.get(key)
        if named is None:
            return None
        text = named.text
        if named.interval:
            text = interval_text(named.text, "stop" if key in self._open else "start")
            self._open ^= {key}
        if key in self._open or not named.interval:
            self._counts[key] += 1
        self._noted.append((key, text))
        return text

    def noted(self, text: str) -> None:
        """Take note of another marker of the experimenter's, which undo takes back as well."""
        self._noted.append((None, text))

    def undo(self) -> str | None:
        """Text that takes the newest marker back; None where none is left."""
        if not self._noted:
            return None
        key, text = self._noted.pop()
        if key is not None:
            if self._keys[key].interval:
                self._open ^= {key}  # its stop does not count, so that it is open again; or its start
            if key not in self._open or not self._keys[key].interval:
                self._counts[key] -= 1
        return undo_text(text)

    def close(self) -> tuple[str, ...]:
        """Texts that close the intervals which are open, at the end of the session."""
        texts = tuple(interval_text(self._keys[key].text, "stop") for key in sorted(self._open))
        self._open.clear()
        return texts

    def status(self) -> tuple[NamedKeyStatus, ...]:
        """The named keys, in their order."""
        return tuple(
            NamedKeyStatus(key, named.text, named.interval, self._counts[key], key in self._open)
            for key, named in sorted(self._keys.items())
        )
