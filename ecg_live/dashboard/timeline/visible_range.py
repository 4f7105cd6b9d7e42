"""Which part of the session the timeline shows: all of it or a span, at its end or elsewhere."""

from __future__ import annotations

MIN_SPAN_S = 20.0
FIRST_SPAN_S = 60.0  # the whole session is at least shown as this long
TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


class VisibleRange:
    """A span of the session; it follows the newest until it is moved away from it.

    All times are seconds of stream time.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._span: float | None = None  # None: the whole session
        self._stop: float | None = None  # None: it follows

    @property
    def following(self) -> bool:
        """Whether its end moves with the newest."""
        return self._stop is None

    @property
    def whole(self) -> bool:
        """Whether it shows the whole session."""
        return self._span is None

    @property
    def length(self) -> float:
        """Seconds of the session, at least `FIRST_SPAN_S`."""
        return max(FIRST_SPAN_S, self._now)

    @property
    def limits(self) -> tuple[float, float]:
        """First and last time shown."""
        span = self.length if self._span is None else min(self._span, self.length)
        stop = self.length if self._stop is None else min(max(self._stop, span), self.length)
        return stop - span, stop

    def advance(self, now: float) -> None:
        """Note how long the session is by now."""
        self._now = now

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Show ``factor`` times as much; the time ``at`` keeps its place, by default the end or else the middle."""
        start, stop = self.limits
        span = min(max((stop - start) * factor, MIN_SPAN_S), self.length)
        if span >= self.length:
            self.show_all()
            return
        share = ((at if at is not None else (start + stop) / 2) - start) / (stop - start)
        keeps_end = self.following and at is None
        self._span = span
        if not keeps_end:
            where = start + share * (stop - start)
            self._move_to(where + (1 - share) * span)

    def pan(self, seconds: float) -> None:
        """Move to later times, or to earlier ones; at the end it follows again."""
        self._span = self.limits[1] - self.limits[0] if self._span is None else self._span
        self._move_to(self.limits[1] + seconds)

    def follow(self) -> None:
        """Show the newest from now on."""
        self._stop = None

    def show_all(self) -> None:
        """Show the whole session."""
        self._span = self._stop = None

    def _move_to(self, stop: float) -> None:
        span = min(self._span or self.length, self.length)
        stop = max(stop, span)
        self._stop = None if stop >= self.length else stop


def tick_step(span: float, room: float) -> int:
    """Return the seconds between ticks of an axis of ``span`` seconds with room for so many labels."""
    return next((step for step in TICKS_S if span / step <= max(1.0, room)), TICKS_S[-1])
