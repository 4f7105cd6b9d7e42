"""Self-reports in the terminal: the question in a line, and the answer from one."""

from __future__ import annotations

from collections.abc import Callable

from ecg_live.events import Clock, SelfReportAnswer
from ecg_live.parse_number import parse_number
from ecg_live.study.asking import (
    DECLINED,
    MAX_TEXT_CHARACTERS,
    NOT_ASKED,
    SKIPPED,
    Asking,
    GivenAnswer,
    answer_scale,
    asked_items,
)
from ecg_live.study.course import CourseStatus
from ecg_live.study.plan import SelfReport
from ecg_live.study.run import StudyRun
from ecg_live.text import sanitize

LEAVE_OUT = "-"  # typed in place of an answer


class TypedAnswers:
    """Asks the self-reports of a study, and notes what is typed.

    Parameters
    ----------
    run : StudyRun
    note : callable
        Of the session: notes an answer.
    clock : Clock
        Session clock.
    """

    def __init__(self, run: StudyRun, note: Callable[[SelfReportAnswer], object], clock: Clock) -> None:
        self._run = run
        self._note = note
        self._clock = clock
        self._asking: Asking | None = None
        self._asked_at: tuple[int, str] | None = None  # block and self-report that is asked

    @property
    def asks(self) -> bool:
        """Whether an answer is waited for."""
        return self._asking is not None

    def update(self) -> str:
        """Follow the course; return the question where a new one is asked, else nothing."""
        status = self._run.status()
        course = status.course
        name = course.self_report if status.started else None
        wanted = None if name is None else (course.number, name)
        if wanted == self._asked_at:
            return ""
        self.withdraw(DECLINED)
        report = None if name is None else self._run.study.self_reports.get(name)
        if report is None:
            return ""
        self._asked_at = wanted
        return self._ask(report, course)

    def take(self, line: str) -> str:
        """Note a typed answer; return what is wrong with it, else nothing."""
        asking = self._asking
        if asking is None:
            return ""
        try:
            given = parse_answer(asking.report, line)
        except ValueError as error:
            return f"{error}. {question_text(asking.report)}"
        self._finish(asking, asking.answer(given, self._clock()))
        return ""

    def withdraw(self, reason: str = NOT_ASKED) -> None:
        """Give up the question that is asked; why it has no answer is noted."""
        asking = self._asking
        if asking is not None:
            self._finish(asking, asking.without_answer(reason, self._clock()))

    def _ask(self, report: SelfReport, course: CourseStatus) -> str:
        self._asking = self._run.askings.ask(report, self._clock(), course.block.name if course.block else "")
        return question_text(report)

    def _finish(self, asking: Asking, answer: SelfReportAnswer) -> None:
        self._asking, self._asked_at = None, None
        self._note(answer)
        self._run.answered(asking.report.name)


def question_text(report: SelfReport) -> str:
    """The question, and how to answer it, in a line."""
    question = sanitize(" ".join(report.question.splitlines())) or report.name
    scale = answer_scale(report)
    if scale is None:
        return f"{question} Type the answer; {LEAVE_OUT} leaves it out"
    items = ", ".join(map(sanitize, asked_items(report)))
    between = f"from {scale[0]:g} to {scale[1]:g}"
    how = f"Type a number for each of {items} ({between}), with blanks between them"
    return f"{question} {how}; {LEAVE_OUT} leaves one out"


def parse_answer(report: SelfReport, line: str) -> GivenAnswer:
    """Read a typed answer.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    scale = answer_scale(report)
    if scale is None:
        text = "" if line.strip() == LEAVE_OUT else sanitize(line).strip()[:MAX_TEXT_CHARACTERS]
        return GivenAnswer((), text, "" if text else SKIPPED)
    items, words = asked_items(report), line.replace(",", " ").split()
    if words == [LEAVE_OUT]:
        words *= len(items)
    if len(words) != len(items):
        raise ValueError(f"{len(words)} answers to {len(items)} items")
    values = [_value(word, scale, whole=report.kind in {"sam", "likert"}) for word in words]
    return GivenAnswer(tuple(zip(items, values, strict=True)), "", SKIPPED if None in values else "")


def _value(word: str, scale: tuple[float, float], *, whole: bool) -> float | None:
    if word == LEAVE_OUT:
        return None
    value = parse_number(word)
    if not scale[0] <= value <= scale[1] or (whole and not value.is_integer()):
        raise ValueError(f"{word} is {'not a whole number ' if whole else 'not '}from {scale[0]:g} to {scale[1]:g}")
    return value
