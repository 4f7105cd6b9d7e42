"""The manual's command reference says what the command line says."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_committed_page_is_what_the_script_makes() -> None:
    made = runpy.run_path(str(DOCS / "commands.py"))["page"]()
    committed = (DOCS / "pages" / "commands.md").read_text(encoding="utf-8")
    assert committed == made, "the command line has changed: run python docs/commands.py"
    assert made.count("\n### ecg-live ") >= 15
