"""What a session loads before its first sample: neither PyTorch nor the parts of SciPy that take most of a second."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ecg_live.cli.one_thread import THREAD_COUNTS
from ecg_live.resources import demo_recording

SCRIPT = """
import os, sys
from ecg_live.cli import main
try:
    main()
except SystemExit as end:
    print(end.code, *sys.modules, file=sys.stderr)
    print(*(os.environ[name] for name in {names}), file=sys.stderr)
"""
HEAVY = {"torch", "scipy.signal", "scipy.stats", "sklearn", "pandas", "matplotlib", "PyQt6.QtWidgets"}


@pytest.mark.parametrize("words", [("demo",), ("run", str(demo_recording()))], ids=["demo", "run"])
def test_a_session_starts_without_pytorch(words: tuple[str, ...], tmp_path: Path) -> None:
    options = ["--headless", "--json", "--speed", "max", *(["--seconds", "1"] if words[0] == "demo" else [])]
    command = [sys.executable, "-c", SCRIPT.format(names=THREAD_COUNTS), *words, *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["type"] == "summary"
    assert words[0] == "demo" or any(line["type"] == "prediction" for line in lines)
    (code, *loaded), threads = (line.split() for line in done.stderr.splitlines()[-2:])
    assert code == "0"
    assert not HEAVY & set(loaded)
    assert "onnxruntime" in loaded
    assert threads == ["1"] * len(THREAD_COUNTS)
