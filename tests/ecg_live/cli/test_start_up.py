"""What a session, and the scores of a bundle, load: neither PyTorch nor the slow parts of SciPy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ecg_live.cli.one_thread import THREAD_COUNTS
from ecg_live.cli.window_commands import window_app
from ecg_live.resources import DEFAULT_MODEL, demo_recording
from tests.support.command_tree import ROOT_COMMAND
from tests.support.small_datasets import csv

SCRIPT = """
import os, sys
from ecg_live.cli import main
try:
    main()
except SystemExit as end:
    print(end.code, *sys.modules, file=sys.stderr)
    print(*(os.environ[name] for name in {names}), file=sys.stderr)
"""
START_PAGE = """
import sys
from PyQt6 import QtCore
from ecg_live.dashboard.desk import window

class SeenWindow(window.DeskWindow):
    def showEvent(self, event):
        print(*sys.modules)
        QtCore.QTimer.singleShot(0, self.close)
        super().showEvent(event)

from ecg_live.dashboard.desk import app
app.DeskWindow = SeenWindow
sys.argv = ["ecg-live", "desk"]
from ecg_live.cli.desk import run_desk
sys.exit(run_desk())
"""
BUILT_SESSION = """
import sys
from ecg_live.cli import main, opening

class SeenOpening(opening.Opening):
    def run(self, work):
        super().run(work)
        print(*sys.modules)
        return None

opening.Opening = SeenOpening
sys.argv = ["ecg-live", "demo"]
main()
"""
HEAVY = {"torch", "scipy.signal", "scipy.stats", "sklearn", "pandas", "matplotlib", "PyQt6.QtWidgets"}


@pytest.mark.parametrize("words", [("demo",), ("run", str(demo_recording()))], ids=["demo", "run"])
def test_a_session_starts_without_pytorch(words: tuple[str, ...], tmp_path: Path) -> None:
    options = ["--headless", "--json", "--speed", "max", *(["--seconds", "1"] if words[0] == "demo" else [])]
    lines, loaded = _run(tmp_path, *words, *options)
    assert lines[-1]["type"] == "summary"
    assert words[0] == "demo" or any(line["type"] == "prediction" for line in lines)
    assert not HEAVY & loaded


def test_a_bundle_is_scored_without_pytorch(tmp_path: Path) -> None:
    csv(tmp_path / "a.csv", 100)
    spans = [f"a.csv,a,{start},{start + 50},1,{name}" for start, name in ((0, "rest"), (50, "load"))]
    (tmp_path / "manifest.csv").write_text("\n".join(["file,subject,start_s,stop_s,rest,mental_load", *spans]) + "\n")
    (found,), loaded = _run(
        tmp_path, "evaluate", str(DEFAULT_MODEL), "--dataset", "manifest", "--data", ".", "--baseline", "0", "--json"
    )
    assert {row["set"] for row in found["rows"]} == {"adaptive"}
    assert not (HEAVY - {"scipy.signal"}) & loaded


def _run(folder: Path, *words: str) -> tuple[list[dict[str, Any]], set[str]]:
    """JSON lines of a command, and the modules that it loaded, on one thread."""
    command = [sys.executable, "-c", SCRIPT.format(names=THREAD_COUNTS), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
    (code, *loaded), threads = (line.split() for line in done.stderr.splitlines()[-2:])
    assert code == "0"
    assert "onnxruntime" in loaded
    assert threads == ["1"] * len(THREAD_COUNTS)
    return [json.loads(line) for line in done.stdout.splitlines()], set(loaded)


def test_a_session_is_shown_before_what_it_does_not_need_yet_is_loaded(tmp_path: Path) -> None:
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-c", BUILT_SESSION]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=True)
    loaded = set(done.stdout.split())
    assert {"PyQt6.QtWidgets", "devices.files.opensignals.hdf5", "ecg_live.session"} <= loaded
    later = {"onnx", "onnxruntime", "ssl", "importlib.metadata", "devices.files.xdf.xdf", "devices.files.text.csv"}
    assert not later & loaded
    assert not {"typer", "pydantic", "ecg_live.cli.app"} & loaded  # options are read by them, and it has none


@pytest.mark.parametrize("name", ["demo", "run", "open"])
def test_a_command_alone_is_that_among_all(name: str) -> None:
    app = window_app([name, "--help"])
    assert app is not None
    alone: Any = typer.main.get_command(app)
    assert list(alone.commands) == [name]
    helps = [group.commands[name].get_help(typer.Context(group.commands[name])) for group in (alone, ROOT_COMMAND)]
    assert helps[0] == helps[1]
    assert window_app(["devices"]) is window_app([]) is None


def test_the_start_page_is_shown_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    environ = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "ECG_LIVE_DATA": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    command = [sys.executable, "-c", START_PAGE]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=True)
    loaded = set(done.stdout.split())
    assert "ecg_live.dashboard.desk.window" in loaded
    heavy = (HEAVY - {"PyQt6.QtWidgets"}) | {
        "pyqtgraph",
        "typer",
        "pylsl",
        "bleak",
        "onnxruntime",
        "h5py",
        "devices",
        "scipy",
    }
    assert not heavy & loaded
