"""Find the edge of a flash or a tap in a channel, after or around the time at which it was made."""

from __future__ import annotations

import numpy as np

from ecg_live.events import F64

MIN_EDGE_RATIO = 6.0  # of the step to the noise before it
NOISE_FLOOR_SHARE = 1e-3  # of the whole range, for a channel without noise
LEVEL_SHARE = 0.5  # of the step at which the edge lies


def edge_delays(times: F64, values: F64, made: F64, before: float, after: float) -> F64:
    """Time of the edge that belongs to each event, minus the event's own.

    The edge is the first crossing of half of the largest step from the level before it, interpolated between samples; a
    photodiode may go up or down.

    Parameters
    ----------
    times : F64
        Times (n,) of the samples in s, ascending.
    values : F64
        The channel (n,).
    made : F64
        Times (m,) of the events in s, on the same clock.
    before, after : float
        Seconds around an event in which its edge may lie; the level is that of the time before them.

    Returns
    -------
    F64
        Seconds (m,), NaN where there is no edge.
    """
    return np.array([_edge_delay(times, values, float(at), before, after) for at in made])


def _edge_delay(times: F64, values: F64, made: float, before: float, after: float) -> float:
    quiet = slice(*np.searchsorted(times, (made - before - after, made - before)))
    inside = slice(*np.searchsorted(times, (made - before, made + after)))
    if quiet.stop - quiet.start < 3 or inside.stop - inside.start < 2:
        return float("nan")
    level = float(np.median(values[quiet]))
    noise = float(np.median(np.abs(values[quiet] - level))) * 1.4826  # of a normal distribution
    change = values[inside] - level
    step = float(change[np.argmax(np.abs(change))])
    floor = max(noise, NOISE_FLOOR_SHARE * float(np.ptp(values)))
    if not abs(step) > MIN_EDGE_RATIO * floor:
        return float("nan")
    share = change / step
    first = int(np.argmax(share >= LEVEL_SHARE))
    at = inside.start + first
    if at == 0 or first == 0:
        return float(times[at]) - made
    low, high = float((values[at - 1] - level) / step), float(share[first])
    inner = (LEVEL_SHARE - low) / (high - low) if high > low else 1.0
    return float(times[at - 1] + inner * (times[at] - times[at - 1])) - made
