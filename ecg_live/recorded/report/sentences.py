"""Summary sentences of a session's report: usability, rhythm, heads, integrity, problems."""

from __future__ import annotations

from collections.abc import Iterator

from ecg_live.html.markup import MINUS_SIGN, count
from ecg_live.presentation.formatting import NO_VALUE, clock_text, size_text
from ecg_live.recorded.report.session import RecordedSession, SessionEvent
from ecg_live.recorded.report.statistics import count_losses, usable_coverage
from ecg_live.session_counters import MAX_SILENCE_S

MIN_SHOWN_SHARE = 0.0005  # a smaller share would be rounded to 0.0%


def percent(part: float, whole: float = 1.0) -> str:
    """Format a share; only exact values are 0% or 100%."""
    if not whole:
        return NO_VALUE
    value = part / whole
    if value in {0, 1}:
        return f"{value:.0%}"
    if 0 < value < MIN_SHOWN_SHARE:
        return "<0.1%"
    return ">99.9%" if 1 - MIN_SHOWN_SHARE < value < 1 else f"{value:.1%}"


def time_text(time: float) -> str:
    """Format a time (s) on the axis, to the millisecond."""
    milliseconds = round(abs(time) * 1000)
    sign = MINUS_SIGN if time < 0 and milliseconds else ""
    return f"{sign}{clock_text(milliseconds // 1000)}.{milliseconds % 1000:03d}"


def integrity(session: RecordedSession) -> str:
    """Return the result of `verify` for all files, in one sentence."""
    checks = [file.checked for file in session.files]
    what = "The file is" if len(checks) == 1 else f"All {len(checks)} files are"
    if all(each.sound and each.closed and each.has_digests for each in checks):
        held = count(sum(each.valid_digests for each in checks), "digest holds", "digests hold")
        return f"{what} whole, and every byte is as it was written ({held})."
    bad = [each.path.name for each in checks if not each.sound]
    if bad:
        return f"DAMAGED: {', '.join(bad)}. What could be read is shown; read the remarks before you rely on it."
    cut = [each for each in checks if not each.closed]
    if cut:
        truncated = sum(each.torn_bytes for each in cut)
        tail = f"; {truncated} bytes of a truncated chunk are left out" if truncated else ""
        return f"Not closed, without stream footers: {', '.join(each.path.name for each in cut)}{tail}."
    return f"{what} whole, but without digests: damage inside a chunk would not be detected."


def problems(session: RecordedSession) -> Iterator[str]:
    """Yield the remarks that the reader needs first; none if all is well."""
    for file in session.files:
        yield from (f"{file.path.name}: {each}" for each in file.checked.problems + file.checked.warnings)
    known = " ".join(problem for file in session.files for problem in file.checked.problems)
    damages = [file.contents.damage for file in session.files] + [session.ecg.error if session.ecg else None]
    yield from dict.fromkeys(str(each) for each in damages if each is not None and each.message not in known)
    numbers = [file.number for file in session.files]
    missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
    if missing:
        yield f"The recording has several files; part {', '.join(map(str, missing))} is not in this report."
    if session.windows.stray:
        yield f"{count(session.windows.stray, 'window')} with invalid times are left out."
    losses = count_losses(session)
    unreported = losses.lost - losses.reported
    if len(numbers) > 1 and not missing and unreported > 0:  # inside a file `verify` compares them
        yield f"{count(unreported, 'sample is', 'samples are')} missing between the files, without a reported gap."
    yield from _trailing_silence(session)


def _trailing_silence(session: RecordedSession) -> Iterator[str]:
    """Yield a remark if the device was silent before the end of the session."""
    ends = _end_events(session)
    if session.ecg is None or not ends:
        return
    counted = session.files[-1].checked.trailing_lost / session.ecg.rate
    silent = counted + ends[-1].time - session.duration
    if silent > MAX_SILENCE_S:
        where = "they count as lost" if counted else "they count in no gap and in no share"
        yield f"No sample came in the last {silent:.0f} s before the end: {where}."


def _end_events(session: RecordedSession) -> list[SessionEvent]:
    return [each for each in session.events if each.kind in {"ended", "error", "recorded"}]


def ending_text(session: RecordedSession) -> str:
    """Describe how the session ended."""
    ends = _end_events(session)
    if not ends:
        return "unknown: the file was cut, or the session was still running"
    return f"{ends[-1].text or ends[-1].kind}, at {clock_text(ends[-1].time)}"


def files_text(session: RecordedSession) -> str:
    """Return names and sizes of the files."""
    return ", ".join(f"{file.path.name} ({size_text(file.checked.size)})" for file in session.files)


def signal_sentence(session: RecordedSession) -> str:
    """Return how much of the recording can be used, and what was lost."""
    windows, length = session.windows, clock_text(session.duration)
    if not len(windows):
        return f"{length} was recorded, and no window of 10 s was complete: there is nothing to assess."
    usable, good = (percent(int(each.sum()), len(windows)) for each in (windows.usable, windows.grade == "good"))
    what = f"{length} of ECG" if session.ecg else f"{length} without ECG"
    share = f"{usable} of {count(len(windows), 'window')} usable ({good} good)"
    coverage = percent(usable_coverage(windows, session.duration))
    losses = count_losses(session)
    gaps = f" in {count(len(session.gaps), 'gap')}" if session.gaps else ""
    lost = f"{count(losses.lost, 'sample')} lost ({percent(losses.share)}){gaps}." if losses.lost else "No sample lost."
    return f"{what}: {share}; usable windows cover {coverage} of the time.{f' {lost}' if session.ecg else ''}"
