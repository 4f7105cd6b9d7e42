"""Values of a row of a group table: what a session's windows, gaps and exclusions give for a stretch of its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ecg_live.annotations.current import SessionAnnotation
from ecg_live.annotations.exclusion import touches_excluded
from ecg_live.events import F64, PAUSE_CAUSE
from ecg_live.recorded.report.session import RecordedGap, RecordedSession
from ecg_live.recorded.report.statistics import SET_ORDER, windows_between
from ecg_live.recorded.report.windows import HeadPredictions, RecordedWindows
from ecg_live.recorded.table.columns import head_column
from ecg_live.recorded.table.row_spans import RowSpan

DECIMALS = 6  # of numbers, as in JSON lines
REASON_SEPARATOR = "; "


def row_values(session: RecordedSession, span: RowSpan, excluded: Sequence[SessionAnnotation] = ()) -> dict[str, Any]:
    """Values by column; what cannot be stated is missing or NaN. ``excluded`` stretches are by their beginning."""
    touching = [each for each in excluded if each.onset < span.stop and each.stop > span.start]
    inside = windows_between(session.windows, span.start, span.stop)
    dropped = touches_excluded(inside.start, inside.stop, touching)
    kept = inside.where(~dropped)
    values: dict[str, Any] = {
        "block": span.name,
        "complete": span.complete,
        "onset": span.start,
        "duration": span.stop - span.start,
        "n_windows_excluded": int(dropped.sum()),
        "excluded_duration": _covered(touching, span),
        "exclusion_reasons": REASON_SEPARATOR.join(dict.fromkeys(each.text for each in touching)),
        **_losses(session, span),
        **_quality(kept),
        **_rhythm(kept),
    }
    for head in kept.heads:
        values |= {head_column(head, *parts): value for parts, value in _answers(head)}
    return rounded(values)


def rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with their numbers rounded."""
    return {name: round(each, DECIMALS) if isinstance(each, float) else each for name, each in values.items()}


def _covered(stretches: Sequence[SessionAnnotation], span: RowSpan) -> float:
    """Seconds of the span that one or more of the stretches cover."""
    total, reached = 0.0, span.start
    for each in stretches:
        begin, end = max(each.onset, reached), min(each.stop, span.stop)
        total += max(0.0, end - begin)
        reached = max(reached, end)
    return total


def _losses(session: RecordedSession, span: RowSpan) -> Mapping[str, Any]:
    if session.ecg is None:
        return {}
    expected = (span.stop - span.start) * session.ecg.rate
    lost = round(sum(_lost_within(gap, span) for gap in session.gaps))
    return {"lost_samples": lost, "lost_share": min(1.0, lost / expected) if expected > 0 else np.nan}


def _lost_within(gap: RecordedGap, span: RowSpan) -> float:
    """Samples of a gap that lie in the span; a pause between two parts of a file is no loss."""
    length = gap.stop - gap.start
    inside = min(gap.stop, span.stop) - max(gap.start, span.start)
    if length <= 0 or inside <= 0 or gap.cause.startswith(PAUSE_CAUSE):
        return 0.0
    return gap.lost * inside / length


def _quality(windows: RecordedWindows) -> Mapping[str, Any]:
    shares = {f"{grade}_share": _share(windows.grade == grade) for grade in ("good", "poor", "unusable")}
    return {"n_windows": len(windows), **shares}


def _rhythm(windows: RecordedWindows) -> Mapping[str, Any]:
    usable = windows.where(windows.usable)
    rate, rmssd = _finite(usable.heart_rate), _finite(usable.rmssd)
    return {
        "n_windows_hr": len(rate),
        "hr_mean": _mean(rate),
        "hr_sd": _deviation(rate),
        "rmssd_10s_mean": _mean(rmssd),
    }


def _answers(head: HeadPredictions) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Values of a head by the parts of their column's name; means are over the windows of one set."""
    total = int(head.answered.sum())
    which = _answering_set(head)
    own = head.where(np.asarray(head.answered & (head.set == which)))
    yield ("set",), which or None
    yield ("n", "answered"), len(own.label)
    yield ("n", "other", "sets"), total - len(own.label)
    yield ("abstained", "share"), _share(~head.answered)
    if head.scale is not None:
        numbers = own.probs[:, 0]
        yield ("value", "mean"), _mean(numbers)
        yield ("value", "sd"), _deviation(numbers)
    for column, each in enumerate(head.classes):
        yield ("prob", each, "mean"), _mean(own.probs[:, column])
        yield ("label", each, "share"), _share(own.label == each)


def _answering_set(head: HeadPredictions) -> str:
    """The set that answered most windows; of equals the one that knows more of the wearer. Empty without an answer."""
    counts = Counter(map(str, head.set[head.answered]))
    return max(counts, key=lambda each: (counts[each], SET_ORDER.index(each) if each in SET_ORDER else -1), default="")


def _finite(values: F64) -> F64:
    return values[np.isfinite(values)]


def _mean(values: F64) -> float:
    return float(values.mean()) if len(values) else np.nan


def _deviation(values: F64) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _share(mask: Any) -> float:
    return float(np.mean(mask)) if len(mask) else np.nan
