"""Progress for people: plain lines now and then, bars in a terminal, nothing where nobody should speak."""

from __future__ import annotations

import io

import pytest

from training.progress import ProgressDisplay


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_plain_lines_come_every_ten_seconds_and_at_the_end_with_the_time_left() -> None:
    out, now = io.StringIO(), [0.0]
    with ProgressDisplay(out, clock=lambda: now[0]) as show:
        show.line("start")
        for done in range(0, 101, 5):
            now[0] = done / 4
            show.progress("work", done, 100, f"{done} windows")
    assert out.getvalue().splitlines() == [
        "start",
        "work: 0 of 100; 0 windows",
        "work: 40 of 100, 15 s left; 40 windows",
        "work: 80 of 100, 5 s left; 80 windows",
        "work: 100 of 100; 100 windows",
    ]


def test_stages_have_their_own_pace() -> None:
    out, now = io.StringIO(), [0.0]
    show = ProgressDisplay(out, clock=lambda: now[0])
    show.progress("one", 0, 2)
    now[0] = 1
    show.progress("two", 0, 2)
    show.progress("one", 1, 2)
    assert out.getvalue().splitlines() == ["one: 0 of 2", "two: 0 of 2"]


def test_a_terminal_gets_a_bar() -> None:
    out = Terminal()
    with ProgressDisplay(out) as show:
        show.progress("work on arousal [/10]", 3, 10, "12 [windows]")
        show.line("a line [with brackets]")
    assert "a line [with brackets]" in out.getvalue()
    assert "3/10" in out.getvalue()
    assert "arousal [/10]" in out.getvalue()


def test_quiet_says_nothing() -> None:
    out = io.StringIO()
    with ProgressDisplay(out, quiet=True) as show:
        show.line("start")
        show.progress("work", 1, 1)
    assert out.getvalue() == ""


@pytest.mark.parametrize(("rank", "elastic", "said"), [("1", True, ""), ("0", True, "a\n"), ("1", False, "a\n")])
def test_of_several_processes_only_the_first_speaks(
    rank: str, elastic: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", rank)
    if elastic:
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    out = io.StringIO()
    with ProgressDisplay(out) as show:
        show.line("a")
    assert out.getvalue() == said
