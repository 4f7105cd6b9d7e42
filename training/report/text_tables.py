"""Tables as text for a paper: markdown or LaTeX by the file's suffix."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ecg_live.atomic_write import write_whole
from ecg_live.errors import ConfigError, DatasetError

TEXT_SUFFIXES = (".md", ".tex")
_LATEX_CHARACTERS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{each: f"\\{each}" for each in "&%$#_{}"},
    "\u2212": "$-$",
    "\u00b1": r"$\pm$",
    "\u2192": r"$\rightarrow$",
}


class PaperTable(NamedTuple):
    """A table of text; its first ``words`` columns hold words, the others numbers, which stand to the right."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


def check_text_path(path: Path, option: str = "--table") -> None:
    """Refuse a file that no table of text can be written to, before anything is computed.

    Raises
    ------
    ConfigError
        Its suffix is unknown, it is a folder, or its folder is missing or closed.
    """
    if path.suffix.lower() not in TEXT_SUFFIXES:
        found = f"{option} {path}: the suffix is {path.suffix or 'missing'}; known are {', '.join(TEXT_SUFFIXES)}"
        raise ConfigError(found, "rename it")
    if path.is_dir():
        raise ConfigError(f"{option} {path}: it is a folder", "name a file")
    if not path.parent.is_dir():
        raise ConfigError(f"{option} {path}: there is no folder {path.parent}", "make it, or choose another")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{option} {path}: the folder {path.parent} cannot be written to", "choose another")


def write_text_tables(path: Path, tables: Sequence[PaperTable]) -> None:
    """Write tables one after the other; those without rows are left out. Only the user may read the file.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    render = _latex if path.suffix.lower() == ".tex" else _markdown
    text = "\n".join(render(each) for each in tables if each.rows)
    try:
        write_whole(path, text.encode("utf-8", "backslashreplace"), private=True)
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "choose a place that can be written to") from error


def _markdown(table: PaperTable) -> str:
    lines = [table.header, ("---",) * table.words + ("--:",) * (len(table.header) - table.words), *table.rows]
    cells = ["| " + " | ".join(_markdown_cell(cell) for cell in line) + " |" for line in lines]
    return "\n".join([f"### {table.title}", "", *cells, ""])


def _markdown_cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _latex(table: PaperTable) -> str:
    """A table for the package booktabs."""
    columns = "l" * table.words + "r" * (len(table.header) - table.words)
    body = [" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in (table.header, *table.rows)]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_latex_cell(table.title)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        body[0],
        r"\midrule",
        *body[1:],
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)


def _latex_cell(text: str) -> str:
    return " ".join("".join(_LATEX_CHARACTERS.get(each, each) for each in text).split())
