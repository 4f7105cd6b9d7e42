"""Sentences of the report: verdicts of comparisons, the headline of each set."""

from __future__ import annotations

import math
from collections.abc import Mapping

from markupsafe import Markup

from ecg_live.html.markup import count, interval_text, join, number, p_value_text, signed_number, tag
from ecg_live.model.chance import CHOSEN_TEXT, CONSTANT, CONSTANT_RATING, FEATURE_TEXTS, GROUPS_TEXT, LOSO_TEXT
from training.results import LabelResult, PairedComparison, ResultRow

LOSO, KFOLD, KEPT_BACK, CHOSEN = "loso", "kfold", "kept back", "auto"
GROUPS, STIMULI = "groupkfold", "leave-one-stimulus-out"
MAIN_PROTOCOLS = (LOSO, GROUPS, STIMULI, KFOLD)  # a run has one of them, and k-fold beside it
FEATURE_NAMES = {
    "majority": CONSTANT,
    "hrv": FEATURE_TEXTS["hrv"],
    "random encoder": "random encoder",
    "random encoder + hrv": "random encoder + HR + HRV",
    "embedding": FEATURE_TEXTS["embedding"],
    "both": FEATURE_TEXTS["both"],
    "frozen encoder": "this encoder before fine-tuning",
    CHOSEN: CHOSEN_TEXT,
}
RATING_FEATURE_NAMES = {**FEATURE_NAMES, "majority": CONSTANT_RATING}
PROTOCOL_TEXTS = {
    LOSO: f"{LOSO_TEXT}: a score for new subjects",
    GROUPS: f"{GROUPS_TEXT}: a score for new subjects",
    STIMULI: "leave one stimulus out: a score for new stimuli, not for new subjects",
    KEPT_BACK: "subjects that no choice looked at: kept back before anything was scored",
    KFOLD: "k-fold, segments mixed: not a score for new subjects",
}
NEW_SUBJECTS = (LOSO, GROUPS)  # protocols whose scores are for new subjects
OTHER_TESTS = {KFOLD: "on shuffled segments", STIMULI: "on stimuli it has never seen"}
SIGNIFICANCE_LEVEL = 0.05


def verdict(paired: PairedComparison) -> str:
    """Whether a row is better than another: both the interval and p must show it."""
    low, high = paired.interval
    if not all(map(math.isfinite, (paired.difference, low, high, paired.p))):
        return "could not be compared with"
    if paired.p >= SIGNIFICANCE_LEVEL or low <= 0 <= high:
        return "does not beat"
    return "beats" if paired.difference > 0 else "is worse than"


def find_row(label: LabelResult, features: str, set_name: str, protocol: str = LOSO) -> ResultRow | None:
    """The row of some features; None if there is none.

    Parameters
    ----------
    label : LabelResult
        Holds the rows.
    features : str
        Which features.
    set_name : str
        The set; of several rows with a resting baseline the one with the longest.
    protocol : str
        Leave-one-subject-out or k-fold.
    """
    found = [row for row in label.rows if (row.features, row.protocol, row.set) == (features, protocol, set_name)]
    return max(found, key=lambda row: row.baseline, default=None)


def main_protocol(label: LabelResult) -> str:
    """The protocol that a label's scores are for: not that of mixed segments if there is another."""
    found = {row.protocol for row in label.regression or label.rows}
    return next((protocol for protocol in MAIN_PROTOCOLS if protocol in found), LOSO)


def chosen_rows(label: LabelResult) -> Mapping[str, ResultRow]:
    """The row of each of the bundle's sets; of k-fold only if no subject was left out.

    Where features were chosen it is that of the choice made in each fold, which no scored subject had a say in.
    """
    rows: dict[str, ResultRow] = {}
    for name, features in label.chosen.items():
        for protocol in MAIN_PROTOCOLS:
            row = find_row(label, CHOSEN, name, protocol) or find_row(label, features, name, protocol)
            if row is not None:
                rows.setdefault(name, row)
    return rows


def kept_back_rows(label: LabelResult) -> Mapping[str, ResultRow]:
    """The row of each of the bundle's sets on subjects that no choice looked at; empty if none were kept back."""
    found = {name: find_row(label, features, name, KEPT_BACK) for name, features in label.chosen.items()}
    return {name: row for name, row in found.items() if row is not None}


def headline(label: LabelResult, name: str, row: ResultRow, *, transductive: bool) -> Markup:
    """One sentence: the AUROC of one set of a head, and whether the encoder improves on simpler features.

    Parameters
    ----------
    label : LabelResult
        The head's label.
    name : str
        The set.
    row : ResultRow
        The set's scores.
    transductive : bool
        The encoder may have learnt from signals of the scored subjects.
    """
    low_high = row.interval.get("auroc")
    interval = f", 95 % interval {interval_text(low_high)}" if low_high else ""
    size = f"{count(row.scores.people, 'subject')}, {count(row.scores.windows, 'window')}"
    rest = f", after {row.baseline:g} s of the wearer's own rest" if row.baseline else ""
    unseen = "on subjects it has never seen"
    if transductive:
        unseen = "on subjects with labels it has never seen, but signals that its encoder may have learnt from"
    if row.protocol not in NEW_SUBJECTS:
        unseen = f"{OTHER_TESTS[row.protocol]}, not on new subjects" if row.protocol in OTHER_TESTS else row.protocol
    shipped = FEATURE_NAMES.get(label.chosen.get(name, ""), "none")
    features = FEATURE_NAMES.get(row.features, row.features)
    chosen = f"features {features} (in the bundle: {shipped}) separate"
    subject = chosen if row.features == CHOSEN else f"{features} separates"
    claim = f"{subject} {_classes(label)} with AUROC "
    return tag(
        "p",
        join((tag("b", label.name), f" ({name} set{rest}): {unseen}, {claim}")),
        tag("b", number(row.scores.auroc)),
        f"{interval} ({size}); {comparison_clause(label, row)}.",
        class_="headline",
    )


def kept_back_sentence(label: LabelResult, name: str, row: ResultRow) -> Markup:
    """One sentence: a set's scores on subjects that no fit, fold or choice looked at."""
    scores, low_high = row.scores, row.interval.get("auroc")
    interval = f", 95 % interval {interval_text(low_high)}" if low_high else ""
    better = scores.brier_constant is not None and scores.brier < scores.brier_constant
    brier = f"Brier {number(scores.brier)}, {'better' if better else 'no better'} than a constant's"
    return tag(
        "p",
        join(
            (
                tag("b", label.name),
                f" ({name} set): on {count(scores.people, 'subject')} that no choice looked at, AUROC ",
            )
        ),
        tag("b", number(scores.auroc)),
        f"{interval} ({count(scores.windows, 'window')}); {brier} ({number(scores.brier_constant)}).",
        class_="headline",
    )


def comparison_clause(label: LabelResult, row: ResultRow) -> str:
    """How the encoder compares with HR + HRV and with an untrained encoder."""
    encoder: ResultRow | None = row
    if row.features not in {"embedding", "both"}:
        encoder = find_row(label, "embedding", row.set, row.protocol)
    if encoder is None:
        return "no encoder was scored to compare with"
    random = "random encoder + hrv" if "random encoder + hrv" in encoder.versus else "random encoder"
    name = "it" if encoder is row else FEATURE_NAMES[encoder.features]
    parts = [_against(name if i == 0 else "it", encoder, comparator) for i, comparator in enumerate(("hrv", random))]
    return " and ".join(parts)


def difference_text(paired: PairedComparison) -> str:
    """A difference of AUROC with interval and p."""
    return f"{signed_number(paired.difference)}, {interval_text(paired.interval, 3)}, {p_value_text(paired.p)}"


def _against(name: str, row: ResultRow, comparator: str) -> str:
    named = FEATURE_NAMES[comparator] if comparator == "hrv" else f"a {FEATURE_NAMES[comparator]}"
    paired = row.versus.get(comparator)
    if paired is None:
        return f"{name} was not compared with {named}"
    return f"{name} {verdict(paired)} {named} ({difference_text(paired)})"


def _classes(label: LabelResult) -> str:
    *most, last = label.classes
    return f"{', '.join(most)} and {last}"
