"""A study in the terminal: lines that follow its course, and commands that are typed."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TextIO

from ecg_live.cli import print_notice
from ecg_live.cli.study_questions import LEAVE_OUT, TypedAnswers
from ecg_live.study.marker_texts import marker_words
from ecg_live.study.run import StudyRun, StudyStatus
from ecg_live.study.wording import (
    advance_text,
    block_name,
    coming_text,
    ends_by_key,
    loss_text,
    place_text,
    state_text,
)

LOOK_S = 0.2  # between two looks for typed lines
COMMANDS_TEXT = "Enter or n: next; r: repeat; s: skip; a: stop the block; u: undo; 1-9: named keys"
MAX_LINE_BYTES = 4096


def course_text(status: StudyStatus) -> str:
    """What runs, how long it does, and what comes next, in one line."""
    course = status.course
    if course.phase == "finished":
        return f"{block_name(course)}; Ctrl-C ends the session"
    does = advance_text(course)
    key = LEAVE_OUT if course.phase == "self_report" else "Enter"  # while one is asked, what is typed answers it
    keys = f"{key}: {does[:1].lower()}{does[1:]}" if status.started and course.phase != "running" else ""
    keys = "Enter ends it" if ends_by_key(course) else keys
    parts = (state_text(status), keys, loss_text(status), coming_text(course))
    return f"{place_text(course)}, {block_name(course)}: " + "; ".join(part for part in parts if part)


class StudyLines:
    """New lines of a study, for a terminal that is only written to."""

    def __init__(self, run: StudyRun) -> None:
        self._run = run
        self._shown: tuple[object, ...] | None = None
        self._sounds = 0

    def update(self) -> list[str]:
        """Lines for what changed since the last call: a block, its loss, its end to be heard."""
        status = self._run.status()
        at = status.course
        key = (at.phase, at.number, at.self_report, status.away, status.started)
        if key == self._shown:
            return []
        self._shown = key
        lines = [f"study: {course_text(status)}"]
        if at.phase in {"waiting", "running"} and at.block is not None and at.block.instruction:
            lines.append(f"instruction: {' '.join(at.block.instruction.splitlines())}")
        return lines

    @property
    def text(self) -> str:
        """What runs now, in one line."""
        return course_text(self._run.status())

    @property
    def bell(self) -> bool:
        """Whether a block has ended that is to be heard, since the last call."""
        before, self._sounds = self._sounds, self._run.status().ended_with_sound
        return self._sounds > before


def perform(run: StudyRun, line: str) -> str:
    """Do what a typed line asks; return the answer, empty where the course itself shows it."""
    word = line.strip()
    course = run.status().course
    if word.casefold() in {"", "n"} and course.phase == "running" and not ends_by_key(course):
        return f"{block_name(course)} ends by itself; s breaks it off and goes on, a breaks it off"  # no slip of a key
    commands: dict[str, Callable[[], bool]] = {
        "": run.advance, "n": run.advance, "r": run.repeat, "s": run.skip, "a": run.abort,
    }  # fmt: skip
    if word.casefold() in commands:
        return "" if commands[word.casefold()]() else "nothing to do now"
    if word.casefold() == "u":
        text = run.undo()
        return "nothing to undo" if text is None else f"undone: {marker_words(text)}"
    text = run.press(word)
    return f"{word!r} is unknown. {COMMANDS_TEXT}" if text is None else f"noted: {marker_words(text)}"


@contextmanager
def typed_commands(run: StudyRun, answers: TypedAnswers, stream: TextIO | None) -> Iterator[None]:
    """Take commands and answers from a stream until it ends, line by line, on a thread of its own."""
    over = Event()
    reader = Thread(target=_read, args=(run, answers, stream, over), name="study commands", daemon=True)
    reader.start()
    try:
        yield
    finally:
        over.set()
        if sys.platform != "win32":
            reader.join()


def _read(run: StudyRun, answers: TypedAnswers, stream: TextIO | None, over: Event) -> None:
    for line in _lines(stream, over) if stream is not None else ():
        if question := answers.update():
            print_notice(question)
        if line is None:
            continue
        if reply := answers.take(line) if answers.asks else perform(run, line):
            print_notice(reply)
    while not over.wait(LOOK_S):  # there is nothing left to read, so that nothing is asked
        answers.update()
        answers.withdraw()


def can_be_typed(stream: TextIO | None) -> bool:
    """Whether somebody, or a program, may write lines to a stream: a terminal or a pipe, not a file or nothing."""
    try:
        mode = os.fstat(stream.fileno()).st_mode if stream is not None else 0
    except (OSError, ValueError):
        return False
    return stream is not None and (stream.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _lines(stream: TextIO, over: Event) -> Iterator[str | None]:
    """Lines as they come, None where none has; a thread in Python's own reader would not let the program end."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    if sys.platform == "win32":  # no `select` on a console
        yield from iter(stream.readline, "")
        return
    rest = b""
    while not over.is_set():
        yield None
        try:
            if not select.select([number], [], [], LOOK_S)[0] or (_in_background(number) and not over.wait(LOOK_S)):
                continue
            data = os.read(number, MAX_LINE_BYTES)
        except (OSError, ValueError):
            return
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        rest = rest[-MAX_LINE_BYTES:]
        for line in lines:
            yield line.decode("utf-8", "replace")


def _in_background(number: int) -> bool:
    """Whether the terminal belongs to another job now: a read would stop this one, with its recording."""
    return os.isatty(number) and os.tcgetpgrp(number) != os.getpgrp()
