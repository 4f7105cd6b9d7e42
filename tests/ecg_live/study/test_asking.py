"""A self-report that is asked, and what a session notes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecg_live.events import SelfReportAnswer
from ecg_live.study.asking import (
    NOT_ASKED,
    AskingCounter,
    GivenAnswer,
    answer_scale,
    asked_items,
    no_answer,
    scale_ends,
)
from ecg_live.study.plan import SelfReport

SAM = SelfReport("mood", "sam", items=("valence", "arousal"))


def test_an_answer_has_its_question_block_and_number() -> None:
    counter = AskingCounter()
    counter.ask(SAM, 1.0, "rest")
    asking = counter.ask(SAM, 5.0, "task")
    given = GivenAnswer((("valence", 7.0), ("arousal", None)), missing="skipped")
    assert asking.answer(given, 8.5) == SelfReportAnswer(
        "mood", "sam", 5.0, 8.5, (("valence", 7.0), ("arousal", None)), "", (1.0, 9.0), "skipped", "task", 2
    )
    assert counter.ask(SelfReport("other", "text"), 9.0).number == 1
    assert AskingCounter({"mood": 3}).ask(SAM, 1.0).number == 4  # in a session that goes on


def test_what_was_not_asked_is_missing_in_all_items() -> None:
    answer = AskingCounter().ask(SAM, 2.0).without_answer(NOT_ASKED, 2.0)
    assert (answer.values, answer.missing) == ((("valence", None), ("arousal", None)), "not asked")
    assert no_answer(SelfReport("t", "text"), NOT_ASKED) == GivenAnswer(missing="not asked")


@pytest.mark.parametrize(
    ("report", "items", "scale"),
    [
        (SAM, ("valence", "arousal"), (1.0, 9.0)),
        (SelfReport("l", "likert", items=("a", "b"), points=7), ("a", "b"), (1.0, 7.0)),
        (SelfReport("s", "slider"), ("valence", "arousal"), (-1.0, 1.0)),
        (SelfReport("s", "slider", items=("pain",)), ("pain",), (-1.0, 1.0)),
        (SelfReport("g", "grid"), ("valence", "arousal"), (-1.0, 1.0)),
        (SelfReport("t", "text"), (), None),
    ],
)
def test_items_and_scale_of_each_kind(
    report: SelfReport, items: tuple[str, ...], scale: tuple[float, float] | None
) -> None:
    assert (asked_items(report), answer_scale(report)) == (items, scale)


def test_ends_are_the_reports_own_or_those_of_the_dimension() -> None:
    assert scale_ends(SAM, "arousal") == ("calm", "excited")
    pain = SelfReport("s", "slider", items=("pain",))
    assert scale_ends(replace(pain, anchors=("none", "worst")), "pain") == ("none", "worst")
    assert scale_ends(pain, "pain") == ("", "")
