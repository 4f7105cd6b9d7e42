"""Which of a table's time columns is that of a channel's own device, where a table holds several devices'."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TIME_WORDS = frozenset(
    {"time", "timestamp", "timestamps", "stamp", "stamps", "datetime", "date", "unix", "formattedunix", "cal", "zeit",
     "s", "sec", "secs", "second", "seconds", "ms", "msec", "us", "ns", "utc", "local", "of", "the"}
)  # fmt: skip


def own_time_columns(names: Sequence[str], times: Sequence[int], column: int) -> list[int]:
    """Give those time columns that may be the channel's: they share most words with it, then have fewest others.

    Of those that are called alike the nearest to the left of the channel is given, as tables are merged side by side.

    Parameters
    ----------
    names : sequence of str
        All columns' names.
    times : sequence of int
        Indices of the time columns, rising.
    column : int
        The channel's.
    """
    wanted = _name_words(names[column])

    def likeness(time: int) -> tuple[int, int]:
        found = _name_words(names[time])
        shared = len(found & wanted)
        return shared, -len(found - wanted) if shared else 0

    best = max((likeness(time) for time in times), default=(0, 0))
    own = [time for time in times if likeness(time) == best]
    alike: dict[str, list[int]] = {}
    for time in own:
        alike.setdefault(names[time].strip().casefold(), []).append(time)
    return sorted(max((t for t in same if t < column), default=same[0]) for same in alike.values())


def _name_words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", name.casefold())) - _TIME_WORDS
