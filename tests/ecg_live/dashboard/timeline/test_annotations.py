"""Names of spans on a chart: none is written over another."""

from __future__ import annotations

from itertools import combinations

import pytest
from PyQt6 import QtGui
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.timeline.annotations import NAMES_GAP_PX, NamedArea, place_names

WIDE = 300.0


def placed_names(*spans: NamedArea) -> list[tuple[float, float, str]]:
    """Left and right end (px) and text of the names that have room."""
    metrics = QtGui.QFontMetrics(QtGui.QFont())
    return [(left, left + metrics.horizontalAdvance(text), text) for left, text in place_names(metrics, spans)]


@pytest.mark.parametrize("block_at", [0.0, 2.0, 20.0, 50.0])
def test_a_baseline_and_a_block_that_overlap_have_their_names_side_by_side(qtbot: QtBot, block_at: float) -> None:
    del qtbot
    names = placed_names((0.0, WIDE, "baseline"), (block_at, WIDE, "rest"))
    assert [text for *_, text in names] == ["baseline", "rest"]
    assert names[0][1] + NAMES_GAP_PX <= names[1][0]


def test_names_that_would_reach_into_another_are_elided_or_left_out(qtbot: QtBot) -> None:
    del qtbot
    spans = (
        (100.0, WIDE, "baseline"),
        (0.0, WIDE, "a block with a long name"),
        (101.0, 130.0, "tone"),
        (98.0, 140.0, "x"),
    )
    names = placed_names(*spans)
    assert names[0][2] == "baseline"
    assert names[1][2].startswith("a b")
    assert names[1][2].endswith("\N{HORIZONTAL ELLIPSIS}")
    assert len(names) == 2
    assert all(one[1] <= other[0] or other[1] <= one[0] for one, other in combinations(names, 2))


def test_names_of_spans_that_follow_each_other_begin_at_theirs(qtbot: QtBot) -> None:
    del qtbot
    names = placed_names((0.0, 200.0, "rest"), (200.0, 400.0, "task"))
    assert [(round(left), text) for left, _, text in names] == [(3, "rest"), (203, "task")]
