"""The manual's page on studies: its example is a study file, and its table has all keys."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ecg_live.study.file import parse_study
from ecg_live.study.plan import Block, SelfReport, Study

PAGE = (Path(__file__).parents[2] / "docs" / "pages" / "study.md").read_text(encoding="utf-8")


def test_the_example_is_a_study_file() -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    study = parse_study(example[1], Path("study.toml"))
    assert [block.name for block in study.blocks] == ["rest", "arithmetic", "talk"]


def test_all_keys_of_the_file_are_in_the_table() -> None:
    table = PAGE.split("## All keys of the file", 1)[1].split("\n## ", 1)[0]
    documented = set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE))
    wanted = {field.name for field in fields(Study)} - {"keys", "self_reports"} | {"keys.1"}
    wanted |= {f"blocks.{field.name}" for field in fields(Block)} - {"blocks.until_marker"} | {"blocks.until"}
    wanted |= {f"self_reports.NAME.{field.name}" for field in fields(SelfReport)} - {"self_reports.NAME.name"}
    assert documented == wanted
