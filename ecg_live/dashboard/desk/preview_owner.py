"""Keeps one preview at a time: the next is opened only once the one before has let go of its device."""

from __future__ import annotations

from collections.abc import Callable

from ecg_live.events import Clock
from ecg_live.protocols import Preview

SETTLING_S = 0.25  # before a source is opened: arrow keys pass over others on their way
RADIO_SCHEMES = ("polar", "movesense", "hr", "shimmer", "bitalino")


class PreviewOwner:
    """Opens and closes previews.

    Parameters
    ----------
    open_preview : callable
        Opens a source by its URI; returns at once.
    clock : Clock
    """

    def __init__(self, open_preview: Callable[[str], Preview], clock: Clock) -> None:
        self._open = open_preview
        self._clock = clock
        self._wanted = ""
        self._wanted_at = 0.0
        self._closing: list[Preview] = []
        self.preview: Preview | None = None

    @property
    def wanted(self) -> str:
        """The source that is shown, or will be; empty for none."""
        return self._wanted

    @property
    def uses_radio(self) -> bool:
        """Whether a device that is wanted needs the radio for itself."""
        return self._wanted.partition(":")[0].casefold() in RADIO_SCHEMES

    @property
    def released(self) -> bool:
        """Whether no preview holds a device."""
        self._closing = [each for each in self._closing if not each.wait(0.0)]
        return self.preview is None and not self._closing

    def wait(self, seconds: float) -> None:
        """Wait until all that were closed have let go of their devices."""
        deadline = self._clock() + seconds
        for each in self._closing:
            each.wait(max(0.0, deadline - self._clock()))

    def want(self, uri: str) -> None:
        """Close the preview, and have another source opened soon; none for an empty text."""
        if self.preview is not None:
            self.preview.close()
            self._closing.append(self.preview)
            self.preview = None
        self._wanted, self._wanted_at = uri, self._clock()

    def open_wanted(self, now: float) -> bool:
        """Open the wanted source if it is time; whether a preview was opened."""
        if not self._wanted or self.preview is not None or now - self._wanted_at < SETTLING_S or not self.released:
            return False
        self.preview = self._open(self._wanted)
        return True
