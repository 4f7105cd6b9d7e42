"""Figures of the latency test in words."""

from __future__ import annotations

import math

from ecg_live.presentation.latency import (
    NOT_MEASURED_TEXT,
    latency_fields,
    latency_figures,
    latency_rows,
    latency_sentence,
)


def test_median_p95_and_largest() -> None:
    figures = latency_figures("marker round trip", [n / 1000 for n in range(1, 102)] + [math.nan])
    assert (figures.count, round(figures.median, 6), round(figures.p95, 6), figures.largest) == (
        101,
        0.051,
        0.096,
        0.101,
    )
    assert latency_sentence(figures) == "latency of marker round trip: median 51.0 ms, p95 96.0 ms, max 101.0 ms, n 101"
    assert latency_fields(figures)["type"] == "latency"


def test_what_was_not_measured_says_why() -> None:
    none = latency_figures("arrival to pixel", [], "no window: left out")
    assert none.count == 0
    assert latency_sentence(none) == "latency of arrival to pixel: not measured (no window: left out)"
    assert list(latency_rows([none]))[1].split()[3:] == ["--", "--", "--", "0", "no", "window:", "left", "out"]


def test_the_table_is_aligned() -> None:
    rows = list(latency_rows([latency_figures("a", [0.0004]), latency_figures("a longer one", [0.1234])]))
    assert rows[0].startswith("ms ")
    assert "0.40" in rows[1]
    assert "123.4" in rows[2]
    assert len({row.index(cell) + len(cell) for row, cell in zip(rows[1:], ("0.40", "123.4"), strict=True)}) == 1


def test_it_says_what_it_does_not_measure() -> None:
    for what in ("its radio", "the screen", "stimulus program"):
        assert what in NOT_MEASURED_TEXT
