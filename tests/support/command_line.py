"""The command line, in this process or in one of its own, and what it says."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from ecg_live.cli import main
from ecg_live.resources import recordings_folder
from tests.support.warm_program import run_warm

ECG = recordings_folder() / "supine_1min.txt"
CLEAN = {key: value for key, value in os.environ.items() if key not in {"DISPLAY", "WAYLAND_DISPLAY"}}


def process(*arguments: object, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a process of its own, without a display."""
    return run_warm(*arguments, env=CLEAN | {"QT_QPA_PLATFORM": ""} | (environ or {}))


def ecg_live(*arguments: object, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in this process, which has torch loaded already."""
    command, out, err = ["ecg-live", *map(str, arguments)], io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, CLEAN | {"QT_QPA_PLATFORM": ""} | (environ or {}), clear=True),
        mock.patch.object(sys, "argv", command),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return subprocess.CompletedProcess(command, int(ended.value.code or 0), out.getvalue(), err.getvalue())


def run_json(path: object, *options: object) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, lines and complaint of ``run PATH --headless --json --speed max``."""
    done = ecg_live("run", path, "--headless", "--json", "--speed", "max", *options)
    assert "Traceback" not in done.stderr
    lines = [json.loads(line, parse_constant=_refuse_constant) for line in done.stdout.splitlines()]
    return done.returncode, lines, done.stderr


def _refuse_constant(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


def of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


def write_csv(path: Path, samples: np.ndarray[Any, Any], header: str = "time,ECG") -> Path:
    """A CSV at 250 Hz with a time column."""
    rows = [f"{i / 250:.4f},{value}" for i, value in enumerate(samples.tolist())]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path
