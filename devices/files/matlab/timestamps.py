"""The rate of AMIGOS' original signals, checked against the time stamps beside them."""

from __future__ import annotations

from collections import Counter

from devices.files import channels, timestamps
from devices.files.matlab.trials import SubjectTrials, TrialSignal, group_faults
from ecg_live.events import F64

AMIGOS_ORIGINAL_RATE_HZ = 256.0  # Hz, the paper's
_UNITS_PER_SECOND = (1.0, 1e3, 32768.0)  # time stamps of a Shimmer may be in s, ms or ticks
_PLAUSIBLE_RATES_HZ = (100.0, 1024.0)  # Hz; in between, no two of these units can be mistaken for each other
_MAX_DURATION_MISMATCH_S = 0.5  # s by which time stamps and the number of samples may differ


def check_trial_rates(person: SubjectTrials) -> tuple[float, SubjectTrials]:
    """The rate in Hz that most trials' time stamps show, and the person without the trials that show another."""
    paces = [_trial_rate(segment.times) for segment in person.segments]
    known = Counter(pace[0] for pace in paces if pace is not None)
    if not known:
        unsure = f"the time stamps show no rate: {AMIGOS_ORIGINAL_RATE_HZ:g} Hz is assumed"
        return AMIGOS_ORIGINAL_RATE_HZ, person._replace(remarks=(*person.remarks, unsure))
    rate = known.most_common(1)[0][0]
    wrong = (
        []
        if rate == AMIGOS_ORIGINAL_RATE_HZ
        else [("the rate", f"{rate:g} Hz by the time stamps, expected {AMIGOS_ORIGINAL_RATE_HZ:g} Hz")]
    )
    kept: list[TrialSignal] = []
    for segment, pace in zip(person.segments, paces, strict=True):
        if pace is not None and pace[0] != rate:
            wrong.append((segment.name, f"left out: recorded with {pace[0]:g} Hz, the others with {rate:g} Hz"))
            continue
        kept.append(segment)
        if pace is not None and segment.times is not None:
            spare = float(segment.times[-1] - segment.times[0]) / pace[1] - (len(segment.times) - 1) / rate
            if abs(spare) > _MAX_DURATION_MISMATCH_S:
                wrong.append((segment.name, f"time stamps and number of samples differ by {spare:.1f} s"))
    return rate, SubjectTrials(tuple(kept), person.remarks + group_faults(wrong))


def _trial_rate(times: F64 | None) -> tuple[float, float] | None:
    """The rate that time stamps show, and a second in their unit, which is the one that makes the rate plausible."""
    interval = None if times is None else timestamps.fit_interval(times)
    if interval is None:
        return None
    paces = [(channels.snap_to_nominal(second / interval), second) for second in _UNITS_PER_SECOND]
    return next((pace for pace in paces if _PLAUSIBLE_RATES_HZ[0] <= pace[0] <= _PLAUSIBLE_RATES_HZ[1]), None)
