"""``ecg-live study`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.command_line import ecg_live

STUDY = """\
name = "Lab [stress]"
participants = ["P01", "P02"]
order = "counterbalanced"
[[blocks]]
name = "rest"
seconds = 60
[[blocks]]
name = "task"
until = "key"
"""


def test_the_plan_of_all_participants(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    shown = ecg_live("study", path)
    assert shown.returncode == 0
    assert "Lab [stress]" in shown.stdout
    assert shown.stdout.index("P01") < shown.stdout.index("rest (60 s)") < shown.stdout.index("P02")
    assert json.loads(ecg_live("study", path, "--json").stdout) == {"P01": ["rest", "task"], "P02": ["task", "rest"]}


def test_blocks_that_do_not_fit_beside_each_other_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY + "".join(f'[[blocks]]\nname = "b{number}"\nseconds = 9\n' for number in range(3, 500)))
    shown = ecg_live("study", path).stdout
    assert shown.startswith("Lab [stress]\n\nP01: 1 rest (60 s), ")
    assert all(f" b{number} (9 s)" in shown for number in range(3, 500))


def test_faults_take_one_line_and_exit_with_2(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace("seconds = 60", "secondes = 60"))
    refused = ecg_live("study", path)
    assert refused.returncode == 2
    assert f"{path}, line 6: blocks.1.secondes: unknown" in refused.stderr
    path.write_text(STUDY)
    unlisted = ecg_live("study", path, "--participant", "P09")
    assert unlisted.returncode == 2
    assert "'P09' is not one of the 2 participants" in unlisted.stderr
