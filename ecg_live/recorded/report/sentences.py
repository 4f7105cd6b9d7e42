"""What a session's numbers say, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ecg_live.html.markup import MINUS_SIGN, count, number
from ecg_live.presentation.formatting import NO_VALUE, clock_text, size_text
from ecg_live.recorded.report.session import RecordedSession, SessionEvent
from ecg_live.recorded.report.statistics import count_losses, distribution, set_masks, usable_coverage
from ecg_live.recorded.report.windows import HeadPredictions
from ecg_live.session_counters import MAX_SILENCE_S

MIN_SHOWN_SHARE = 0.0005  # a share that rounds to none, but is some


def percent(part: float, whole: float = 1.0) -> str:
    """A share that is never rounded to nothing, or to all."""
    if not whole:
        return NO_VALUE
    value = part / whole
    if value in {0, 1}:
        return f"{value:.0%}"
    if 0 < value < MIN_SHOWN_SHARE:
        return "<0.1%"
    return ">99.9%" if 1 - MIN_SHOWN_SHARE < value < 1 else f"{value:.1%}"


def time_text(time: float) -> str:
    """A time on the axis, to the millisecond."""
    thousandths = round(abs(time) * 1000)
    sign = MINUS_SIGN if time < 0 and thousandths else ""
    return f"{sign}{clock_text(thousandths // 1000)}.{thousandths % 1000:03d}"


def headlines(session: RecordedSession) -> Iterator[str]:
    """What a researcher asks first: is it usable, what was lost, what was seen, is the file whole."""
    yield _signal(session)
    yield f"{_rhythm(session)} {_heads(session)}".strip()
    yield integrity(session)


def integrity(session: RecordedSession) -> str:
    """What `verify` says of all files, in one sentence."""
    checks = [part.checked for part in session.parts]
    what = "The file is" if len(checks) == 1 else f"All {len(checks)} files are"
    if all(each.sound and each.closed and each.has_digests for each in checks):
        held = count(sum(each.valid_digests for each in checks), "digest holds", "digests hold")
        return f"{what} whole, and every byte is as it was written ({held})."
    bad = [each.path.name for each in checks if not each.sound]
    if bad:
        return f"DAMAGED: {', '.join(bad)}. What could be read is shown; do not rely on it before you have read below."
    cut = [each for each in checks if not each.closed]
    if cut:
        torn = sum(each.torn_bytes for each in cut)
        tail = f"; {torn} bytes of a torn chunk are left out" if torn else ""
        return f"Not closed: {', '.join(each.path.name for each in cut)} ends without its last words{tail}."
    return f"{what} whole, but without digests: damage inside a chunk would not be seen."


def problems(session: RecordedSession) -> Iterator[str]:
    """What is to be known before anything else is believed; nothing where all is well."""
    for part in session.parts:
        yield from (f"{part.path.name}: {each}" for each in part.checked.problems + part.checked.warnings)
    known = " ".join(problem for part in session.parts for problem in part.checked.problems)
    damages = [part.contents.damage for part in session.parts] + [session.trace.error if session.trace else None]
    yield from dict.fromkeys(str(each) for each in damages if each is not None and each.message not in known)
    numbers = [part.number for part in session.parts]
    missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
    if missing:
        yield f"Of a recording in several files, part {', '.join(map(str, missing))} is not in this report."
    if session.windows.stray:
        yield f"{count(session.windows.stray, 'window')} with impossible times are left out."
    untold = count_losses(session).lost - count_losses(session).told
    if len(numbers) > 1 and not missing and untold > 0:  # inside a file `verify` keeps the books
        yield f"{count(untold, 'sample is', 'samples are')} missing between the files, and the session did not tell."
    ends = _end_events(session)
    told = session.parts[-1].checked.trailing_lost / session.trace.rate if session.trace else 0.0
    if session.trace and ends and (silent := told + ends[-1].time - session.duration) > MAX_SILENCE_S:
        where = "they count as lost" if told else "they count in no gap and in no share"
        yield f"No sample came in the last {silent:.0f} s before the end: {where}."


def _end_events(session: RecordedSession) -> list[SessionEvent]:
    return [each for each in session.session_events if each.kind in {"ended", "error", "recorded"}]


def ending_text(session: RecordedSession) -> str:
    """How the session ended."""
    ends = _end_events(session)
    if not ends:
        return "the file does not say: it was cut, or the session still ran"
    return f"{ends[-1].text or ends[-1].kind}, at {clock_text(ends[-1].time)}"


def files_text(session: RecordedSession) -> str:
    """Names and sizes."""
    return ", ".join(f"{part.path.name} ({size_text(part.checked.size)})" for part in session.parts)


def _signal(session: RecordedSession) -> str:
    windows, length = session.windows, clock_text(session.duration)
    if not len(windows):
        return f"{length} was recorded, and no window of 10 s was complete: there is nothing to judge."
    usable, good = (percent(int(each.sum()), len(windows)) for each in (windows.usable, windows.grade == "good"))
    what = f"{length} of ECG" if session.trace else f"{length} without ECG"
    share = f"{usable} of {count(len(windows), 'window')} usable ({good} good)"
    cover = percent(usable_coverage(windows, session.duration))
    lost = count_losses(session)
    holes = f" in {count(len(session.gaps), 'gap')}" if session.gaps else ""
    tail = f" {count(lost.lost, 'sample')} lost ({percent(lost.share)}){holes}." if lost.lost else " No sample lost."
    return f"{what}: {share}; usable windows cover {cover} of the time.{tail if session.trace else ''}"


def _rhythm(session: RecordedSession) -> str:
    rate, rmssd = distribution(session.windows.heart_rate), distribution(session.windows.rmssd)
    if not rate.number:
        return "No heart rate was borne out." if len(session.windows) else ""
    said = f"Heart rate: median {number(rate.median, 0)} bpm, {number(rate.low, 0)} to {number(rate.high, 0)}"
    return f"{said}; RMSSD: median {number(rmssd.median, 0)} ms." if rmssd.number else f"{said}; no RMSSD."


def _heads(session: RecordedSession) -> str:
    return " ".join(map(_head, session.windows.heads)) if len(session.windows) else ""


def _head(head: HeadPredictions) -> str:
    answered = int(head.answered.sum())
    if not answered:
        return f"{head.name} never answered."
    asked = set_masks(head)
    each = (
        [f"{name} set: {_label_shares(head.where(mask))}" for name, mask in asked]
        if len(asked) > 1
        else [_label_shares(head)]
    )
    return f"{head.name} answered {percent(answered, len(head.label))} of the windows: {'; '.join(each)}."


def _label_shares(head: HeadPredictions) -> str:
    """How often each label was given."""
    answered = int(head.answered.sum())
    return ", ".join(f"{name} {percent(int((head.label == name).sum()), answered)}" for name in head.classes)
