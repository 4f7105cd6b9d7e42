"""The manual's notebook runs, and its stored outputs are what its cells give."""

from __future__ import annotations

import copy
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOK: dict[str, Any] = json.loads((DOCS / "pages" / "notebook.ipynb").read_text(encoding="utf-8"))


def outputs(notebook: dict[str, Any]) -> dict[str, list[str]]:
    """By cell: what it prints, and the kinds of its figures, whose bytes depend on matplotlib's version."""
    return {
        cell["id"]: ["".join(each.get("text", each.get("data", ()))) for each in cell["outputs"]]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    }


def test_cells_run_in_order_and_give_the_stored_outputs() -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib (extra 'train')")
    script = runpy.run_path(str(DOCS / "notebook.py"))
    made = copy.deepcopy(NOTEBOOK)
    names = script["run_cells"](made)
    assert outputs(made) == outputs(NOTEBOOK)
    assert [cell for cell, found in outputs(made).items() if found == ["image/png"]] == [
        "plot-window",
        "plot-predictions",
    ]
    assert names["features"].shape == (len(names["windows"]), 131)
    assert {record["head"] for record in names["records"]} == {names["model"].heads[0].name}


def test_it_uses_the_public_interface_only() -> None:
    code = [line for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code" for line in cell["source"]]
    assert {line.split()[1] for line in code if line.startswith(("import", "from"))} == {
        "ecg_live",
        "matplotlib.pyplot",
        "numpy",
    }


def test_it_is_a_notebook_of_a_format_that_is_read_everywhere() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]
    assert len(set(ids)) == len(ids)
    assert all({"cell_type", "id", "metadata", "source"} <= cell.keys() for cell in NOTEBOOK["cells"])
    counts = [cell["execution_count"] for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
