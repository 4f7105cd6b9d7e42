"""The whole page about a session."""

from __future__ import annotations

from markupsafe import Markup

from ecg_live import __version__
from ecg_live.html.charts import legend_swatch
from ecg_live.html.document import document
from ecg_live.html.markup import bullet_list, join, tag
from ecg_live.recorded.report.downsample import column_duration
from ecg_live.recorded.report.ecg_overview import MAX_SNIPPETS
from ecg_live.recorded.report.figure_axis import FigureAxis
from ecg_live.recorded.report.figures import head_figure, overview_figure, rhythm_figure, shown_classes, snippet_figure
from ecg_live.recorded.report.metadata import (
    metadata_table,
    model_caveats,
    recorded_at,
    session_title,
    settings_section,
)
from ecg_live.recorded.report.sentences import headlines, problems
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.statistics import set_changes
from ecg_live.recorded.report.tables import (
    event_table,
    gap_table,
    grade_table,
    head_table,
    interval_table,
    marker_table,
    reason_table,
    rhythm_table,
    signal_table,
)
from ecg_live.recorded.report.windows import HeadPredictions

PARTICIPANT_META = "participant"  # name of the page's meta element that says whose it is
RESEARCH_USE_NOTICE = "Research use only. Not a medical device: nothing here is a finding about a person's health."
GLOSSARY = (
    "Times are seconds of raw time from the recording's first sample, delays corrected.",
    "A window is 10 s long; windows overlap, so that they are no independent observations.",
    "Of a strap without ECG, heart rate is that of 10 s, RMSSD that of 30 s.",
    "Usable: good or poor. Where the signal is unusable there is no heart rate, and heads abstain.",
    "Probabilities are the model's, calibrated on the people that it was trained on.",
    "RMSSD: root mean square of successive differences of beat intervals; that of 10 s is rough.",
)


def session_page(session: RecordedSession) -> str:
    """The report as HTML; the same recording gives the same bytes."""
    axis = FigureAxis(session.duration, session.gaps, session.markers)
    content = (
        _summary(session),
        tag("section", tag("h2", "Session"), tag("div", metadata_table(session), _signal(session), class_="side")),
        _figures(session, axis),
        _statistics(session),
        interval_table(session),
        tag("section", tag("h2", "Markers"), marker_table(session), _snippets(session)),
        tag("section", tag("h2", "Gaps"), gap_table(session)) if session.trace else Markup(""),
        tag("section", tag("h2", "States and warnings"), event_table(session)),
        tag("section", tag("h2", "Integrity"), _integrity(session)),
        settings_section(session),
        tag(
            "footer",
            tag("h3", "Terms"),
            bullet_list(GLOSSARY),
            tag("p", RESEARCH_USE_NOTICE, class_="use"),
            class_="note",
        ),
    )
    who = session.own.get("participant")
    return document(
        f"{session_title(session)} \u00b7 ecg-live", content, __package__, {PARTICIPANT_META: who} if who else {}
    )


def _summary(session: RecordedSession) -> Markup:
    meta = f"{recorded_at(session)} \u00b7 report by ecg-live {__version__}"
    known = list(problems(session))
    return join(
        (
            tag(
                "header",
                tag("h1", session_title(session)),
                tag("p", meta, class_="meta"),
                tag("p", RESEARCH_USE_NOTICE, class_="use"),
            ),
            *(tag("p", sentence, class_="headline") for sentence in headlines(session)),
            tag("div", tag("h3", "Read this first"), bullet_list(known), class_="caveats") if known else Markup(""),
        )
    )


def _figures(session: RecordedSession, axis: FigureAxis) -> Markup:
    figures: list[Markup] = []
    if len(session.windows):
        said = f"Heart rate, RMSSD and signal quality. {_reading_guide(session)}"
        figures.append(tag("figure", rhythm_figure(session, axis), tag("figcaption", said)))
        figures += [_head_part(session, head, axis) for head in session.windows.heads]
    if session.trace is not None:
        per = session.trace.envelope.per / session.trace.rate
        said = (
            f"Raw ECG ({session.trace.channel}): lowest to highest sample of each {per:.3g} s; what lies beyond "
            "the frame ends at its edge."
        )
        figures.append(tag("figure", overview_figure(session.trace, axis), tag("figcaption", said)))
    return tag("section", tag("h2", "Over time"), figures) if figures else Markup("")


def _reading_guide(session: RecordedSession) -> str:
    """How to read a figure over time."""
    width = column_duration(len(session.windows), session.duration)
    said = "Each value stands at the end of its window."
    if width:
        said += (
            f" A column is {width:.3g} s wide: the line is the median of its windows, the band goes from the lowest to "
            "the highest, and a strip is as high as the share of windows it is true of."
        )
    said += " Where there is no value the line breaks."
    said += " Grey: gaps." if session.gaps else ""
    return said + (" Dashed: markers, with their numbers." if session.markers else "")


def _head_part(session: RecordedSession, head: HeadPredictions, axis: FigureAxis) -> Markup:
    if not head.answered.any():
        return tag("p", f"Head {head.name} never answered; below is why.")
    shown = shown_classes(head)
    legend = [tag("li", legend_swatch(k), tag("span", f"probability of {head.classes[k]}")) for k in shown]
    rest = f" That of {head.classes[0]} is what is left of one." if len(head.classes) == 2 else ""
    said = f"Head {head.name}.{rest} {_reading_guide(session)}"
    said += " Upright lines: it goes over to another set, whose answers do not compare." if set_changes(head) else ""
    return tag("figure", head_figure(session, head, axis), tag("ul", legend, class_="legend"), tag("figcaption", said))


def _signal(session: RecordedSession) -> Markup:
    windows = session.windows
    return tag("div", signal_table(session), [rhythm_table(windows), grade_table(windows)] if len(windows) else [])


def _statistics(session: RecordedSession) -> Markup:
    windows = session.windows
    if not len(windows):
        return Markup("")
    heads = [part for head in windows.heads for part in (tag("h3", f"Head {head.name}"), head_table(head))]
    return tag("section", tag("h2", "In numbers"), reason_table(windows), heads, model_caveats(session))


def _snippets(session: RecordedSession) -> Markup:
    if session.trace is None or not session.trace.snippets:
        return Markup("")
    names = {(note.time, note.text): k for k, note in reversed(list(enumerate(session.markers, 1)))}
    pictures = [
        tag("figure", snippet_figure(each), tag("figcaption", f"{names.get((each.time, each.text), '')} {each.text}"))
        for each in session.trace.snippets
    ]
    note = "Raw ECG in mV, from 5 s before to 5 s behind each marker"
    more = (
        f"; of {len(session.markers):,} markers the first {MAX_SNIPPETS}."
        if len(session.markers) > MAX_SNIPPETS
        else "."
    )
    return join((tag("p", note + more, class_="note"), tag("div", pictures, class_="side")))


def _integrity(session: RecordedSession) -> Markup:
    lines: list[str] = []
    for part in session.parts:
        for line in part.checked.lines():
            if line.startswith("    ") and lines:  # it goes on with the line before
                lines[-1] += f"; {line.strip()}"
            else:
                lines.append(line.strip().replace(str(part.path), part.path.name))
    return join((tag("p", "What ecg-live verify says:"), bullet_list(lines)))
