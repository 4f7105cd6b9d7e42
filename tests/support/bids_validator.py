"""The BIDS validator of the field, which runs on Deno, with its schema inside: it needs no network."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

NAME = "bids-validator-deno"


def bids_errors(folder: Path) -> list[str]:
    """What the validator calls an error in a data set; skips the test where it cannot run."""
    try:
        program = next(Path(file.locate()) for file in files(NAME) or () if file.stem == NAME)
    except (PackageNotFoundError, StopIteration):
        pytest.skip(f"{NAME} is not installed")
    done = subprocess.run(
        [program, "--format", "json", "--max-rows=-1", folder],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        env=os.environ | {"DENO_NO_UPDATE_CHECK": "1"},
    )  # fmt: skip
    try:
        found = json.loads(done.stdout)
    except ValueError:
        pytest.skip(f"{NAME} cannot run here: {done.stderr.strip()[:200]}")
    assert found["summary"]["totalFiles"] > 0
    return [
        f"{each['code']} {each.get('location', '')} {each.get('issueMessage', '')}"
        for each in found["issues"]["issues"]
        if each["severity"] == "error"
    ]
