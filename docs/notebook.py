"""Run the manual's notebook and store its outputs: ``python docs/notebook.py``. Needs the extra ``train``.

The outputs are committed; a test compares the printed ones with what the cells print.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

NOTEBOOK = Path(__file__).with_name("pages") / "notebook.ipynb"
DPI = 72


def run_cells(notebook: dict[str, Any]) -> dict[str, Any]:
    """Run the code cells in order in one namespace, which is returned, and replace their outputs."""
    mpl.use("Agg")
    names: dict[str, Any] = {}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)  # noqa: S102 - our own notebook
        cell["execution_count"] = number
        cell["outputs"] = [*_stream(printed.getvalue()), *_figures()]
    return names


def _stream(text: str) -> Iterator[dict[str, Any]]:
    if text:
        yield {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}


def _figures() -> Iterator[dict[str, Any]]:
    """The open figures, as a notebook shows them after a cell."""
    for number in plt.get_fignums():
        image = io.BytesIO()
        plt.figure(number).savefig(image, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
        plt.close(number)
        data = {"image/png": base64.b64encode(image.getvalue()).decode()}
        yield {"data": data, "metadata": {}, "output_type": "display_data"}


if __name__ == "__main__":
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    run_cells(content)
    NOTEBOOK.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
