"""The report's section on a label that is a number: errors, concordance, intervals."""

from __future__ import annotations

from markupsafe import Markup

from ecg_live.html.markup import (
    bullet_list,
    collapsible,
    count,
    interval_text,
    join,
    number,
    p_value_text,
    signed_number,
    table,
    table_row,
    tag,
    with_interval,
)
from training.report.evidence import checks_list, orders_note
from training.report.sentences import LOSO, NEW_SUBJECTS, OTHER_TESTS, PROTOCOL_TEXTS, RATING_FEATURE_NAMES
from training.results import LabelResult, RegressionRow

RATING_COLUMNS = (
    "features",
    "baseline",
    "RMSE (95 %)",
    "CCC (95 %)",
    "correlation within a subject (95 %)",
    "ratings within the 80 % interval",
    "its mean width",
    "RMSE less the constant's (95 %)",
    "windows / subjects",
)
CONSTANT_ROW = "majority"  # features of the row that always says the mean rating


def rating_section(label: LabelResult) -> Markup:
    """The section of one label that is a number."""
    low, high = label.scale or (0.0, 1.0)
    note = (
        f"Ratings from {low:g} to {high:g}, learnt as numbers. The constant always says the mean rating of the training"
        " subjects. Rows with different baselines are scored on different windows: compare within a baseline."
    )
    return tag(
        "section",
        tag("h2", f"Scores: {label.name}"),
        tag("p", note, class_="note"),
        bullet_list(label.remarks),
        checks_list(label.checks),
        _score_table(label),
        [_subjects(label, name) for name in label.chosen],
    )


def rating_headline(label: LabelResult, name: str) -> Markup:
    """One sentence: the error of one set of a head against always saying the mean rating."""
    row = chosen_rating_row(label, name)
    if row is None:
        return Markup("")
    paired = row.versus.get(CONSTANT_ROW)
    compared = "it was not compared with a constant"
    if paired is not None:
        better = "less than" if paired.interval[1] < 0 else "no less than"
        shown = (signed_number(paired.difference), interval_text(paired.interval, 3), p_value_text(paired.p))
        compared = f"it errs {better} always saying the mean rating ({', '.join(shown)})"
    rest = f", after {row.baseline:g} s of the wearer's own rest" if row.baseline else ""
    other = OTHER_TESTS.get(row.protocol, row.protocol)
    unseen = "on subjects it has never seen" if row.protocol in NEW_SUBJECTS else f"{other}, not on new subjects"
    size = f"{count(row.scores.people, 'subject')}, {count(row.scores.windows, 'window')}"
    text = f" ({name} set{rest}): {unseen}, {_named(row)} errs by "
    return tag(
        "p",
        join((tag("b", label.name), text)),
        tag("b", number(row.scores.rmse, 2)),
        f" (RMSE; {size}; CCC {number(row.scores.ccc)}); {compared}.",
        class_="headline",
    )


def chosen_rating_row(label: LabelResult, name: str) -> RegressionRow | None:
    """The row of a set of the bundle; of k-fold only if no subject was left out."""
    for protocol in PROTOCOL_TEXTS:
        rows = [row for row in label.regression if (row.features, row.protocol) == (label.chosen[name], protocol)]
        found = [row for row in rows if (row.baseline > 0) == (name == "personal")]
        if found:
            return max(found, key=lambda row: row.baseline)
    return None


def _score_table(label: LabelResult) -> Markup:
    chosen = [chosen_rating_row(label, name) for name in label.chosen]
    rows: list[Markup] = []
    for protocol in sorted({row.protocol for row in label.regression}, key=lambda each: (each != LOSO, each)):
        title = PROTOCOL_TEXTS.get(protocol, protocol)
        rows.append(tag("tr", tag("th", title, colspan=len(RATING_COLUMNS), scope="rowgroup"), class_="part"))
        for row in label.regression:
            if row.protocol == protocol:
                look = "mixed" if protocol == "kfold" else "in-use" if row in chosen else None
                rows.append(table_row(_cells(row), look))
    return table(f"Scores for {label.name}. Bold: features of the bundle.", RATING_COLUMNS, rows, "scores")


def _cells(row: RegressionRow) -> list[str]:
    scores, paired = row.scores, row.versus.get(CONSTANT_ROW)
    return [
        _named(row),
        f"{row.baseline:g} s" if row.baseline else "none",
        with_interval(scores.rmse, row.interval.get("rmse")),
        with_interval(scores.ccc, row.interval.get("ccc")),
        with_interval(scores.within, row.interval.get("within")),
        f"{scores.coverage:.0%}",
        number(scores.width, 2),
        f"{signed_number(paired.difference)} ({interval_text(paired.interval, 3)})" if paired else "",
        f"{scores.windows:,} / {scores.people:,}",
    ]


def _subjects(label: LabelResult, name: str) -> Markup:
    """Scores of each subject for one set."""
    row = chosen_rating_row(label, name)
    if row is None:
        return Markup("")
    body = [
        [one, f"{each.windows:,}", number(each.rmse, 2), number(each.ccc), number(each.within), f"{each.coverage:.0%}"]
        for one, each in sorted(row.per_subject.items())
    ]
    header = ("subject", "windows", "RMSE", "CCC", "correlation", "within the interval")
    found = table("Scores of each subject", header, body)
    return join((collapsible(f"{name} set: scores of {count(len(body), 'subject')}", found), orders_note(row.baseline)))


def _named(row: RegressionRow) -> str:
    return RATING_FEATURE_NAMES.get(row.features, row.features)
