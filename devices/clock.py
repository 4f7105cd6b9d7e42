"""Device time to host time: a line under all arrivals gives each sample's host time and the device clock's drift."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from ecg_live.events import State

ClockPoint = tuple[float, float]  # device time since the segment's start, and host time minus device time (s)

BIN_S = 2.0  # of device time: of each bin, only the arrival with the least delay counts
MAX_BINS = 300  # a fit spans 10 min: 5 ms of jitter is 8 ppm there, and a crystal that warms up still runs straight
MAX_DRIFT = 500e-6  # the worst clock that Bluetooth allows a sleeping device (Core 5.4, vol. 6 part B, 4.2.2)
MIN_DRIFT_SPAN_S = 60.0  # before a drift is reported: 5 ms of jitter is 80 ppm there
DRIFT_REPORT_INTERVAL_S = 60.0
# A clock stepped if an arrival is this early, or all are this late for longer than a stalled radio takes to catch up.
CLOCK_STEP_S = 0.25
CLOCK_STEP_CONFIRM_S = 10.0


class DeviceClock:
    """Map device seconds to host seconds by the line under all arrivals.

    Radio and queues delay an arrival and never advance it, so that the device's time is the lower envelope of the
    arrivals; a mean or median would follow every burst. Of all lines below the points, the nearest one is fitted
    (Moon, Skelly & Towsley 1999): the edge of their convex hull below their mean time. An arrival that is a quarter of
    a second too early, or ten seconds of arrivals that are all as late, mean that a clock stepped: the fit restarts.
    Memory is bounded by 300 points; the fit runs once every two seconds.
    """

    def __init__(self) -> None:
        self._last_report = -math.inf  # session time of the last drift report
        self._min_host = -math.inf  # no result goes below this host time
        self._origin: ClockPoint | None = None
        self._bins: deque[ClockPoint] = deque(maxlen=MAX_BINS)
        self._slope = 0.0  # of host minus device time, per device second
        self._offset = 0.0  # host minus device time at the origin
        self._late_since: float | None = None
        self._max_query = -math.inf  # latest device time that was mapped

    def reset(self) -> None:
        """Begin a new segment: the device restarted. Later results never go below earlier ones."""
        self._origin = None
        self._bins.clear()
        self._slope = 0.0
        self._offset = 0.0
        self._late_since = None
        self._max_query = -math.inf

    def push(self, device: float, host: float) -> None:
        """Add one arrival.

        Parameters
        ----------
        device : float
            Unwrapped device timestamp in s.
        host : float
            Arrival in s on the session clock.
        """
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
        self._offset += min(0.0, self._residual(point))

    def host_time(self, device: float) -> float:
        """Host time (s) of a device time, monotonic over all calls. NaN before the first `push`."""
        if self._origin is None:
            return math.nan
        since = device - self._origin[0]
        time = self._origin[1] + since + self._offset + self._slope * since
        if device < self._max_query:
            return min(time, self._min_host)
        self._max_query, self._min_host = device, max(time, self._min_host)
        return self._min_host

    def lateness(self, device: float, host: float) -> float:
        """Seconds from the line to an arrival at ``host``; 0 before the first `push`."""
        return 0.0 if self._origin is None else self._residual(self._point(device, host))

    @property
    def ppm(self) -> float:
        """Drift of the device's clock against the host's; NaN while the fit spans less than a minute."""
        if len(self._bins) < 2 or self._bins[-1][0] - self._bins[0][0] < MIN_DRIFT_SPAN_S:
            return math.nan
        return (1 / (1 + self._slope) - 1) * 1e6

    def drift_report(self, now: float) -> State | None:
        """Return the drift as an event once it is known, at most once a minute; ``now`` is the session clock in s."""
        if now < self._last_report + DRIFT_REPORT_INTERVAL_S or math.isnan(self.ppm):
            return None
        self._last_report = now
        return State("clock", f"device clock {self.ppm:+.0f} ppm", now)

    def _point(self, device: float, host: float) -> ClockPoint:
        assert self._origin is not None  # noqa: S101 - push sets it
        since = device - self._origin[0]
        return since, (host - self._origin[1]) - since

    def _residual(self, point: ClockPoint) -> float:
        """Seconds from the line to an arrival."""
        return point[1] - self._offset - self._slope * point[0]

    def _stepped(self, device: float, host: float) -> bool:
        late = self._residual(self._point(device, host))
        if late <= CLOCK_STEP_S:
            self._late_since = None
            return late < -CLOCK_STEP_S
        if self._late_since is None:
            self._late_since = host
        return host - self._late_since > CLOCK_STEP_CONFIRM_S

    def _fit(self) -> None:
        """Fit the line under the complete bins."""
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
    """Corners of the lower convex hull of points sorted by x (Andrew 1979)."""
    hull: list[ClockPoint] = []
    for x, y in points:
        while len(hull) > 1 and _turns_down(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    return hull


def _turns_down(a: ClockPoint, b: ClockPoint, c: ClockPoint) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])
