"""Sweep file: reads it, and makes one cell for each combination of the grid's values."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecg_live.config import read_toml
from ecg_live.errors import ConfigError
from training.settings import TrainSettings, as_dict, load_settings

RUN_KEYS = {
    "dataset": str,
    "data": str,
    "pretrain": list,
    "encoder": str,
    "label": str,
    "preset": str,
}  # options of ``ecg-live train``
TABLE_NAMES = ("run", "grid", "settings")
CELL_NAME_DIGITS = 12  # hexadecimal


@dataclass(frozen=True, slots=True)
class SweepCell:
    """One combination: ``values`` by dotted name, the settings with them, and the folder of its run."""

    name: str
    values: Mapping[str, Any]
    settings: TrainSettings
    folder: Path


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """``run`` is the table of that name with absolute paths; ``axes`` the grid's values by dotted name."""

    run: Mapping[str, Any]
    axes: Mapping[str, tuple[Any, ...]]
    cells: tuple[SweepCell, ...]


def read_plan(spec: Path, out: Path) -> SweepPlan:
    """Read a sweep file: ``[run]``, ``[grid]`` with dotted settings and lists of their values, ``[settings]`` of all.

    Raises
    ------
    ConfigError
        If it cannot be read, or a name or value is unknown.
    """
    content = read_toml(spec)
    if unknown := set(content) - {*TABLE_NAMES}:
        raise ConfigError(f"{spec}: unknown table {min(unknown)}; known are {', '.join(TABLE_NAMES)}", "mend the name")
    run, axes = _run(content.get("run"), spec), _axes(content.get("grid"), spec)
    fixed = content.get("settings", {})
    if not isinstance(fixed, dict):
        raise ConfigError(f"{spec}: settings is {fixed!r}; it must be a table", "write [settings]")
    chosen = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    cells = [_cell(run, _flat(fixed), values, out) for values in chosen]
    if len({cell.name for cell in cells}) < len(cells):
        raise ConfigError(f"{spec}: a value of the grid is listed twice", "list each once")
    return SweepPlan(_absolute(run), axes, tuple(cells))


def _run(table: Any, spec: Path) -> dict[str, Any]:
    if not isinstance(table, dict) or not {"dataset", "data"} <= set(table):
        raise ConfigError(f"{spec}: expected a table [run] with dataset and data", "add it")
    for name, value in table.items():
        if name not in RUN_KEYS:
            raise ConfigError(f"{spec}: run.{name} is unknown; known are {', '.join(RUN_KEYS)}", "mend the name")
        if not isinstance(value, RUN_KEYS[name]) or (
            RUN_KEYS[name] is list and not all(isinstance(one, str) for one in value)
        ):
            kind = "list of text" if RUN_KEYS[name] is list else "text"
            raise ConfigError(f"{spec}: run.{name} is {value!r}; it must be a {kind}", "mend the value")
    return table


def _axes(grid: Any, spec: Path) -> dict[str, tuple[Any, ...]]:
    """The grid's lists by dotted name, quoted or not."""
    axes = _flat(grid) if isinstance(grid, dict) else {}
    if not axes:
        raise ConfigError(f"{spec}: expected a table [grid] of settings with their values", "add it")
    for name, values in axes.items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{spec}: grid.{name} is {values!r}; it must be a list of values", "mend the value")
    return {name: tuple(values) for name, values in axes.items()}


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return found


def _cell(run: Mapping[str, Any], fixed: Mapping[str, Any], values: Mapping[str, Any], out: Path) -> SweepCell:
    """A cell, named by a hash of everything that decides its result."""
    settings = load_settings(run.get("preset", "fast"), None, {**fixed, **values}, dataset=run["dataset"])
    described = json.dumps([run, as_dict(settings)], sort_keys=True)
    name = hashlib.sha256(described.encode()).hexdigest()[:CELL_NAME_DIGITS]
    return SweepCell(name, values, settings, out.absolute() / "cells" / name)


def _absolute(run: Mapping[str, Any]) -> dict[str, Any]:
    """The ``[run]`` table with absolute paths, as other processes may have another working folder."""
    paths: dict[str, Any] = {name: str(Path(run[name]).absolute()) for name in ("data", "encoder") if name in run}
    if "pretrain" in run:
        paths["pretrain"] = [str(Path(one).absolute()) for one in run["pretrain"]]
    return {**run, **paths}
