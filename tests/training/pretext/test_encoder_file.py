"""An encoder file brings back the encoder and whom it has seen, or says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ecg_live.errors import ModelError
from ecg_live.model.torch_weights import as_arrays
from training.pretext.embedding import random_encoder
from training.pretext.encoder_file import ENCODER_FORMAT, EncoderCard, read_encoder, save_encoder

CARD = EncoderCard("same", {"wesad": ("S2", "S3"), "eegmat": ()}, {"windows": 12, "accuracy": {"noise": 0.5}})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A whole file."""
    path = tmp_path / "encoder.safetensors"
    save_encoder(random_encoder("same"), CARD, path)
    return path


def test_encoder_and_card_come_back(path: Path) -> None:
    encoder, card = read_encoder(path)
    assert card == CARD
    assert not encoder.training
    windows = torch.randn(2, 400)
    assert encoder(windows).equal(random_encoder("same")(windows))


def test_a_state_space_encoder_comes_back(tmp_path: Path) -> None:
    encoder = random_encoder(seed=3, kind="s4d")
    save_encoder(encoder, replace(CARD, padding="valid", kind="s4d"), tmp_path / "encoder")
    found, card = read_encoder(tmp_path / "encoder")
    assert card.kind == "s4d"
    with torch.inference_mode():
        windows = torch.randn(2, 400)
        assert found(windows).equal(encoder(windows))


@pytest.mark.parametrize("keep", [0, 7, 200, -50])
def test_a_cut_file_is_refused(keep: int, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match="not a complete safetensors file"):
        read_encoder(path)


def test_a_flipped_bit_is_found(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="checksum"):
        read_encoder(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_encoder(tmp_path / "none")
    with pytest.raises(ModelError):
        read_encoder(tmp_path)


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({}, "but holds no encoder"),
        ({"ecg_live": "{}"}, "but holds no encoder"),
        ({"ecg_live_encoder": "[]"}, "schema list"),
        ({"ecg_live_encoder": "{"}, "is not JSON"),
        ({"ecg_live_encoder": '{"schema": 0, "card": {"padding": "same", "seen": {}, "made": {}}}'}, "schema 0"),
        ({"ecg_live_encoder": '{"schema": 2, "card": {"padding": "same", "seen": {}, "made": {}}}'}, "checksum"),
    ],
)
def test_another_file_is_refused(meta: dict[str, str], said: str, path: Path) -> None:
    save_file(load_file(path), path, meta)
    with pytest.raises(ModelError, match=said):
        read_encoder(path)


@pytest.mark.parametrize(
    "card",
    [
        {"padding": "same", "seen": {}},
        {"padding": "same", "seen": [], "made": {}},
        {"padding": "odd", "seen": {}, "made": {}},
        [],
    ],
)
def test_a_card_that_cannot_be_is_refused(card: object, path: Path) -> None:
    ENCODER_FORMAT.write(path, as_arrays(load_file(path)), {"card": card})
    with pytest.raises(ModelError, match="holds no encoder"):
        read_encoder(path)


def test_a_card_that_was_changed_is_refused(path: Path) -> None:
    content = path.read_bytes()
    assert content.count(b"eegmat") == 1
    path.write_bytes(content.replace(b"eegmat", b"eegmau"))
    with pytest.raises(ModelError, match="checksum"):
        read_encoder(path)


def test_other_tensors_are_refused(path: Path, tmp_path: Path) -> None:
    other = torch.nn.Linear(2, 2)
    other.padding = "same"  # type: ignore[assignment]  # a module takes any attribute
    save_encoder(other, CARD, tmp_path / "other")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(ModelError, match=r"convs.0.weight should be float32 \(32, 1, 1, 32\), found nothing"):
        read_encoder(tmp_path / "other")


def test_a_place_that_takes_no_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="choose a place"):
        save_encoder(random_encoder(), replace(CARD, padding="valid"), tmp_path / "file" / "encoder")
