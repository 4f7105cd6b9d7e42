"""Settings and split are on disk, with digests, before anything is scored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecg_live.errors import DatasetError
from training.data.kept_back import SubjectSplit
from training.preregistration import register, registration_remark
from training.settings import PRESETS, TrainSettings, load_settings

SPLIT = SubjectSplit("made", 0.2, ("p1",), ("p0", "p2"))


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_file_is_the_settings_and_can_be_given_again(tmp_path: Path, preset: str) -> None:
    digests = register(tmp_path, "made", ["task"], PRESETS[preset], SPLIT)
    assert load_settings("fast", tmp_path / "settings.toml") == PRESETS[preset]
    for name, digest in digests.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    text = (tmp_path / "settings.toml").read_text(encoding="utf-8")
    assert f"sha256 {digests['split.json']}" in text
    assert "loses more than 0.1 of AUROC in another order" in text
    assert json.loads((tmp_path / "split.json").read_text(encoding="utf-8"))["kept_back"] == ["p1"]


def test_how_many_other_settings_a_folder_has_scored_is_counted(tmp_path: Path) -> None:
    first = register(tmp_path, "made", ["task"], TrainSettings(), SPLIT)
    assert register(tmp_path, "made", ["task"], TrainSettings(), SPLIT) == first
    assert "other settings" not in registration_remark(tmp_path, first)
    second = register(tmp_path, "made", ["task"], replace(TrainSettings(), seed=1), SPLIT)
    third = register(
        tmp_path, "made", ["task"], TrainSettings(), replace(SPLIT, kept_back=(), others=("p0", "p1", "p2"))
    )
    assert len({each["settings.toml"] for each in (first, second, third)}) == 3
    assert "2 other settings or splits were scored in the same folder" in registration_remark(tmp_path, third)
    with (tmp_path / "settings_log.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"settings.toml": "cut')
    assert "2 other settings" in registration_remark(tmp_path, third)


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    with pytest.raises(DatasetError, match="give another folder with --work") as caught:
        register(tmp_path, "made", ["task"], TrainSettings(), SPLIT)
    assert "\n" not in str(caught.value)
