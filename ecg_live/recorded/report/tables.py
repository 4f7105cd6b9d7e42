"""The tables of a session's report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ecg_live.html.markup import DASH, Html, count, folded, join, number, table, tag
from ecg_live.presentation.formatting import NOTHING, clock_text
from ecg_live.recorded.report.figure_axis import short
from ecg_live.recorded.report.figures import GRADES, shown_classes
from ecg_live.recorded.report.sentences import moment, percent
from ecg_live.recorded.report.session import Recorded
from ecg_live.recorded.report.statistics import Span, Spread, loss, ranked, sets, spans, spread
from ecg_live.recorded.report.windows import Answers, Windows

MOST = 300  # rows of a table; a page is no data file
NAMED = 44  # letters of a marker in a table of numbers
UNFOLDED = 25  # rows that are shown at once


def signal_table(session: Recorded) -> Html:
    """Samples and gaps; nothing without ECG."""
    if session.trace is None:
        return Html("")
    found, bridged = loss(session), sum(gap.bridged for gap in session.gaps)
    longest = max((gap.stop - gap.start for gap in session.gaps), default=0.0)
    rows = [
        ["samples", f"{found.samples:,}"],
        ["missing", f"{found.missing:,} ({percent(found.missing, found.samples + found.missing)})"],
        ["came as no number", f"{found.empty:,}"],
        ["gaps", f"{len(session.gaps)}, {bridged} of them bridged" if session.gaps else "none"],
        ["longest gap", f"{longest:.3f} s" if session.gaps else DASH],
    ]
    return table("Signal", ("samples and gaps", "in this recording"), rows)


def rhythm_table(windows: Windows) -> Html:
    """Heart rate and RMSSD over all windows."""
    rows = [_spread("heart rate (bpm)", spread(windows.heart_rate)), _spread("RMSSD (ms)", spread(windows.rmssd))]
    header = ("of windows", "windows", "mean", "median", "lowest", "highest")
    return table("Heart rate and its variability", header, rows)


def grade_table(windows: Windows) -> Html:
    """How many windows have each grade."""
    counts = {grade: int((windows.grade == grade).sum()) for grade in GRADES}
    rows = [[grade, f"{number:,}", percent(number, len(windows))] for grade, number in counts.items()]
    return table("Signal quality", ("grade", "windows", "share"), rows)


def reason_table(windows: Windows) -> Html:
    """Why windows are poor or unusable."""
    return _reasons("Why windows are not good (one may have several reasons)", ranked(windows.reasons), len(windows))


def head_table(head: Answers) -> Html:
    """What a head said, by the set that was asked, and why it abstained."""
    header = ["set", "windows", "answered"]
    header += [f"{what} {name}" for what in ("mean p of", "labelled") for name in head.classes]
    rows = []
    for name, mask in sets(head):
        one = head.where(mask)
        answered = int(one.answered.sum())
        means = [number(_mean(one, k)) for k in range(len(head.classes))]
        labels = [percent(int((one.label == each).sum()), answered) for each in head.classes]
        rows.append([name, f"{mask.sum():,}", percent(answered, int(mask.sum())), *means, *labels])
    answers = table("Answers; labels as a share of the windows answered", header, rows)
    return join((answers, _reasons("Why it abstained", ranked(head.abstain, "\n"), len(head.abstain))))


def span_table(session: Recorded) -> Html:
    """One row from each marker to the next."""
    found = spans(session)
    if not found:
        return Html("")
    split = any(span.set for span in found)
    header = ["from", "at", "length", *(["set"] if split else []), "windows", "usable", "heart rate", "RMSSD"]
    several = len(session.windows.heads) > 1
    for head in session.windows.heads:
        header += [f"p of {head.classes[k]}" for k in shown_classes(head)]
        header.append(f"{head.name} abstained" if several else "abstained")
    note = "Means of the windows of 10 s that lie wholly between two markers; RMSSD is the median."
    note += " Where a head goes over to another set a stretch is cut: the answers of two sets do not compare." * split
    rows = [_span(span, split=split) for span in found]
    title = tag("h2", "From marker to marker")
    return tag("section", title, tag("p", note, class_="note"), _long("Stretches between markers", header, rows))


def marker_table(session: Recorded) -> Html:
    """All markers."""
    clocks = any(note.clock for note in session.markers)
    header = ["number", "time", *(["clock"] if clocks else []), "marker"]
    rows = [
        [str(k), moment(note.time), *([f"{note.clock:%H:%M:%S}" if note.clock else DASH] if clocks else []), note.text]
        for k, note in enumerate(session.markers, 1)
    ]
    return _long("Markers", header, rows, "words") if rows else tag("p", "No marker was noted.")


def gap_table(session: Recorded) -> Html:
    """All gaps."""
    rows = [
        [
            moment(gap.start),
            moment(gap.stop),
            f"{gap.stop - gap.start:.3f}",
            f"{gap.lost:,}",
            "bridged" if gap.bridged else "open",
            gap.cause,
        ]
        for gap in session.gaps
    ]
    header = ("from", "to", "length (s)", "samples lost", "kind", "cause")
    return _long("Gaps", header, rows, "text-last") if rows else tag("p", "There was no gap.")


def happening_table(session: Recorded) -> Html:
    """What the session and the device told."""
    rows = []
    for each in session.happenings:
        again = f" ({count(each.times, 'time')}, until {clock_text(each.until)})" if each.times > 1 else ""
        rows.append([clock_text(each.time) if each.time >= 0 else "before", each.kind, each.text + again])
    return _long("What happened", ("time", "kind", "words"), rows, "words") if rows else tag("p", "Nothing was told.")


def _long(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], class_: str = "") -> Html:
    """A table that is folded where it is long, and ends where it is too long, which it says."""
    more = f"; the first {MOST:,} of {len(rows):,}, all are in the recording" if len(rows) > MOST else ""
    made = table(caption + more, header, rows[:MOST], class_)
    return folded(f"{caption}: {len(rows):,}", made) if len(rows) > UNFOLDED else made


def _reasons(caption: str, found: Sequence[tuple[str, int]], windows: int) -> Html:
    if not found:
        return Html("")
    rows = [[reason, f"{number:,}", percent(number, windows)] for reason, number in found[:MOST]]
    return table(caption, ("reason", "windows", "share"), rows)


def _spread(name: str, found: Spread) -> list[str]:
    return [name, f"{found.number:,}", *(number(each, 1) for each in (found.mean, found.median, found.low, found.high))]


def _span(span: Span, *, split: bool) -> list[str]:
    windows = span.windows
    rate, rmssd = spread(windows.heart_rate).mean, spread(windows.rmssd).median
    usable = percent(int(windows.usable.sum()), len(windows))
    cells = [
        short(span.name, NAMED),
        moment(span.start),
        f"{span.stop - span.start:.1f} s",
        *([span.set or DASH] if split else []),
        f"{len(windows):,}",
        usable,
    ]
    return [*cells, number(rate, 1), number(rmssd, 1), *(cell for head in windows.heads for cell in _answered(head))]


def _answered(head: Answers) -> Iterator[str]:
    yield from (number(_mean(head, k), 2) for k in shown_classes(head))
    yield percent(int((~head.answered).sum()), len(head.label)) if len(head.label) else NOTHING


def _mean(head: Answers, k: int) -> float:
    """Mean probability of a class over the windows answered."""
    known = head.probs[:, k][np.isfinite(head.probs[:, k])]
    return float(known.mean()) if len(known) else float("nan")
