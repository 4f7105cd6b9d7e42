"""A report as files: HTML, and JSON that can be read back."""

from __future__ import annotations

import json
import math
import numbers
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from ecg_live.atomic_write import write_whole
from ecg_live.errors import DatasetError, FormatError
from training.report.page import page
from training.results import TrainingReport

REPORT_SCHEMA = 1


def write_report(report: TrainingReport, html: Path, json_path: Path) -> None:
    """Write a report as JSON, then as HTML, each atomically; the same report gives the same bytes.

    Raises
    ------
    DatasetError
        If a file cannot be written; what was there before stays.
    """
    _write(json_path, to_json(report))
    _write(html, page(report))


def _write(path: Path, content: str) -> None:
    try:
        write_whole(path, content.encode())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "choose a place that can be written to") from error


def to_json(report: TrainingReport) -> str:
    """The report as JSON; NaN and infinity become null."""
    return json.dumps({"ecg_live_report": REPORT_SCHEMA, **_plain(report)}, indent=1, allow_nan=False) + "\n"


def read_report(path: Path) -> TrainingReport:
    """Read what `write_report` wrote; in ``settings``, lists come back where tuples were.

    Raises
    ------
    FormatError
        If the file is missing, or is no such report: the message names the field that is wrong.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror}", "check the path") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not JSON: {error}", "give the .json that training wrote") from error
    if not isinstance(content, dict) or content.get("ecg_live_report") != REPORT_SCHEMA:
        raise FormatError(f"{path}: no training report of schema {REPORT_SCHEMA}", "give the .json that training wrote")
    report: TrainingReport = _built(TrainingReport, content, f"{path}: report")
    return report


def _plain(value: Any) -> Any:
    """Values that JSON can hold; numpy scalars become Python's."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value)


def _has_default(field: Field[Any]) -> bool:
    """Whether a report of an older version may lack it."""
    return field.default is not MISSING or field.default_factory is not MISSING


def _built(kind: Any, value: Any, where: str) -> Any:
    """A value of the type ``kind`` from its JSON; ``where`` names it in messages."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in {types.UnionType, Union}:  # always with None
        return None if value is None else _built(inner[0], value, where)
    if is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        there = [each.name for each in fields(kind) if each.name in value]
        if missing := [each.name for each in fields(kind) if each.name not in value and not _has_default(each)]:
            raise FormatError(f"{where}.{missing[0]} is missing", "give the .json that training wrote")
        made = {name: _built(hints[name], value[name], f"{where}.{name}") for name in there}
        return kind(**made) if isinstance(kind, type) else None
    if origin is tuple and isinstance(value, list):
        if inner[-1] is Ellipsis:
            return tuple(_built(inner[0], each, f"{where}[{i}]") for i, each in enumerate(value))
        if len(value) == len(inner):
            return tuple(
                _built(one, each, f"{where}[{i}]") for i, (one, each) in enumerate(zip(inner, value, strict=True))
            )
    if origin is Mapping and isinstance(value, dict):
        return {key: _built(inner[1], each, f"{where}.{key}") for key, each in value.items()}
    if kind is float and (value is None or type(value) in {int, float}):
        return math.nan if value is None else float(value)
    if kind in {int, str, bool} and type(value) is kind:
        return value
    raise FormatError(f"{where} is {value!r}; expected {kind}"[:300], "give the .json that training wrote")
