"""Units of time, and sampling rates that a text states."""

from __future__ import annotations

import math
import re

import numpy as np

from devices.files import channels, timestamps
from ecg_live.events import F64

_UNITS_PER_SECOND = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e3, "msec": 1e3, "millisec": 1e3,
    "millisecs": 1e3, "millisecond": 1e3, "milliseconds": 1e3, "us": 1e6, "usec": 1e6, "microsec": 1e6,
    "microsecond": 1e6, "microseconds": 1e6, "ns": 1e9, "nsec": 1e9, "nanosec": 1e9, "nanosecond": 1e9,
    "nanoseconds": 1e9, "min": 1 / 60, "mins": 1 / 60, "minute": 1 / 60, "minutes": 1 / 60, "h": 1 / 3600,
    "hr": 1 / 3600, "hrs": 1 / 3600, "hour": 1 / 3600, "hours": 1 / 3600,
}  # fmt: skip
_MIN_PLAUSIBLE_RATE_HZ = 5.0  # timestamps with a lower rate in seconds are in a finer unit
_MIN_UNIX_TIME_S = 1e8  # timestamps after 1973 are recognised by their size
_MAX_UNIX_TIME_S = 1e10  # since 1970: the year 2286
_NUMBER_PATTERN = r"(\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)"
_RATE_PATTERN = re.compile(
    rf"(?:sampl\w*[ _-]*(?:rate|freq\w*)|abtastrate|\bsfreq|\bfs)\W*(?:(k)?hz)?\W*{_NUMBER_PATTERN}\s*(k?hz)?",
    re.IGNORECASE,
)
_SAMPLES_PER_SECOND_PATTERN = re.compile(
    rf"()\b{_NUMBER_PATTERN}\s*(?:samples?\s*(?:/|per)\s*s|sps\b)()", re.IGNORECASE
)
_INTERVAL_PATTERN = re.compile(rf"(?:interval|period)\W*{_NUMBER_PATTERN}\s*([a-z\u00b5\u03bc]+)", re.IGNORECASE)
_TIME_PER_SAMPLE_PATTERN = re.compile(rf"{_NUMBER_PATTERN}\s*([a-z\u00b5\u03bc]+)/sample", re.IGNORECASE)


def units_per_second(unit: str) -> float | None:
    """Return how many of a unit of time make a second; None for any other text."""
    plain = unit.strip().strip("[](){} .").replace("\u00b5", "u").replace("\u03bc", "u").casefold()
    return _UNITS_PER_SECOND.get(plain)


def unix_units_per_second(times: F64) -> float | None:
    """Return the units per second of timestamps (n,) by their size, if that is of a time since 1970; else None."""
    known = times[np.isfinite(times) & (times != 0)]
    size = float(np.median(np.abs(known))) if len(known) else 0.0
    for second in (1.0, 1e3, 1e6, 1e9):
        if _MIN_UNIX_TIME_S <= size / second < _MAX_UNIX_TIME_S and (
            second == 1 or _shows_plausible_rate(times, second)
        ):
            return second
    return None


def guess_units_per_second(times: F64) -> float:
    """Return the units per second of timestamps (n,) by the rate that they would show.

    Seconds, unless only a finer unit gives a plausible rate.
    """
    interval = timestamps.fit_interval(times)
    if interval is None or 1 / interval >= _MIN_PLAUSIBLE_RATE_HZ:
        return 1.0
    return next((second for second in (1e3, 1e6, 1e9) if _shows_plausible_rate(times, second)), 1.0)


def _shows_plausible_rate(times: F64, second: float) -> bool:
    interval = timestamps.fit_interval(times)
    return interval is not None and channels.MIN_RATE_HZ * 0.99 <= second / interval <= channels.MAX_RATE_HZ


def stated_rate(text: str) -> float | None:
    """Return the sampling rate (Hz) that a text states; None if it states none or several."""
    found = set[float]()
    for line in text.splitlines():
        found |= _rates(line)
    usable = {rate for rate in found if math.isfinite(rate) and channels.MIN_RATE_HZ <= rate <= channels.MAX_RATE_HZ}
    return usable.pop() if len(usable) == 1 else None


def _rates(line: str) -> set[float]:
    for wanted in (_TIME_PER_SAMPLE_PATTERN, _INTERVAL_PATTERN):
        if found := wanted.search(line):
            second, number = units_per_second(found[2]), _to_float(found[1])
            return {second / number} if second is not None and number > 0 else set()
    found = _RATE_PATTERN.search(line) or _SAMPLES_PER_SECOND_PATTERN.search(line)
    if found is None:
        return set()
    kilo = (found[1] or found[3] or "").casefold().startswith("k")
    return {_to_float(found[2]) * (1000 if kilo else 1)}


def _to_float(text: str) -> float:
    return float(text.replace(",", "."))
