"""The whole training script, on a few real people: what it writes is a model that runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ecg_live.bundled import DEFAULT_MODEL
from ecg_live.model.bundle import load_bundle
from training.pretext import PretextSettings
from training.train import main, random_encoder, stage_one


@pytest.fixture
def few(shared_data: Path, tmp_path: Path) -> Path:
    """A data folder with 14 records of one data set and 4 people of the other."""
    for name, patterns in {"cinc2017": ["A00[0-3]*"], "eegmat": [f"Subject0{i}_*.edf" for i in (0, 1, 4, 5)]}.items():
        (tmp_path / name).mkdir()
        for pattern in patterns:
            for path in sorted((shared_data / name).glob(pattern))[:28]:
                (tmp_path / name / path.name).symlink_to(path)
    return tmp_path


def test_both_stages_make_a_bundle_that_loads(few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    encoder, out = few / "encoder.safetensors", few / "model.safetensors"
    stage_one(few / "cinc2017", encoder, PretextSettings(epochs=0.6), held_out=4)
    main(few, out, encoder)
    bundle = load_bundle(out)
    rows = bundle.card.heads["mental_load"].scores["rows"]
    assert [(row["features"], row["baseline"]) for row in rows] == [
        ("majority", ""),
        *[(kind, baseline) for baseline in ("no", "60 s") for kind in ("HR + HRV", "random encoder", "this encoder")],
    ]
    assert all(0 <= row["auroc"] <= 1 for row in rows)
    assert all(row["people"] == 4 for row in rows)
    assert set(bundle.card.pretext["held_out_accuracy"]) == {
        "original", "noise", "scaling", "negation", "inversion", "permutation", "time_warp",
    }  # fmt: skip
    assert bundle.card.pretext["records"] == 10
    assert "held out" in capsys.readouterr().out


def test_the_bundled_model_learnt_something() -> None:
    bundle = load_bundle(DEFAULT_MODEL)
    ours, random = bundle.encoder.state_dict(), random_encoder().state_dict()
    assert all(not torch.allclose(ours[name], random[name]) for name in ours)
    rows = {(row["features"], row["baseline"]): row["auroc"] for row in bundle.card.heads["mental_load"].scores["rows"]}
    assert rows["this encoder", "no"] > rows["majority", ""]
    accuracy = bundle.card.pretext["held_out_accuracy"]
    assert np.mean([accuracy[task] for task in ("noise", "inversion", "permutation")]) > 0.98
