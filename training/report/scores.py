"""The report's section on one label: scores, comparisons, subjects, confusion, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ecg_live.html.charts import legend_swatch
from ecg_live.html.markup import (
    bullet_list,
    collapsible,
    count,
    interval_text,
    join,
    mean_and_sd,
    number,
    p_value_text,
    signed_number,
    table,
    table_row,
    tag,
    with_interval,
)
from training.report.evidence import checks_list, orders_table
from training.report.plots import (
    DOT_STYLES,
    auroc_overview,
    is_score,
    legend_dot,
    reliability_diagram,
    risk_coverage_plot,
    subject_aurocs,
)
from training.report.sentences import (
    FEATURE_NAMES,
    KEPT_BACK,
    LOSO,
    NEW_SUBJECTS,
    PROTOCOL_TEXTS,
    chosen_rows,
    find_row,
    kept_back_rows,
    main_protocol,
    verdict,
)
from training.results import LabelResult, ResultRow, Scores

SCORE_COLUMNS = (
    "features",
    "baseline",
    "AUROC (95 %)",
    "AUROC per subject",
    "bal. accuracy (95 %)",
    "bal. accuracy per subject",
    "false positives at rest",
    "label never changes",
    "ECE",
    "Brier (constant)",
    "windows / subjects",
)
SPLIT_TEXTS = {
    "named": "as the data set names them",
    "raw": "each value of the label is one",
    "middle": "ratings are split at the middle of their scale",
    "median": "ratings are split at the subject's own median",
}
UNSEEN_PROTOCOLS = (*NEW_SUBJECTS, KEPT_BACK)  # scores of subjects that the head had not seen
ENCODER_FEATURES = ("embedding", "both")  # features that this run's encoder is part of
VERDICT_STYLES = {"beats": "yes", "is worse than": "no", "does not beat": "no"}


def label_section(label: LabelResult) -> Markup:
    """The section of one label."""
    chosen = chosen_rows(label)
    split = f"Classes: {', '.join(label.classes)}; {SPLIT_TEXTS.get(label.split, label.split)}. "
    comparable = "Rows with different baselines are scored on different windows: compare within a baseline."
    scored = any(row.protocol == LOSO and is_score(row.scores.auroc) for row in label.rows)
    return tag(
        "section",
        tag("h2", f"Scores: {label.name}"),
        tag("p", split + comparable, class_="note"),
        bullet_list(label.remarks),
        checks_list(label.checks),
        _figure(auroc_overview(label), f"{label.name}: {PROTOCOL_TEXTS[LOSO]}. Filled: in the bundle. Dashed: chance.")
        if scored
        else Markup(""),
        _score_table(label, list(chosen.values())),
        _comparisons(label),
        [_details(label, name, row) for name, row in chosen.items()],
    )


def _score_table(label: LabelResult, chosen: Sequence[ResultRow]) -> Markup:
    present = {row.protocol for row in label.rows}
    protocols = [each for each in PROTOCOL_TEXTS if each in present] + sorted(present - set(PROTOCOL_TEXTS))
    rows: list[Markup] = []
    for protocol in protocols:
        title = PROTOCOL_TEXTS.get(protocol, protocol)
        rows.append(tag("tr", tag("th", title, colspan=len(SCORE_COLUMNS), scope="rowgroup"), class_="part"))
        for row in label.rows:
            if row.protocol == protocol:
                look = "mixed" if protocol not in UNSEEN_PROTOCOLS else "in-use" if row in chosen else None
                rows.append(table_row(_score_cells(row), look))
    caption = f"Scores for {label.name}. Bold: features of the bundle. Per subject: mean \u00b1 SD over subjects."
    return table(caption, SCORE_COLUMNS, rows, "scores")


def _score_cells(row: ResultRow) -> list[str]:
    scores, interval = row.scores, row.interval
    return [
        FEATURE_NAMES.get(row.features, row.features),
        row.baseline_text,
        with_interval(scores.auroc, interval.get("auroc")),
        mean_and_sd(each.auroc for each in row.per_subject.values()),
        with_interval(scores.balanced_accuracy, interval.get("balanced_accuracy")),
        mean_and_sd(each.balanced_accuracy for each in row.per_subject.values()),
        number(scores.false_positive_rate),
        number(scores.unchanging_label),
        number(scores.ece),
        f"{number(scores.brier)} ({number(scores.brier_constant)})",
        f"{scores.windows:,} / {scores.people:,}",
    ]


def _comparisons(label: LabelResult) -> Markup:
    """The encoder against simpler features; these against each other in a collapsible part."""
    left_out = [row for row in label.rows if row.protocol == main_protocol(label)]
    ours = [row for row in left_out if row.features in ENCODER_FEATURES]
    others = [row for row in left_out if row.features not in ENCODER_FEATURES]
    caption = "Paired comparisons on the same windows; bootstrap over subjects; p not corrected for their number."
    rest = _comparison_table(others, "Paired comparisons of the other features")
    return join(
        (
            _comparison_table(ours, caption),
            collapsible("How the other features compare with each other", rest) if rest else Markup(""),
        )
    )


def _comparison_table(rows: Sequence[ResultRow], caption: str) -> Markup:
    """A line for each pair of rows that was compared."""
    lines: dict[frozenset[str], list[str]] = {}  # each pair once, not its mirror image
    for row in rows:
        for comparator, paired in row.versus.items():
            cells = [
                FEATURE_NAMES.get(row.features, row.features),
                tag("span", verdict(paired), class_=VERDICT_STYLES.get(verdict(paired))),
                FEATURE_NAMES.get(comparator, comparator),
                row.baseline_text,
                f"{signed_number(paired.difference)} ({interval_text(paired.interval, 3)})",
                p_value_text(paired.p),
            ]
            lines.setdefault(frozenset((row.features, comparator, row.baseline_text)), cells)
    header = ("features", "", "compared with", "baseline", "difference of AUROC (95 %)", "two-sided p")
    return table(caption, header, lines.values(), "words") if lines else Markup("")


def _details(label: LabelResult, name: str, row: ResultRow) -> Markup:
    """Subjects, confusion and calibration of one of the bundle's sets."""
    rest = f", after {row.baseline:g} s of rest" if row.baseline else ""
    protocol = PROTOCOL_TEXTS.get(row.protocol, row.protocol)
    about = f"{name} set: {FEATURE_NAMES.get(row.features, row.features)}{rest}; {protocol}"
    names = ("embedding" if row.features == "hrv" else "hrv", "random encoder")
    comparators = [find_row(label, each, row.set, row.protocol) for each in names]
    rows = [row, *(comparator for comparator in comparators if comparator is not None)]
    legend = [
        tag("li", legend_dot(look), tag("span", FEATURE_NAMES.get(one.features, one.features)))
        for look, one in zip(DOT_STYLES, rows, strict=False)
    ]
    by_subject = _figure(
        join((subject_aurocs(rows), tag("ul", legend, class_="legend"))),
        "AUROC of each subject, sorted. A subject with one class only has none. Dashed: chance.",
    )
    return tag(
        "div",
        tag("h3", about),
        by_subject if row.per_subject else Markup(""),
        collapsible(f"Scores of {count(len(row.per_subject), 'subject')}", _subject_table(rows))
        if row.per_subject
        else Markup(""),
        orders_table(row),
        tag("div", _confusion(label, row), class_="side"),
        tag("div", _calibration(row), _risk_coverage(label, name, row), class_="side"),
    )


def _subject_table(rows: Sequence[ResultRow]) -> Markup:
    first, *others = rows
    header = ("subject", "windows", "AUROC", "balanced accuracy", "macro-F1", "ECE", "Brier")
    extra = [f"AUROC, {FEATURE_NAMES.get(row.features, row.features)}" for row in others]

    def cells(one: str, scores: Scores) -> list[str]:
        own = (scores.auroc, scores.balanced_accuracy, scores.macro_f1, scores.ece, scores.brier)
        comparators = [row.per_subject[one].auroc if one in row.per_subject else None for row in others]
        return [one, f"{scores.windows:,}", *(number(value) for value in (*own, *comparators))]

    body = [cells(one, scores) for one, scores in sorted(first.per_subject.items())]
    return table("Scores of each subject", (*header, *extra), body)


def _confusion(label: LabelResult, row: ResultRow) -> Markup:
    """Windows by true and predicted class, shaded by their share of the true class."""
    body = []
    for name, counts in zip(label.classes, row.confusion, strict=False):
        total = sum(counts)
        shares = [each / total if total else 0.0 for each in counts]
        cells = [
            tag("td", f"{each:,}", tag("small", f"{share:.0%}"), style=f"--share:{60 * share:.0f}%")
            for each, share in zip(counts, shares, strict=True)
        ]
        body.append(tag("tr", tag("th", name, scope="row"), cells))
    header = ("true \u2193 predicted \u2192", *label.classes)
    return table("Confusion: windows, and their share of the true class", header, body, "confusion")


def _calibration(row: ResultRow) -> Markup:
    if not row.reliability:
        return Markup("")
    caption = f"Reliability: expected calibration error {number(row.scores.ece)}. The larger a dot, the more windows."
    return _figure(reliability_diagram(row), caption)


def _risk_coverage(label: LabelResult, name: str, row: ResultRow) -> Markup:
    if not row.risk_coverage:
        return Markup("")
    kept = kept_back_rows(label).get(name)
    lines = {"subjects left out": row} | ({"subjects kept back": kept} if kept else {})
    legend = [tag("li", legend_swatch(i), tag("span", title)) for i, title in enumerate(lines)] if kept else []
    caption = "Risk and coverage: the share of wrong labels if only the surest windows get one."
    drawn = risk_coverage_plot([each.risk_coverage for each in lines.values()])
    return _figure(join((drawn, tag("ul", legend, class_="legend"))) if legend else drawn, caption)


def _figure(content: Markup, caption: str) -> Markup:
    return tag("figure", content, tag("figcaption", caption))
