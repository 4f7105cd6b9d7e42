"""A device's clock against the session's: which host time each of its samples has, and how fast it runs."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from ecg_live.events import State

ClockPoint = tuple[float, float]  # device time from the segment's first, and how far the arrival is ahead of it (s)

BIN_S = 2.0  # s of device time: of each, only the arrival that was delayed least counts
MAX_BINS = 300  # a fit looks back 10 min: 5 ms of jitter is 8 ppm, and a crystal that warms up still runs straight
MAX_DRIFT = 500e-6  # the worst clock that Bluetooth allows a sleeping device (Core 5.4, vol. 6 part B, 4.2.2)
MIN_DRIFT_SPAN_S = 60.0  # s of span from which on a drift is told: 5 ms of jitter is 80 ppm there
DRIFT_REPORT_INTERVAL_S = 60.0  # s from one word on the drift to the next
# A clock stepped if an arrival is this early, or all are this late for longer than a stalled radio takes to catch up.
CLOCK_STEP_S = 0.25
CLOCK_STEP_CONFIRM_S = 10.0


class DeviceClock:
    """Map device seconds to host seconds by the line under all arrivals.

    Radio and queues make an arrival late, never early, so that the device's time lies on the arrivals' lower envelope
    and a mean or median would follow every burst. The line is the one below all points that is nearest to them
    (Moon, Skelly & Towsley 1999): the edge of their convex hull under their mean time. An arrival that is too early by
    a quarter of a second, or arrivals that are all that late for ten seconds, mean that a clock stepped: the fit begins
    anew. Memory is 300 points, and the fit is made once per two seconds.
    """

    def __init__(self) -> None:
        self._told = -math.inf  # when the drift was told
        self._floor = -math.inf  # host time that no answer goes below
        self.reset()

    def reset(self) -> None:
        """Begin a new segment: the device was started anew. Answers never go back before those given by now."""
        self._origin: ClockPoint | None = None
        self._bins: deque[ClockPoint] = deque(maxlen=MAX_BINS)
        self._slope = self._offset = 0.0  # how far host is ahead of device: at the origin, and per device second
        self._late_since: float | None = None
        self._given = -math.inf  # latest device time that was asked about

    def push(self, device: float, host: float) -> None:
        """Note that what the device stamped ``device`` (s, unwrapped) arrived at ``host`` (s)."""
        if self._origin is not None and self._stepped(device, host):
            self.reset()
        if self._origin is None:
            self._origin = device, host
        point = self._point(device, host)
        if not self._bins or point[0] - _bin_start(self._bins[-1]) >= BIN_S:
            self._fit()
            self._bins.append(point)
        elif point[0] >= _bin_start(self._bins[-1]) and point[1] < self._bins[-1][1]:
            self._bins[-1] = point
        self._offset += min(0.0, self._late(point))

    def host(self, device: float) -> float:
        """Host time of a device time; never earlier than the answer to an earlier one. NaN before the first `push`."""
        if self._origin is None:
            return math.nan
        since = device - self._origin[0]
        time = self._origin[1] + since + self._offset + self._slope * since
        if device < self._given:
            return min(time, self._floor)
        self._given, self._floor = device, max(time, self._floor)
        return self._floor

    @property
    def ppm(self) -> float:
        """How much faster than the host the device's clock runs; NaN before a minute bears it out."""
        if len(self._bins) < 2 or self._bins[-1][0] - self._bins[0][0] < MIN_DRIFT_SPAN_S:
            return math.nan
        return (1 / (1 + self._slope) - 1) * 1e6

    def news(self, now: float) -> State | None:
        """Tell the drift, at most once a minute, as soon as it is known; ``now`` is the session clock."""
        if now < self._told + DRIFT_REPORT_INTERVAL_S or math.isnan(self.ppm):
            return None
        self._told = now
        return State("clock", f"device clock {self.ppm:+.0f} ppm", now)

    def _point(self, device: float, host: float) -> ClockPoint:
        assert self._origin is not None  # noqa: S101 - push sets it
        since = device - self._origin[0]
        return since, (host - self._origin[1]) - since

    def _late(self, point: ClockPoint) -> float:
        """Seconds from the line to an arrival."""
        return point[1] - self._offset - self._slope * point[0]

    def _stepped(self, device: float, host: float) -> bool:
        late = self._late(self._point(device, host))
        if late <= CLOCK_STEP_S:
            self._late_since = None
            return late < -CLOCK_STEP_S
        if self._late_since is None:
            self._late_since = host
        return host - self._late_since > CLOCK_STEP_CONFIRM_S

    def _fit(self) -> None:
        """Lay the line under the bins that are whole."""
        if len(self._bins) < 2:
            return
        hull = _lower_hull(self._bins)
        mean = sum(since for since, _ in self._bins) / len(self._bins)
        (x0, y0), (x1, y1) = next(pair for pair in pairwise(hull) if mean <= pair[1][0])
        self._slope = min(MAX_DRIFT, max(-MAX_DRIFT, (y1 - y0) / (x1 - x0)))
        self._offset = min(ahead - self._slope * since for since, ahead in self._bins)


def _bin_start(point: ClockPoint) -> float:
    return point[0] // BIN_S * BIN_S


def _lower_hull(points: Sequence[ClockPoint]) -> list[ClockPoint]:
    """Corners of the convex hull from below; points in the order of x (Andrew 1979)."""
    hull: list[ClockPoint] = []
    for x, y in points:
        while len(hull) > 1 and _turns_down(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    return hull


def _turns_down(a: ClockPoint, b: ClockPoint, c: ClockPoint) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])
