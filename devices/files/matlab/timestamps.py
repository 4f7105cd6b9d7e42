"""The rate of AMIGOS' original signals, checked against the time stamps beside them."""

from __future__ import annotations

from collections import Counter

from devices.files import channels, timestamps
from devices.files.matlab.trials import Person, Segment, grouped
from ecg_live.events import F64

NOMINAL = 256.0  # Hz, the paper's
_SECONDS = (1.0, 1e3, 32768.0)  # time stamps of a Shimmer may be in s, ms or ticks
_PLAUSIBLE = (100.0, 1024.0)  # Hz; in between, no two of these units can be mistaken for each other
_UNACCOUNTED = 0.5  # s by which time stamps and the number of samples may differ


def timed_person(person: Person) -> tuple[float, Person]:
    """The rate in Hz that most trials' time stamps show, and the person without the trials that show another."""
    paces = [_pace(segment.times) for segment in person.segments]
    known = Counter(pace[0] for pace in paces if pace is not None)
    if not known:
        unsure = f"the time stamps show no rate: {NOMINAL:g} Hz is assumed"
        return NOMINAL, person._replace(remarks=(*person.remarks, unsure))
    rate = known.most_common(1)[0][0]
    wrong = [] if rate == NOMINAL else [("the rate", f"{rate:g} Hz by the time stamps, expected {NOMINAL:g} Hz")]
    kept: list[Segment] = []
    for segment, pace in zip(person.segments, paces, strict=True):
        if pace is not None and pace[0] != rate:
            wrong.append((segment.name, f"left out: recorded with {pace[0]:g} Hz, the others with {rate:g} Hz"))
            continue
        kept.append(segment)
        if pace is not None and segment.times is not None:
            spare = float(segment.times[-1] - segment.times[0]) / pace[1] - (len(segment.times) - 1) / rate
            if abs(spare) > _UNACCOUNTED:
                wrong.append((segment.name, f"time stamps and number of samples differ by {spare:.1f} s"))
    return rate, Person(tuple(kept), person.remarks + grouped(wrong))


def _pace(times: F64 | None) -> tuple[float, float] | None:
    """The rate that time stamps show, and a second in their unit, which is the one that makes the rate plausible."""
    interval = None if times is None else timestamps.fit(times)
    if interval is None:
        return None
    paces = [(channels.nominal(second / interval), second) for second in _SECONDS]
    return next((pace for pace in paces if _PLAUSIBLE[0] <= pace[0] <= _PLAUSIBLE[1]), None)
