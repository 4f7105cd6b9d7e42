"""A checkpoint is whole or not there, is of its own run, and says so when the disk is full."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ecg_live.errors import ModelError
from tests.emulators.full_disk import FULL, full_disk
from training.pretext.checkpoint import Checkpoint, read_checkpoint, save_checkpoint

KEY = {"rate": 0.1, "tasks": ("noise", "scaling"), "corpus": "a"}


def tensors() -> dict[str, Tensor]:
    """Tensors of several kinds, one of them not laid out in order."""
    return {"net.w": torch.randn(4, 3).T, "adam.0.step": torch.tensor(7.0), "bits": torch.tensor([True, False])}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint of step 7 in a folder of its own."""
    path = tmp_path / "folder" / "run.safetensors"
    save_checkpoint(path, KEY, Checkpoint(7, tensors(), {"loss": [0.1 + 0.2]}))
    return path


def test_what_was_written_comes_back_to_the_bit(tmp_path: Path) -> None:
    path, given = tmp_path / "run.safetensors", tensors()
    assert read_checkpoint(path, KEY) is None
    save_checkpoint(path, KEY, Checkpoint(7, given, {"loss": [0.1 + 0.2]}))
    found = read_checkpoint(path, KEY)
    assert found is not None
    assert (found.step, found.log) == (7, {"loss": [0.1 + 0.2]})
    assert found.tensors.keys() == given.keys()
    assert all(found.tensors[name].equal(value) for name, value in given.items())
    assert [each.name for each in tmp_path.iterdir()] == [path.name], "nothing is left lying about"


def test_a_full_disk_leaves_the_last_good_one_and_says_which(path: Path) -> None:
    before = path.read_bytes()
    told = rf"step 9 was not saved: {FULL}.*checkpoint of step 7 is safe"
    with full_disk(), pytest.raises(ModelError, match=told) as caught:
        save_checkpoint(path, KEY, Checkpoint(9, tensors(), {}))
    assert "run the same command again" in caught.value.remedy
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    save_checkpoint(path, KEY, Checkpoint(9, tensors(), {}))


def test_a_full_disk_at_the_first_checkpoint(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(ModelError, match="there is no earlier one"):
        save_checkpoint(tmp_path / "run", KEY, Checkpoint(1, tensors(), {}))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="step 1 was not saved"):
        save_checkpoint(tmp_path / "file" / "run", KEY, Checkpoint(1, tensors(), {}))


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (KEY | {"rate": 0.2}, "rate 0.1; this one has 0.2"),
        (KEY | {"corpus": "b"}, "corpus a; this one has b"),
        (KEY | {"padding": "same"}, "padding None; this one has same"),
    ],
)
def test_another_run_is_refused_by_what_differs(key: dict[str, object], named: str, path: Path) -> None:
    with pytest.raises(ModelError, match=named) as caught:
        read_checkpoint(path, key)
    assert "another folder" in caught.value.remedy


@pytest.mark.parametrize("keep", [0, 5, 100, -20, -1])
def test_a_cut_file_is_refused(keep: int, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"not a complete safetensors file|not a regular file"):
        read_checkpoint(path, KEY)


def test_a_flipped_bit_is_found(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="checksum"):
        read_checkpoint(path, KEY)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    save_file({"w": torch.ones(2)}, tmp_path / "other", {"ecg_live": "{}"})
    save_file({"w": torch.ones(2)}, tmp_path / "old", {"ecg_live_checkpoint": '{"schema": 0}'})
    save_file({"w": torch.ones(2)}, tmp_path / "odd", {"ecg_live_checkpoint": '{"schema": 1}'})
    torch.save({"w": torch.ones(2)}, tmp_path / "pickle")
    (tmp_path / "folder").mkdir()
    for name in ("other", "old", "odd", "pickle", "folder"):
        with pytest.raises(ModelError, match=r"no checkpoint|of schema|checksum|is a pickle|not a regular file"):
            read_checkpoint(tmp_path / name, KEY)
