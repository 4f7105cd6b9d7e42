"""Scores of a head's set in words: the same for a card, the terminal and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SO_FAR = "windows so far"  # what features of an adaptive set are relative to, in the place of a baseline
SAME_IN_EVERY_ORDER = "the same in every order of the windows, as each is judged on its own"


def false_positive_name(classes: Sequence[str], rest_class: str) -> str:
    """What it is called when rest is given another class: ``load said at rest``."""
    others = [name for name in classes if name != rest_class]
    return f"{others[0] if len(others) == 1 else 'another class'} said at {rest_class or 'rest'}"


def score_lines(row: Mapping[str, Any], classes: Sequence[str], rest_class: str) -> list[str]:
    """Sentences on a row of a card's scores; what the row does not have, as in cards of older versions, is left out.

    Parameters
    ----------
    row : mapping
        As `training.report.card` makes it.
    classes : sequence of str
        Of the head.
    rest_class : str
        That of rest.
    """
    if "rmse" in row:
        return [_rating_line(row), *([SAME_IN_EVERY_ORDER] if row.get("orders") == {} else [])]
    interval = row.get("interval")
    auroc = _number(row.get("auroc")) + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")
    size = f"; {row['windows']} windows of {row['people']} subjects" if "windows" in row and "people" in row else ""
    lines = [f"AUROC {auroc}{_part(row, 'auroc_within', ', within a subject {}')}{size}"]
    wording = false_positive_name(classes, rest_class)
    stuck = _part(row, "unchanging_label", "label never changes for {} of subjects")
    lines.append("; ".join(each for each in (_part(row, "false_positive_rate", wording + " {}"), stuck) if each))
    constant = _part(row, "brier_constant", " (a constant {})")
    lines.append(f"Brier {_number(row.get('brier'))}{constant}; ECE {_number(row.get('ece'))}")
    if curve := row.get("risk_coverage"):
        points = ", ".join(f"{share:.0%} {_number(risk)}" for share, risk in curve)
        lines.append(f"wrong labels among the surest windows: {points}")
    if "orders" in row:
        found = ", ".join(f"{name} {_number(each.get('auroc'))}" for name, each in row["orders"].items())
        lines.append(f"AUROC by order of the windows: {found}" if found else SAME_IN_EVERY_ORDER)
    return [line for line in lines if line]


def _rating_line(row: Mapping[str, Any]) -> str:
    """Scores of a head that gives a number."""
    interval = row.get("intervals", {}).get("rmse")
    rmse = _number(row.get("rmse")) + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")
    coverage = _part(row, "coverage", "; the 80 % interval held a share of {}")
    size = f"; {row['windows']} windows of {row['people']} subjects" if "windows" in row and "people" in row else ""
    within = _part(row, "within", ", correlation within a subject {}")
    return f"RMSE {rmse}, CCC {_number(row.get('ccc'))}{within}{coverage}{size}"


def check_lines(scores: Mapping[str, Any]) -> list[str]:
    """A line for each check that ran with the training; none for a card of an older version."""
    return [
        f"check {'passed' if check.get('passed') is True else 'FAILED'}: {check.get('name')}: {check.get('text')}"
        for check in scores.get("checks", ())
        if isinstance(check, Mapping)
    ]


def _part(row: Mapping[str, Any], name: str, text: str) -> str:
    value = row.get(name)
    return "" if value is None else text.format(_number(value))


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "none"
