"""The whole page about a session."""

from __future__ import annotations

from ecg_live import __version__
from ecg_live.html.charts import swatch
from ecg_live.html.document import document
from ecg_live.html.markup import Html, bullets, join, tag
from ecg_live.recorded.report.downsample import column_width
from ecg_live.recorded.report.ecg_overview import SHOWN
from ecg_live.recorded.report.figure_axis import Axis
from ecg_live.recorded.report.figures import answers, closeup, overview, rhythm, shown_classes
from ecg_live.recorded.report.metadata import caveats, facts, recorded_at, settings, title
from ecg_live.recorded.report.sentences import headlines, problems
from ecg_live.recorded.report.session import Recorded
from ecg_live.recorded.report.statistics import changes
from ecg_live.recorded.report.tables import (
    gap_table,
    grade_table,
    happening_table,
    head_table,
    marker_table,
    reason_table,
    rhythm_table,
    signal_table,
    span_table,
)
from ecg_live.recorded.report.windows import Answers

PARTICIPANT = "participant"  # name of the page's meta element that says whose it is
USE = "Research use only. Not a medical device: nothing here is a finding about a person's health."
TERMS = (
    "Times are seconds of raw time from the recording's first sample, delays corrected.",
    "A window is 10 s long; windows overlap, so that they are no independent observations.",
    "Of a strap without ECG, heart rate is that of 10 s, RMSSD that of 30 s.",
    "Usable: good or poor. Where the signal is unusable there is no heart rate, and heads abstain.",
    "Probabilities are the model's, calibrated on the people that it was trained on.",
    "RMSSD: root mean square of successive differences of beat intervals; that of 10 s is rough.",
)


def page(session: Recorded) -> str:
    """The report as HTML; the same recording gives the same bytes."""
    axis = Axis(session.duration, session.gaps, session.markers)
    content = (
        _top(session),
        tag("section", tag("h2", "Session"), tag("div", facts(session), _signal(session), class_="side")),
        _over_time(session, axis),
        _numbers(session),
        span_table(session),
        tag("section", tag("h2", "Markers"), marker_table(session), _closeups(session)),
        tag("section", tag("h2", "Gaps"), gap_table(session)) if session.trace else Html(""),
        tag("section", tag("h2", "States and warnings"), happening_table(session)),
        tag("section", tag("h2", "Integrity"), _integrity(session)),
        settings(session),
        tag("footer", tag("h3", "Terms"), bullets(TERMS), tag("p", USE, class_="use"), class_="note"),
    )
    who = session.own.get("participant")
    return document(f"{title(session)} \u00b7 ecg-live", content, __package__, {PARTICIPANT: who} if who else {})


def _top(session: Recorded) -> Html:
    meta = f"{recorded_at(session)} \u00b7 report by ecg-live {__version__}"
    known = list(problems(session))
    return join(
        (
            tag("header", tag("h1", title(session)), tag("p", meta, class_="meta"), tag("p", USE, class_="use")),
            *(tag("p", sentence, class_="headline") for sentence in headlines(session)),
            tag("div", tag("h3", "Read this first"), bullets(known), class_="caveats") if known else Html(""),
        )
    )


def _over_time(session: Recorded, axis: Axis) -> Html:
    figures: list[Html] = []
    if len(session.windows):
        said = f"Heart rate, RMSSD and signal quality. {_how(session)}"
        figures.append(tag("figure", rhythm(session, axis), tag("figcaption", said)))
        figures += [_answers(session, head, axis) for head in session.windows.heads]
    if session.trace is not None:
        per = session.trace.envelope.per / session.trace.rate
        said = (
            f"Raw ECG ({session.trace.channel}): lowest to highest sample of each {per:.3g} s; what lies beyond "
            "the frame ends at its edge."
        )
        figures.append(tag("figure", overview(session.trace, axis), tag("figcaption", said)))
    return tag("section", tag("h2", "Over time"), figures) if figures else Html("")


def _how(session: Recorded) -> str:
    """How to read a figure over time."""
    width = column_width(len(session.windows), session.duration)
    said = "Each value stands at the end of its window."
    if width:
        said += (
            f" A column is {width:.3g} s wide: the line is the median of its windows, the band goes from the lowest to "
            "the highest, and a strip is as high as the share of windows it is true of."
        )
    said += " Where there is no value the line breaks."
    said += " Grey: gaps." if session.gaps else ""
    return said + (" Dashed: markers, with their numbers." if session.markers else "")


def _answers(session: Recorded, head: Answers, axis: Axis) -> Html:
    if not head.answered.any():
        return tag("p", f"Head {head.name} never answered; below is why.")
    shown = shown_classes(head)
    legend = [tag("li", swatch(k), tag("span", f"probability of {head.classes[k]}")) for k in shown]
    rest = f" That of {head.classes[0]} is what is left of one." if len(head.classes) == 2 else ""
    said = f"Head {head.name}.{rest} {_how(session)}"
    said += " Upright lines: it goes over to another set, whose answers do not compare." if changes(head) else ""
    return tag("figure", answers(session, head, axis), tag("ul", legend, class_="legend"), tag("figcaption", said))


def _signal(session: Recorded) -> Html:
    windows = session.windows
    return tag("div", signal_table(session), [rhythm_table(windows), grade_table(windows)] if len(windows) else [])


def _numbers(session: Recorded) -> Html:
    windows = session.windows
    if not len(windows):
        return Html("")
    heads = [part for head in windows.heads for part in (tag("h3", f"Head {head.name}"), head_table(head))]
    return tag("section", tag("h2", "In numbers"), reason_table(windows), heads, caveats(session))


def _closeups(session: Recorded) -> Html:
    if session.trace is None or not session.trace.snippets:
        return Html("")
    names = {(note.time, note.text): k for k, note in reversed(list(enumerate(session.markers, 1)))}
    pictures = [
        tag("figure", closeup(each), tag("figcaption", f"{names.get((each.time, each.text), '')} {each.text}"))
        for each in session.trace.snippets
    ]
    note = "Raw ECG in mV, from 5 s before to 5 s behind each marker"
    more = f"; of {len(session.markers):,} markers the first {SHOWN}." if len(session.markers) > SHOWN else "."
    return join((tag("p", note + more, class_="note"), tag("div", pictures, class_="side")))


def _integrity(session: Recorded) -> Html:
    lines: list[str] = []
    for part in session.parts:
        for line in part.checked.lines():
            if line.startswith("    ") and lines:  # it goes on with the line before
                lines[-1] += f"; {line.strip()}"
            else:
                lines.append(line.strip().replace(str(part.path), part.path.name))
    return join((tag("p", "What ecg-live verify says:"), bullets(lines)))
