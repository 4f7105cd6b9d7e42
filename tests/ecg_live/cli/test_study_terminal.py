"""A study without a screen: what is shown, commands and answers that are typed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TextIO

import pytest

from ecg_live.cli.study_questions import TypedAnswers, parse_answer, question_text
from ecg_live.cli.study_terminal import StudyLines, can_be_typed, perform, typed_commands
from ecg_live.events import SelfReportAnswer
from ecg_live.study.course import StudyCourse
from ecg_live.study.plan import Block, KeyMarker, SelfReport, Study
from ecg_live.study.run import StudyRun
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import until

SAM = SelfReport("mood", "sam", "How do you feel?", ("valence", "arousal"))
TEXT = SelfReport("remarks", "text", "Anything else?")
STUDY = Study(
    "Lab",
    (Block("rest", 60.0, instruction="Sit\nstill.", sound=True, self_reports=("mood", "remarks")), Block("talk")),
    keys={"1": KeyMarker("stimulus on"), "2": KeyMarker("cold", interval=True)},
    self_reports={"mood": SAM, "remarks": TEXT},
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def run(clock: HandClock) -> StudyRun:
    return StudyRun(STUDY, StudyCourse(STUDY.blocks), clock)


def test_lines_follow_the_course(run: StudyRun, clock: HandClock) -> None:
    lines = StudyLines(run)
    assert lines.update() == ["study: 1 of 2, rest: waits for the first sample; next: talk", "instruction: Sit still."]
    run.tick()
    assert lines.update()[0] == "study: 1 of 2, rest: waits; Enter: begin rest; next: talk"
    assert perform(run, "") == ""
    assert lines.update()[0] == "study: 1 of 2, rest: 1:00 left; next: talk"
    assert lines.update() == []
    run.device_away(away=True)
    assert "the device is away; the block goes on" in lines.update()[0]
    assert not lines.bell
    clock.wait(61)
    run.tick()
    assert lines.bell
    assert not lines.bell
    assert "self-report mood; -: go on without it" in lines.update()[0]  # Enter alone is no answer


def test_what_is_typed_is_done_or_said_to_be_unknown(run: StudyRun, clock: HandClock) -> None:
    assert perform(run, "n") == "nothing to do now"  # no sample yet
    run.tick()
    assert [perform(run, line) for line in ("n", "1", " 2 ", "u", "u", "u", "u")] == [
        "", "noted: stimulus on", "noted: interval cold begins", "undone: interval cold begins", "undone: stimulus on",
        "nothing to undo", "nothing to undo",
    ]  # fmt: skip
    assert perform(run, "x").startswith("'x' is unknown. Enter or n: next")
    clock.wait(5)
    assert perform(run, "").startswith("rest ends by itself; s breaks it off")
    assert run.status().course.number == 1
    assert perform(run, "A") == ""
    assert run.status().course.number == 2
    assert perform(run, "r") == ""
    assert run.status().course.number == 1
    assert perform(run, "s") == ""


@pytest.mark.parametrize(
    ("report", "line", "values", "missing"),
    [
        (SAM, "3 7", (("valence", 3.0), ("arousal", 7.0)), ""),
        (SAM, "3, -", (("valence", 3.0), ("arousal", None)), "skipped"),
        (SAM, "-", (("valence", None), ("arousal", None)), "skipped"),
        (SelfReport("x", "grid"), "0.5 -1", (("valence", 0.5), ("arousal", -1.0)), ""),
    ],
)
def test_a_typed_answer(
    report: SelfReport, line: str, values: tuple[tuple[str, float | None], ...], missing: str
) -> None:
    given = parse_answer(report, line)
    assert (given.values, given.missing) == (values, missing)


def test_a_typed_text_loses_its_control_characters() -> None:
    assert parse_answer(TEXT, " fine\x1b[2J ").text == "fine [2J"
    assert (parse_answer(TEXT, "-").text, parse_answer(TEXT, "-").missing) == ("", "skipped")


@pytest.mark.parametrize("line", ["", "3", "1 2 3", "0 5", "3 10", "2.5 5", "x 5", "nan 5", "inf 5"])
def test_a_wrong_answer_is_asked_again(line: str) -> None:
    with pytest.raises(ValueError, match=r"answers to 2 items|is not|not from|whole"):
        parse_answer(SAM, line)


def test_self_reports_are_asked_and_answered(run: StudyRun, clock: HandClock) -> None:
    answers: list[SelfReportAnswer] = []
    typed = TypedAnswers(run, answers.append, clock)
    run.tick()
    run.advance()
    assert typed.update() == ""
    clock.wait(60)
    run.tick()
    assert typed.update() == question_text(SAM)
    clock.wait(4)
    assert typed.take("12 1").startswith("12 is not a whole number from 1 to 9. How do you feel?")
    assert typed.take("3 7") == ""
    assert typed.update() == "Anything else? Type the answer; - leaves it out"
    run.advance()  # the experimenter goes on
    assert typed.update() == ""
    found = [(each.report, each.shown, each.time, each.values, each.missing, each.block) for each in answers]
    assert found == [
        ("mood", 1060.0, 1064.0, (("valence", 3.0), ("arousal", 7.0)), "", "rest"),
        ("remarks", 1064.0, 1064.0, (), "declined by the experimenter", "rest"),
    ]
    assert run.status().course.block == STUDY.blocks[1]


class Typed:
    """A pipe whose lines a session reads."""

    def __init__(self) -> None:
        number, self._write = os.pipe()
        self.stream: TextIO = os.fdopen(number)

    def line(self, text: str) -> None:
        os.write(self._write, text.encode() + b"\n")

    def end(self) -> None:
        os.close(self._write)


@pytest.fixture
def pipe() -> Iterator[Typed]:
    typed = Typed()
    yield typed
    typed.stream.close()


def test_lines_of_a_pipe_are_taken_until_it_ends(
    run: StudyRun, clock: HandClock, pipe: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[SelfReportAnswer] = []
    run.tick()
    assert can_be_typed(pipe.stream)
    with typed_commands(run, TypedAnswers(run, answers.append, clock), pipe.stream):
        pipe.line("n")
        until(lambda: run.status().course.phase == "running")
        clock.wait(60)
        run.tick()
        until(lambda: "How do you feel?" in capsys.readouterr().err)
        pipe.line("3 7")
        until(lambda: run.status().course.self_report == "remarks")
        pipe.end()  # nobody is left who could be asked
        until(lambda: run.status().course.number == 2)
    assert [(each.report, each.missing) for each in answers] == [("mood", ""), ("remarks", "not asked")]


def test_a_file_is_not_typed_in(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("n\n")
    with (tmp_path / "x").open() as file, Path(os.devnull).open() as nothing:
        assert [can_be_typed(each) for each in (None, file, nothing, StringIO("n"))] == [False] * 4
