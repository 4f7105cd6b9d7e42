"""An encoder that goes on learning with labels: a copy, the same each time, which tells the classes further apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ecg_live.errors import ModelError
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.model.torch_weights import module_arrays
from training.networks import TrainableEncoder
from training.pretext.embedding import random_encoder
from training.pretext.fine_tune import fine_tune

CPU = torch.device("cpu")
SAMPLES = 512  # of short windows, which the layers take as well
LABEL = np.tile([0, 1], 8)
NOISE = np.random.default_rng(0).standard_normal((16, SAMPLES))
WINDOWS = (NOISE + np.where(LABEL[:, None] == 1, np.sin(np.arange(SAMPLES) / 4), 0)).astype(np.float32)


def separation(encoder: TrainableEncoder) -> float:
    """Distance of the class means, in standard deviations within the classes."""
    with torch.inference_mode():
        x = encoder(torch.from_numpy(WINDOWS)).numpy()
    zero, one = x[LABEL == 0], x[LABEL == 1]
    spread = np.sqrt((zero.var(axis=0) + one.var(axis=0)).sum() / 2)
    return float(np.linalg.norm(one.mean(axis=0) - zero.mean(axis=0)) / spread)


def test_a_copy_learns_to_tell_classes_apart() -> None:
    encoder = random_encoder(seed=1)
    before = tensors_sha256(module_arrays(encoder))
    done: list[int] = []
    tuned = fine_tune(encoder, WINDOWS, LABEL, 24, 0, CPU, done.append)
    assert done == [*range(1, 25)]
    assert tensors_sha256(module_arrays(encoder)) == before
    assert separation(tuned) > 1.3 * separation(encoder)
    once, again, other = (fine_tune(encoder, WINDOWS[:4], LABEL[:4], 1, seed, CPU) for seed in (0, 0, 1))
    assert tensors_sha256(module_arrays(once)) == tensors_sha256(module_arrays(again))
    assert tensors_sha256(module_arrays(once)) != tensors_sha256(module_arrays(other))


def test_weights_that_are_no_numbers_are_said() -> None:
    broken = WINDOWS[:4].copy()
    broken[2] = np.inf
    with pytest.raises(ModelError, match="epoch 1 of fine-tuning: weights are not finite"):
        fine_tune(random_encoder(seed=1), broken, LABEL[:4], 2, 0, CPU)
