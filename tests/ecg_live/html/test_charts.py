"""Lines break where a number is missing, and no number is lost."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ecg_live.html.charts import Plot

PLOT = Plot(0, 0, 100, 100, (0, 100), (0, 100))
GAP = math.nan


def steps(*ys: float) -> str:
    drawn = re.search(r' d="([^"]*)"', PLOT.line(range(len(ys)), ys))
    assert drawn is not None
    return drawn[1]


def test_a_line_breaks_where_a_number_is_missing() -> None:
    assert steps(0, 10, GAP, 20, 30) == "M0.0 100.0L1.0 90.0M3.0 80.0L4.0 70.0"


def test_a_number_alone_between_breaks_is_seen() -> None:
    assert steps(GAP, 50, GAP) == "M0.5 50.0h1"
    assert steps(50) == "M-0.5 50.0h1"


@given(st.lists(st.sampled_from((1.0, GAP, math.inf)), max_size=30))
def test_every_number_is_drawn_once_and_no_break_is_crossed(ys: list[float]) -> None:
    drawn = steps(*ys)
    known = [math.isfinite(y) for y in ys]
    assert drawn.count("M") + drawn.count("L") == sum(known)
    assert drawn.count("L") == sum(a and b for a, b in pairwise(known))
