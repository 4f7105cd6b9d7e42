"""What the numbers say, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping

from markupsafe import Markup

from ecg_live.html.markup import count, interval_text, join, number, p_value_text, signed_number, tag
from training.results import LabelResult, PairedComparison, ResultRow

LOSO = "loso"
FEATURE_NAMES = {
    "majority": "majority class",
    "hrv": "HR + HRV",
    "random encoder": "random encoder",
    "random encoder + hrv": "random encoder + HR + HRV",
    "embedding": "this encoder",
    "both": "this encoder + HR + HRV",
}
PROTOCOL_TEXTS = {
    LOSO: "leave one subject out: a score for new people",
    "kfold": "k-fold, segments mixed: not a score for new people",
}
SIGNIFICANCE_LEVEL = 0.05


def verdict(paired: PairedComparison) -> str:
    """Whether a row is better than its rival: both the interval and p must say so."""
    low, high = paired.interval
    if not all(map(math.isfinite, (paired.difference, low, high, paired.p))):
        return "could not be compared with"
    if paired.p >= SIGNIFICANCE_LEVEL or low <= 0 <= high:
        return "does not beat"
    return "beats" if paired.difference > 0 else "is worse than"


def find_row(label: LabelResult, features: str, *, personal: bool, protocol: str = LOSO) -> ResultRow | None:
    """The row of some features, with the longest personal baseline or without one."""
    found = [
        row
        for row in label.rows
        if row.features == features and row.protocol == protocol and (row.baseline > 0) == personal
    ]
    return max(found, key=lambda row: row.baseline, default=None)


def chosen_rows(label: LabelResult) -> Mapping[str, ResultRow]:
    """The rows that the bundle's sets rest on; of shuffled segments only if no person was left out."""
    rows: dict[str, ResultRow] = {}
    for name, features in label.chosen.items():
        for protocol in PROTOCOL_TEXTS:
            row = find_row(label, features, personal=name == "personal", protocol=protocol)
            if row is not None:
                rows.setdefault(name, row)
    return rows


def headline(label: LabelResult, name: str, row: ResultRow, *, transductive: bool) -> Markup:
    """One sentence: how well one set of a head does, and whether the encoder earns its place."""
    low_high = row.interval.get("auroc")
    interval = f", 95 % interval {interval_text(low_high)}" if low_high else ""
    people = f"{count(row.scores.people, 'person', 'people')}, {count(row.scores.windows, 'window')}"
    rest = f", after {row.baseline:g} s of the wearer's own rest" if row.baseline else ""
    unseen = "on people it has never seen"
    if transductive:
        unseen = "on people whose labels it has never seen, but whose signals its encoder may have learnt from"
    if row.protocol != LOSO:
        unseen = "on shuffled segments, not on new people"
    claim = f"{FEATURE_NAMES.get(row.features, row.features)} tells {_classes(label)} apart with AUROC "
    return tag(
        "p",
        join((tag("b", label.name), f" ({name} set{rest}): {unseen}, {claim}")),
        tag("b", number(row.scores.auroc)),
        f"{interval} ({people}); {comparison_clause(label, row)}.",
        class_="headline",
    )


def comparison_clause(label: LabelResult, row: ResultRow) -> str:
    """How the encoder compares with heart rate, and with an encoder that learnt nothing."""
    encoder: ResultRow | None = row
    if row.features not in {"embedding", "both"}:
        encoder = find_row(label, "embedding", personal=row.baseline > 0, protocol=row.protocol)
    if encoder is None:
        return "no encoder was scored beside it"
    random = "random encoder + hrv" if "random encoder + hrv" in encoder.versus else "random encoder"
    name = "it" if encoder is row else FEATURE_NAMES[encoder.features]
    parts = [_against(name if i == 0 else "it", encoder, rival) for i, rival in enumerate(("hrv", random))]
    return " and ".join(parts)


def difference_text(paired: PairedComparison) -> str:
    """A difference of AUROC with interval and p."""
    return f"{signed_number(paired.difference)}, {interval_text(paired.interval, 3)}, {p_value_text(paired.p)}"


def _against(name: str, row: ResultRow, rival: str) -> str:
    named = FEATURE_NAMES[rival] if rival == "hrv" else f"a {FEATURE_NAMES[rival]}"
    paired = row.versus.get(rival)
    if paired is None:
        return f"{name} was not compared with {named}"
    return f"{name} {verdict(paired)} {named} ({difference_text(paired)})"


def _classes(label: LabelResult) -> str:
    *most, last = label.classes
    return f"{', '.join(most)} and {last}"
