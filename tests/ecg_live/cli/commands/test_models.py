"""``ecg-live models``: cards of bundled models, and of a user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecg_live.cli.commands.models import models
from ecg_live.errors import BundleError
from ecg_live.model.bundle import save_bundle
from tests.support.random_bundles import random_bundle


def test_the_card_of_a_model_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_bundle(random_bundle(), tmp_path / "mine.safetensors")
    models(tmp_path / "mine.safetensors")
    assert capsys.readouterr().out.startswith("mine: ")
    models(tmp_path / "mine.safetensors", as_json=True)
    assert list(json.loads(capsys.readouterr().out)) == ["mine"]
    models(as_json=True)
    assert list(json.loads(capsys.readouterr().out)) == ["mental_load", "stress"]
    (tmp_path / "no.safetensors").write_bytes(b"no")
    with pytest.raises(BundleError):
        models(tmp_path / "no.safetensors")
