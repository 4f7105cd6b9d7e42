"""Self-reports in the report: in words, at the time of the page, and by block."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecg_live.events import AffectRating, SelfReportAnswer
from ecg_live.html.markup import NO_VALUE_DASH
from ecg_live.recorded.report.self_reports import reported_answers, self_report_section
from ecg_live.results import Item
from tests.support.own_sessions import sam
from tests.support.recorded_sessions import chunk, marker, recorded
from tests.support.xdf_recordings import BEGAN

SAM = sam(20.0, "task", 7.0, 3.0)
SKIPPED = replace(sam(25.0, "task", None, 4.0, asking=2), missing="skipped")
TEXT = SelfReportAnswer("remarks", "text", BEGAN + 30, BEGAN + 33, text="<b>loud</b>", raw_shown=30.0, raw=33.0)
LEFT = SelfReportAnswer(
    "remarks", "text", BEGAN + 35, BEGAN + 35, missing="not asked", block="task", raw_shown=35.0, raw=35.0
)  # fmt: skip


def story() -> list[Item]:
    """A minute with a block from 5 to 20 s, in which valence was rated 0.5 and then 1."""
    ratings = [AffectRating(BEGAN + 10 + k / 20, 0.5 if k < 20 else 1.0, -0.25, 10 + k / 20) for k in range(40)]
    notes = [marker(5.0, "block/task/start"), marker(20.0, "block/task/stop")]
    return [*(chunk(second) for second in range(60)), *notes, *ratings, SAM, SKIPPED, TEXT, LEFT]


def test_answers_are_in_words_and_in_order(tmp_path: Path) -> None:
    found = reported_answers(recorded(tmp_path / "a.xdf", story()))
    assert [(each.block, each.report, each.answer) for each in found] == [
        ("task", "continuous rating", "valence 0.75, arousal -0.25 (-1 to 1; mean of 40 samples)"),
        ("task", "mood", "valence 7, arousal 3 (1 to 9)"),
        ("task", "mood", "arousal 4 (1 to 9); valence: skipped"),
        ("", "remarks", "<b>loud</b>"),
        ("task", "remarks", "not asked"),
    ]
    assert [each.time for each in found] == pytest.approx([11.95, 22.0, 27.0, 33.0, 35.0])
    assert [each.seconds for each in found][1:] == pytest.approx([2.0, 2.0, 3.0, 0.0])


def test_the_section_escapes_what_was_written_and_is_left_out_without_answers(tmp_path: Path) -> None:
    page = str(self_report_section(recorded(tmp_path / "a.xdf", story())))
    assert "&lt;b&gt;loud&lt;/b&gt;" in page
    assert page.count("<tr>") == 6
    assert NO_VALUE_DASH in page  # the text belongs to no block
    assert self_report_section(recorded(tmp_path / "b.xdf", [chunk(0)])) == ""


def test_ratings_without_a_block_are_averaged_over_all_of_it(tmp_path: Path) -> None:
    items: list[Item] = [chunk(0), *(AffectRating(BEGAN + k / 20, 0.5, 0.0, k / 20) for k in range(20))]
    (found,) = reported_answers(recorded(tmp_path / "a.xdf", items))
    assert (found.block, found.answer) == ("", "valence 0.50, arousal 0.00 (-1 to 1; mean of 20 samples)")
