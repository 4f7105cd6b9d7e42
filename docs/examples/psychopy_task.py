"""A mental arithmetic task in PsychoPy, with markers for ecg-live over TCP.

1. Start the session:   ecg-live run SOURCE --record session.xdf --mark-port 16580
   It prints a token.
2. Start the task:      python psychopy_task.py TOKEN

The marker part uses the standard library only. The task gives each marker to the screen, which sends it at the flip
that shows the stimulus.
"""

import socket
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

PROBLEMS = ("47 - 8", "63 + 19", "82 - 27", "36 + 48")
REST_S, PROBLEM_S = 60.0, 10.0


class Markers:
    """A connection to the marker port of a running session.

    Parameters
    ----------
    token : str
        What the session printed.
    port : int
        What ``--mark-port`` was given.

    Raises
    ------
    ConnectionError
        No session listens there, or it refuses the token or a marker.
    """

    def __init__(self, token: str, port: int = 16580) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5.0)
        self._answers = self._socket.makefile("r", encoding="utf-8")
        try:
            self._ask(f"TOKEN {token}")
        except ConnectionError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the session goes on."""
        self._answers.close()
        self._socket.close()

    def mark(self, text: str) -> float | None:
        """Set a marker now.

        Returns
        -------
        float or None
            Its time in seconds of stream time; None before the first sample.
        """
        # On one computer the session clock is Python's monotonic clock.
        answer = self._ask(f"MARK@{time.monotonic()!r} {text}")
        return None if answer == "-" else float(answer)

    def _ask(self, line: str) -> str:
        self._socket.sendall(f"{line}\n".encode())
        verdict, _, rest = self._answers.readline().strip().partition(" ")
        if verdict != "OK":
            raise ConnectionError(rest or "the session has ended")
        return rest


class Screen(Protocol):
    """What the task needs of a screen."""

    def show(self, text: str, seconds: float, on_flip: Callable[[], object]) -> None:
        """Show a text for so long; call ``on_flip`` at the flip that shows it first."""
        ...


def task(screen: Screen, markers: Markers, problems: Sequence[str] = PROBLEMS) -> None:
    """Run rest, problems, rest."""
    screen.show("Please rest.", REST_S, lambda: markers.mark("rest begins"))
    for number, problem in enumerate(problems, 1):
        text = f"problem {number}: {problem}"
        screen.show(problem, PROBLEM_S, lambda text=text: markers.mark(text))  # type: ignore[misc]
    screen.show("Please rest.", REST_S, lambda: markers.mark("rest begins"))
    markers.mark("end")


class PsychoPyScreen:
    """A full-screen window."""

    def __init__(self) -> None:
        from psychopy import core, visual  # noqa: PLC0415 - all above works without PsychoPy

        self._window, self._core = visual.Window(fullscr=True), core
        self._text = visual.TextStim(self._window)

    def show(self, text: str, seconds: float, on_flip: Callable[[], object]) -> None:
        """Show a text for so long."""
        self._text.text = text
        self._text.draw()
        self._window.callOnFlip(on_flip)
        self._window.flip()
        self._core.wait(seconds)


if __name__ == "__main__":
    with Markers(sys.argv[1]) as connection:
        task(PsychoPyScreen(), connection)
