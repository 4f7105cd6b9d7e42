"""Bundled models by name, and what the second one may say of itself."""

from pathlib import Path

import pytest

from ecg_live.model.bundle import load_bundle
from ecg_live.model.chance import answering_sets, scored_row
from ecg_live.resources import DEFAULT_MODEL, MODELS_FOLDER, model_path


def test_a_model_is_a_file_or_the_name_of_a_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert model_path(None) == DEFAULT_MODEL
    assert model_path("stress") == MODELS_FOLDER / "stress.safetensors"
    assert model_path("mine.safetensors") == Path("mine.safetensors")
    assert model_path("../stress") == Path("../stress")
    (tmp_path / "stress").touch()
    assert model_path("stress") == Path("stress")


def test_the_stress_model_states_how_little_it_tells() -> None:
    bundle = load_bundle(model_path("stress"))
    (card,) = bundle.card.heads.values()
    assert (card.classes, card.split) == (("low", "high"), "median")
    assert "time since its start ranks a subject's windows with AUROC .74" in card.caveats[0]
    assert all(check["passed"] for check in card.scores["checks"])
    assert {row["set"] for row in card.scores["kept_back"]} == {"population", "adaptive", "personal"}
    for name in answering_sets(card):
        assert 0.5 < scored_row(card, name)["interval"][0] < 0.6
