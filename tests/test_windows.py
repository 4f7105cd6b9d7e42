"""All modules load on Windows, and what has a way of its own there works; simulated by masking what Windows lacks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("torch", "lightning_fabric", "sklearn", "pooch", "matplotlib")


@pytest.mark.skipif(not all(map(find_spec, NEEDED)), reason="every module is imported: needs the extra train")
def test_modules_load_and_features_work_without_the_unix_parts_of_python(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.windows_program", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.pop("modules") > 250
    assert found == {
        "unmasked": {},
        "masked": {},
        "signals": [signal.SIGINT, signal.SIGTERM],
        "blocked": True,
        "log": True,
        "copied": True,
        "being written": False,
        "marker": [1.5, True],
        "pseudo-terminal": "this system has no pseudo-terminals (use Linux or macOS)",
    }
