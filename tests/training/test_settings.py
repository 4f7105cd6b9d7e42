"""Presets, files and single values, one over the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from ecg_live.errors import ConfigError
from training.settings import PAPER_SETTINGS, load_settings
from training.sweep.plan import read_plan


@pytest.mark.parametrize(
    ("dataset", "layers", "dropout", "l2", "label"),
    [
        ("wesad", 2, 0.0, 0.0, "largest"),
        ("swell", 2, 0.0, 0.0, "inside"),
        ("dreamer", 3, 0.2, 1e-4, "inside"),
        ("amigos", 3, 0.4, 0.0, "inside"),
        ("eegmat", 2, 0.0, 0.0, "inside"),
    ],
)
def test_the_papers_network_is_that_of_the_data_set(
    dataset: str, layers: int, dropout: float, l2: float, label: Literal["inside", "largest"], tmp_path: Path
) -> None:
    head = replace(PAPER_SETTINGS.head, hidden=(512,) * layers, dropout=dropout, l2=l2)
    found = load_settings("paper", dataset=dataset)
    assert found == replace(PAPER_SETTINGS, head=head, corpus=replace(PAPER_SETTINGS.corpus, label=label))
    assert load_settings("fast", dataset=dataset) == load_settings("fast")
    spec = tmp_path / "sweep.toml"
    spec.write_text(f'[run]\ndataset = "{dataset}"\ndata = "."\npreset = "paper"\n[grid]\nseed = [0]\n')
    assert read_plan(spec, tmp_path).cells[0].settings == found


def test_a_file_and_single_values_come_over_the_papers_network(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[head]\ndropout = 0.1\nl2 = 0.5\n")
    found = load_settings("paper", file, {"head.l2": 0.25}, dataset="dreamer").head
    assert (found.hidden, found.dropout, found.l2) == ((512,) * 3, 0.1, 0.25)


@pytest.mark.parametrize("inputs", ["auto", "embedding", "hrv", "both"])
def test_inputs_of_the_head_can_be_named(inputs: str) -> None:
    assert load_settings(single={"head.inputs": inputs}).head.inputs == inputs


def test_other_inputs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"head.inputs: inputs is 'pulse'; it is one of auto, embedding, hrv, both"):
        load_settings(single={"head.inputs": "pulse"})
