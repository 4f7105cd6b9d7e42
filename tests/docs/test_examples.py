"""The manual's example programs set markers in a session that runs."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.marked_session import PATIENCE, session
from tests.support.marker_desk import free

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def example(name: str) -> dict[str, Any]:
    """Names that an example program defines; its main part does not run."""
    return runpy.run_path(str(EXAMPLES / name))


class Screen:
    """A screen without a window: it flips at once and waits for nobody."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def show(self, text: str, seconds: float, on_flip: Callable[[], object]) -> None:
        assert seconds > 0
        on_flip()
        self.shown.append(text)


def test_lsl_example(runtime: dict[str, str]) -> None:
    names = example("lsl_markers.py")
    outlet, waited = names["open_stream"](), list[float]()
    with session(runtime, "--markers", "Stimuli") as child:
        child.until(type="state", state="warming_up")
        assert outlet.wait_for_consumers(PATIENCE)
        names["send_phases"](outlet, wait=waited.append)
        child.until(type="marker", text="end")
    texts = [line["text"] for line in child.lines if line["type"] == "marker"]
    assert texts == ["rest begins", "task begins", "rest begins", "end"]
    assert waited == [duration for _, duration in names["PHASES"]]


def test_psychopy_example_without_psychopy(runtime: dict[str, str]) -> None:
    names, screen, port = example("psychopy_task.py"), Screen(), free()
    with session(runtime, "--mark-port", str(port)) as child:
        child.until(type="state", state="warming_up")
        (announced,) = Path(runtime["XDG_RUNTIME_DIR"], "ecg-live").glob("*.json")
        token = json.loads(announced.read_text())["token"]
        with pytest.raises(ConnectionError, match="token"):
            names["Markers"]("wrong", port)
        with names["Markers"](token, port) as markers:
            said = markers.mark("before the task")
            names["task"](screen, markers)
        assert child.until(type="marker", text="before the task")["time"] == said
        child.until(type="marker", text="end")
    texts = [line["text"] for line in child.lines if line["type"] == "marker"]
    problems = [f"problem {number}: {problem}" for number, problem in enumerate(names["PROBLEMS"], 1)]
    assert texts == ["before the task", "rest begins", *problems, "rest begins", "end"]
    assert len(screen.shown) == len(problems) + 2
