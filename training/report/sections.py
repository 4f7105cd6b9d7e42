"""The report's sections on data, pretext task, embedding map, example windows and settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ecg_live.html.charts import legend_swatch
from ecg_live.html.markup import bullet_list, collapsible, count, number, table, tag
from training.report.plots import (
    label_style,
    legend_map_dot,
    map_picture,
    subject_colour,
    training_curves,
    window_trace,
)
from training.results import DataSummary, PretextLog, TrainingReport

LEARNT_ACCURACY = 0.95  # from here on a task counts as learnt
MIN_ACCURACY_GAIN = 0.02  # over always saying no; with less a task counts as not learnt
MAX_LEGEND_SUBJECTS = 12
MAX_UNFOLDED_REMARKS = 5


def data_section(data: tuple[DataSummary, ...]) -> Markup:
    """What was used, what was dropped and why."""
    header = ("data set", "subjects", "recordings", "hours", "windows used", "left out", "licence")
    rows = []
    for one in data:
        size = (f"{one.subjects:,}", f"{one.recordings:,}", number(one.hours, 1), f"{one.used:,}")
        rows.append([_title(one), *size, _share(one), one.licence])
    parts = [tag("h2", "Data"), table("What the run was given", header, rows, "text-last")]
    shown: set[str] = set()
    for one in data:
        fresh = [remark for remark in one.remarks if remark not in shown]
        shown.update(fresh)
        parts += [tag("h3", _title(one)), _remarks(fresh), tag("div", _labels(one), _reasons(one), class_="side")]
    return tag("section", parts)


def pretext_section(log: PretextLog | None) -> Markup:
    """What the encoder learnt without labels."""
    what = "what comes next in a window" if log and log.is_contrastive else "which transformation a window went through"
    title = tag("h2", f"Pretext task: {what}")
    if log is None:
        return tag("section", title, tag("p", "The encoder was not trained in this run."))
    legend = [tag("li", legend_swatch(i), tag("span", task)) for i, task in enumerate(log.accuracy)]
    about = (
        f"{count(log.windows, 'window')}, {count(max(log.steps, default=0), 'step')}, {log.seconds / 60:,.1f} minutes. "
        f"Subjects it learnt from: {log.people_seen}."
    )
    pictures = tag(
        "div",
        training_curves(log, {"loss": log.loss}, "loss", share=False),
        training_curves(log, log.accuracy, "accuracy while training", share=True),
        class_="side",
    )
    caption = f"Loss, and one-vs-rest accuracy of each task. Dashed: always saying no, {log.always_no_accuracy:.3f}."
    if log.is_contrastive:
        caption = "Loss, and how often the right one was chosen among all times and windows of a pass."
    content = (pictures, tag("ul", legend, class_="legend"), tag("figcaption", caption))
    figure = tag("figure", content) if log.steps else Markup("")
    return tag("section", title, tag("p", about), figure, _held_out(log))


def map_section(report: TrainingReport) -> Markup:
    """The embedding map: windows in two dimensions."""
    if not report.embedding_map:
        return Markup("")
    labels = sorted({point.label for point in report.embedding_map})
    subjects = sorted({point.subject for point in report.embedding_map})
    legend = [
        tag("li", legend_map_dot(name, class_=label_style(i)), tag("span", name or "no label"))
        for i, name in enumerate(labels)
    ]
    subject_legend = [
        tag("li", legend_map_dot(name, class_="cloud", style=subject_colour(i, len(subjects))), tag("span", name))
        for i, name in enumerate(subjects if len(subjects) <= MAX_LEGEND_SUBJECTS else [])
    ]
    by_label = (map_picture(report.embedding_map, by_subject=False), tag("ul", legend, class_="legend"))
    by_subject = (map_picture(report.embedding_map, by_subject=True), tag("ul", subject_legend, class_="legend"))
    caption = (
        f"{count(len(report.embedding_map), 'window')} of {count(len(subjects), 'subject')} in two "
        "dimensions, by label (left) and by subject (right, one colour each). Islands of one subject mean that the "
        "features identify subjects."
    )
    pair = tag("div", tag("div", by_label), tag("div", by_subject), class_="side")
    return tag("section", tag("h2", "Embedding map"), tag("figure", pair, tag("figcaption", caption)))


def example_section(report: TrainingReport) -> Markup:
    """Example windows."""
    if not report.examples:
        return Markup("")
    figures = [tag("figure", window_trace(one), tag("figcaption", one.caption)) for one in report.examples]
    note = tag("p", "As the encoder sees them: 10 s, filtered and scaled. One line per second.", class_="note")
    return tag("section", tag("h2", "Example windows"), note, figures)


def settings_section(settings: Mapping[str, Any]) -> Markup:
    """All settings of the run."""
    rows = [[name, value] for name, value in _flat(settings).items()]
    listing = table("Settings by dotted name", ("setting", "value"), rows, "words")
    return tag("section", tag("h2", "Settings"), collapsible("All settings of this run", listing))


def _title(one: DataSummary) -> str:
    return (one.title or one.name) + ("" if one.labels else ", for the pretext task")


def _remarks(remarks: Sequence[str]) -> Markup:
    """Remarks on a data set; in a collapsible part if there are many."""
    if len(remarks) <= MAX_UNFOLDED_REMARKS:
        return bullet_list(remarks)
    return collapsible(f"{len(remarks)} remarks", bullet_list(remarks))


def _share(one: DataSummary) -> str:
    total = one.used + one.unusable
    return f"{one.unusable:,} ({one.unusable / total:.1%})" if total else "0"


def _labels(one: DataSummary) -> Markup:
    if not one.labels:
        return Markup("")
    rows = [
        [name, ", ".join(f"{which} {windows:,}" for which, windows in classes.items()), f"{sum(classes.values()):,}"]
        for name, classes in one.labels.items()
    ]
    return table("Windows by label", ("label", "windows of each class", "in all"), rows, "words")


def _reasons(one: DataSummary) -> Markup:
    if not one.reasons:
        return Markup("")
    rows = [[reason, f"{windows:,}"] for reason, windows in sorted(one.reasons.items(), key=lambda each: -each[1])]
    return table("Why windows were left out (one may have several reasons)", ("reason", "windows"), rows)


def _held_out(log: PretextLog) -> Markup:
    if log.is_contrastive:
        found = [[task, number(accuracy)] for task, accuracy in log.held_out.items()]
        return table(
            "Accuracy on held-out windows; a guess is right in under 1 %", ("task", "accuracy"), found, "words"
        )
    rows = []
    for task, accuracy in log.held_out.items():
        learnt = accuracy >= LEARNT_ACCURACY
        barely = not accuracy > log.always_no_accuracy + MIN_ACCURACY_GAIN
        word = "learnt" if learnt else "not learnt: no better than always saying no" if barely else "learnt in part"
        rows.append([task, number(accuracy), tag("span", word, class_="yes" if learnt else "no" if barely else None)])
    caption = f"Accuracy on held-out windows; always saying no is right {log.always_no_accuracy:.3f} of the time"
    return table(caption, ("task", "accuracy", "verdict"), rows, "words") if rows else Markup("")


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Nested settings by dotted name."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value if isinstance(value, str) else json.dumps(value, default=str)
    return found
