"""The page of a session's report, section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ecg_live import __version__
from ecg_live.html.charts import legend_swatch
from ecg_live.html.document import document
from ecg_live.html.markup import bullet_list, join, tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.annotations import annotation_section, exclusion_sentence
from ecg_live.recorded.report.blocks import ReportBlock, blocks_section, report_blocks
from ecg_live.recorded.report.claims import claims_section
from ecg_live.recorded.report.downsample import column_duration
from ecg_live.recorded.report.ecg_overview import MAX_SNIPPETS, EcgSnippet
from ecg_live.recorded.report.figure_axis import FigureAxis
from ecg_live.recorded.report.figures import head_figure, overview_figure, rhythm_figure, shown_classes, snippet_figure
from ecg_live.recorded.report.heart import (
    MAX_SEARCHED_S,
    HrvPart,
    HrvTrend,
    hrv_between,
    hrv_section,
    hrv_trend,
    pieces,
)
from ecg_live.recorded.report.metadata import (
    metadata_table,
    recorded_at,
    session_title,
    settings_section,
)
from ecg_live.recorded.report.paper import overview_list
from ecg_live.recorded.report.self_reports import self_report_section
from ecg_live.recorded.report.sentences import integrity, percent, problems, signal_sentence
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.session_intervals import session_intervals
from ecg_live.recorded.report.statistics import numbered_markers, rank_reasons, set_changes
from ecg_live.recorded.report.summary import summary_line
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
from ecg_live.recorded.report.timeline import timeline_figure
from ecg_live.recorded.report.windows import HeadPredictions
from ecg_live.results import Hrv
from ecg_live.study.marker_texts import parse_span_marker

PARTICIPANT_META = "participant"  # name of the meta element with the participant's ID
MAX_PRINTED_PROBLEMS = 6
MAX_REASONS = 5  # in the overview; the details have all
RESEARCH_USE_NOTICE = "Research use only. Not a medical device: no value here is a finding about health."
PAPER_NOTICE = "All markers, gaps, events, settings and the raw ECG are on the page itself, on a screen."
GLOSSARY = (
    "Times are seconds of stream time from the first sample of the recording, corrected for delays.",
    "A window is 10 s long; windows overlap, so they are not independent observations.",
    "Without ECG (heart-rate strap), heart rate is that of 10 s, RMSSD that of 30 s.",
    "Usable: good or poor. Where the signal is unusable there is no heart rate, and heads abstain.",
    "Probabilities are the model's, calibrated on its training subjects.",
    "RMSSD: root mean square of successive differences of RR intervals; over 10 s it is a rough estimate.",
)


def session_page(session: RecordedSession) -> str:
    """Make the report as HTML; the same recording gives the same bytes.

    What a supervisor reads comes first and prints to two pages; all details follow, on the screen only.
    """
    participant = session.header_texts.get("participant")
    return document(
        f"{session_title(session)} \u00b7 ecg-live",
        (tag("div", _overview(session), class_="overview"), tag("div", _details(session), class_="details")),
        __package__,
        {PARTICIPANT_META: participant} if participant else {},
    )


def _overview(session: RecordedSession) -> list[Markup]:
    """The two pages: the session in a line, its blocks, time, heart, answers, quality, and what the model may claim."""
    intervals = session_intervals(session, MAX_SEARCHED_S)
    blocks = report_blocks(session, intervals)
    parts = [HrvPart(block.name, block.start, block.stop, block.hrv) for block in blocks]
    return [
        _header(session, blocks, hrv_between(intervals, 0.0, session.duration)),
        blocks_section(blocks),
        annotation_section(session),
        _timeline(session, blocks, hrv_trend(intervals, session.duration)),
        hrv_section(parts or pieces(intervals, session.duration), intervals) if _measured(session) else Markup(""),
        self_report_section(session),
        _quality(session),
        claims_section(session),
        tag("p", RESEARCH_USE_NOTICE, class_="use"),
        tag("p", PAPER_NOTICE, class_="note paper"),
    ]


def _measured(session: RecordedSession) -> bool:
    return bool(len(session.windows)) or session.ecg is not None


def _details(session: RecordedSession) -> list[Markup]:
    """All that a reader may want to check."""
    axis = FigureAxis(session.duration, session.gaps, session.markers)
    return [
        tag("h2", "Details"),
        tag("section", tag("h2", "Session"), tag("div", metadata_table(session), _signal(session), class_="side")),
        _figures(session, axis),
        _statistics(session),
        interval_table(session),
        tag("section", tag("h2", "Markers"), marker_table(session), _snippets(session)),
        tag("section", tag("h2", "Gaps"), gap_table(session)) if session.ecg else Markup(""),
        tag("section", tag("h2", "States and warnings"), event_table(session)),
        tag("section", tag("h2", "Integrity"), _integrity(session)),
        settings_section(session),
        tag("footer", tag("h3", "Terms"), bullet_list(GLOSSARY), class_="note"),
    ]


def _header(session: RecordedSession, blocks: Sequence[ReportBlock], hrv: Hrv) -> Markup:
    texts = session.header_texts
    study = f"{texts['study']} \u00b7 " if texts.get("study") else ""
    meta = f"{study}{recorded_at(session)} \u00b7 {clock_text(session.duration)} \u00b7 ecg-live {__version__}"
    known = [*problems(session), *filter(None, (exclusion_sentence(session),))]
    return join(
        (
            tag("header", tag("h1", session_title(session)), tag("p", meta, class_="meta")),
            tag("p", summary_line(session, blocks, hrv), class_="headline"),
            tag("div", tag("h3", "Read this first"), overview_list(known, MAX_PRINTED_PROBLEMS), class_="caveats")
            if known
            else Markup(""),
        )
    )


def _timeline(session: RecordedSession, blocks: Sequence[ReportBlock], trend: HrvTrend) -> Markup:
    if not len(session.windows):
        return Markup("")
    notes = {k: note for k, note in numbered_markers(session) if parse_span_marker(note.text) is None}
    axis = FigureAxis(session.duration, session.gaps, tuple(notes.values()), tuple(notes))
    caption = (
        "Windows of 10 s, each at its end; RMSSD of the two minutes before. Where there is no value the line breaks."
    )
    caption += " Grey: gaps." if session.gaps else ""
    caption += " Dashed: markers, with their numbers." if notes else ""
    if any(set_changes(head) for head in session.windows.heads):
        caption += " Vertical lines: a head changes to another set; results of two sets do not compare."
    figure = tag("figure", timeline_figure(session, axis, blocks, trend), tag("figcaption", caption))
    return tag("section", tag("h2", "Over time"), figure)


def _quality(session: RecordedSession) -> Markup:
    """What of the signal can be used, and whether the files are whole."""
    sentences = [tag("p", sentence) for sentence in (signal_sentence(session), integrity(session))]
    reasons = rank_reasons(session.windows.reasons)[:MAX_REASONS]
    if reasons:
        listed = "; ".join(f"{reason} ({percent(number, len(session.windows))})" for reason, number in reasons)
        sentences.append(tag("p", f"Why windows are not good: {listed}."))
    return tag("section", tag("h2", "Quality and losses"), sentences)


def _figures(session: RecordedSession, axis: FigureAxis) -> Markup:
    figures: list[Markup] = []
    if len(session.windows):
        caption = f"Heart rate, RMSSD and signal quality. {_reading_guide(session)}"
        figures.append(tag("figure", rhythm_figure(session, axis), tag("figcaption", caption)))
        figures += [_head_part(session, head, axis) for head in session.windows.heads]
    if session.ecg is not None:
        per = session.ecg.envelope.per / session.ecg.rate
        caption = (
            f"Raw ECG ({session.ecg.channel}): lowest to highest sample of each {per:.3g} s; samples beyond "
            "the frame are clipped at its edge."
        )
        figures.append(tag("figure", overview_figure(session.ecg, axis), tag("figcaption", caption)))
    return tag("section", tag("h2", "Over time, in detail"), figures) if figures else Markup("")


def _reading_guide(session: RecordedSession) -> str:
    """Explain how to read a figure over time."""
    width = column_duration(len(session.windows), session.duration)
    guide = "Each value is at the end of its window."
    if width:
        guide += (
            f" A column is {width:.3g} s wide: the line is the median of its windows, the band goes from the lowest to "
            "the highest, and a lane is as high as the share of windows to which it applies."
        )
    guide += " Where there is no value the line breaks."
    guide += " Grey: gaps." if session.gaps else ""
    return guide + (" Dashed: markers, with their numbers." if session.markers else "")


def _head_part(session: RecordedSession, head: HeadPredictions, axis: FigureAxis) -> Markup:
    if not head.answered.any():
        return tag("p", f"Head {head.name} never answered; the reasons are below.")
    shown = shown_classes(head)
    names = [head.name] if head.scale is not None else [f"probability of {head.classes[k]}" for k in shown]
    legend = [tag("li", legend_swatch(k), tag("span", name)) for k, name in zip(shown, names, strict=True)]
    other = f" That of {head.classes[0]} is one minus it." if len(head.classes) == 2 else ""
    caption = f"Head {head.name}.{other} {_reading_guide(session)}"
    caption += (
        " Vertical lines: a change to another set; results of two sets do not compare." if set_changes(head) else ""
    )
    return tag(
        "figure", head_figure(session, head, axis), tag("ul", legend, class_="legend"), tag("figcaption", caption)
    )


def _signal(session: RecordedSession) -> Markup:
    windows = session.windows
    return tag("div", signal_table(session), [rhythm_table(windows), grade_table(windows)] if len(windows) else [])


def _statistics(session: RecordedSession) -> Markup:
    windows = session.windows
    if not len(windows):
        return Markup("")
    heads = [part for head in windows.heads for part in (tag("h3", f"Head {head.name}"), head_table(head))]
    return tag("section", tag("h2", "In numbers"), reason_table(windows), heads)


def _snippets(session: RecordedSession) -> Markup:
    if session.ecg is None or not session.ecg.snippets:
        return Markup("")
    numbers = {(marker.time, marker.text): k for k, marker in reversed(list(enumerate(session.markers, 1)))}
    pictures = [
        tag("figure", snippet_figure(each), tag("figcaption", _snippet_caption(each, numbers)))
        for each in session.ecg.snippets
    ]
    note = "Raw ECG in mV, from 5 s before to 5 s after each marker"
    more = (
        f"; of {len(session.markers):,} markers the first {MAX_SNIPPETS}."
        if len(session.markers) > MAX_SNIPPETS
        else "."
    )
    return join((tag("p", note + more, class_="note"), tag("div", pictures, class_="side")))


def _snippet_caption(snippet: EcgSnippet, numbers: Mapping[tuple[float, str], int]) -> str:
    """Number and text of a marker; one that was edited afterwards is shown where it was recorded."""
    number = numbers.get((snippet.time, snippet.text))
    return f"{snippet.text} (as recorded)" if number is None else f"{number} {snippet.text}"


def _integrity(session: RecordedSession) -> Markup:
    lines: list[str] = []
    for file in session.files:
        for line in file.checked.lines():
            if line.startswith("    ") and lines:  # continues the line before
                lines[-1] += f"; {line.strip()}"
            else:
                lines.append(line.strip().replace(str(file.path), file.path.name))
    return join((tag("p", "Result of ecg-live verify:"), bullet_list(lines)))
