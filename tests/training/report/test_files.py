"""A report comes back from JSON as it was, and what is no report is refused by name."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.errors import FormatError
from tests.support.invented_report import report
from training.report import read_report, write_report
from training.results import TrainingReport


def stored(folder: Path, made: TrainingReport) -> Path:
    write_report(made, folder / "r.html", folder / "r.json")
    return folder / "r.json"


def test_a_report_comes_back(tmp_path: Path) -> None:
    assert read_report(stored(tmp_path, report())) == report()
    assert read_report(stored(tmp_path, replace(report(), pretext=None))).pretext is None


def test_what_is_no_number_comes_back_as_such(tmp_path: Path) -> None:
    made = report()
    first = made.labels[0].rows[0]
    odd = replace(first, scores=replace(first.scores, auroc=None, ece=math.nan, brier=math.inf))
    label = replace(made.labels[0], rows=(odd,))
    back = read_report(stored(tmp_path, replace(made, labels=(label,)))).labels[0].rows[0].scores
    assert back.auroc is None
    assert math.isnan(back.ece)
    assert math.isnan(back.brier)


def test_settings_of_any_kind_can_be_written(tmp_path: Path) -> None:
    made = replace(report(), settings={"tasks": ("a", "b"), "file": tmp_path, "deep": {"x": None, 3: [1.5, True]}})
    back = read_report(stored(tmp_path, made)).settings
    assert back == {"tasks": ["a", "b"], "file": str(tmp_path), "deep": {"x": None, "3": [1.5, True]}}


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    made = replace(report(), seconds=np.float64(2.5), settings={"n": np.int64(3), "x": np.float32(0.5)})
    back = read_report(stored(tmp_path, made))
    assert (back.seconds, back.settings) == (2.5, {"n": 3, "x": 0.5})


def mend(content: Any, path: str, value: object) -> None:
    *most, last = (int(key) if key.isdecimal() else key for key in path.split("."))
    for key in most:
        content = content[key]
    content[last] = value


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("name", 3, "report.name is 3"),
        ("seconds", "long", "report.seconds is 'long'"),
        ("labels", {}, "report.labels is {}"),
        ("labels.0.rows.2.scores.windows", 1.5, r"labels\[0\].rows\[2\].scores.windows is 1.5"),
        ("labels.0.rows.2.scores.windows", True, "windows is True"),
        ("labels.0.rows.5.interval.auroc", [0.1], r"interval.auroc is \[0.1\]"),
        ("labels.0.rows.5.confusion", [[1, "a"]], r"confusion\[0\]\[1\] is 'a'"),
        ("labels.0.rows.5.reliability.0", [1.0, 2.0], r"reliability\[0\] is"),
        ("pretext.accuracy", [], r"pretext.accuracy is \[\]"),
        ("examples.0", "x", r"examples\[0\] is 'x'"),
        ("ecg_live_report", 2, "no training report of schema 1"),
    ],
)
def test_a_field_that_is_wrong_is_named(tmp_path: Path, path: str, value: object, complaint: str) -> None:
    file = stored(tmp_path, report())
    content = json.loads(file.read_text())
    mend(content, path, value)
    file.write_text(json.dumps(content))
    with pytest.raises(FormatError, match=complaint):
        read_report(file)


def test_a_field_that_is_missing_is_named(tmp_path: Path) -> None:
    file = stored(tmp_path, report())
    content = json.loads(file.read_text())
    del content["labels"][0]["rows"][1]["scores"]["ece"]
    file.write_text(json.dumps(content))
    with pytest.raises(FormatError, match=r"labels\[0\].rows\[1\].scores.ece is missing"):
        read_report(file)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(FormatError, match=r"r.json: no[t ]"):
        read_report(tmp_path / "r.json")
    with pytest.raises(FormatError, match="No such file"):
        read_report(tmp_path / "none.json")
