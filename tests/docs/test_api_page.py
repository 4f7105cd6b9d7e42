"""The page on the Python interface: its examples run, its signatures are those of the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import ecg_live.api

PAGE = (Path(__file__).parents[2] / "docs" / "pages" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
HEADINGS = re.findall(r"^### ([\w.]+)(\(.*\))$", PAGE, re.MULTILINE)


def test_the_examples_run_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for code in EXAMPLES:
        exec(compile(code, "api.md", "exec"), names)  # noqa: S102 - our own page
    assert len(EXAMPLES) >= 6
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1000.0 PORT1_CHN1 417.15"
    assert "['first' 'second'] (41, 2)" in said
    assert f"torch.Size([8, 2560]) {['load'] * 8}" in said


@pytest.mark.parametrize(("name", "documented"), HEADINGS)
def test_signatures_are_those_of_the_code(name: str, documented: str) -> None:
    found: Any = ecg_live
    for part in name.split("."):
        found = getattr(found, part)
    signature = inspect.signature(found)
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    plain = [each for each in plain if each.name != "self"]
    without = signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    assert documented == str(without).replace("'", '"')


def test_every_public_name_is_documented() -> None:
    assert [name for name in ecg_live.__all__ if not re.search(rf"\b{name}\b", PAGE) and name != "__version__"] == []
