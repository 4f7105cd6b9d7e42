"""Windows are changed as the settings say, each by an amount of its own, and nothing is changed without them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor

from training.pretext.input_augmentation import augment_input, draw_augmentation
from training.pretext.objective import new_network
from training.pretext.train_step import Trainer
from training.settings import PRESETS, AugmentSettings, PretextSettings

N, LENGTH = 64, 1024


def waves() -> Tensor:
    """Windows (64, 1024) of a sine of 2 Hz and 1 mV."""
    return torch.sin(2 * math.pi * 2 * torch.arange(LENGTH) / 256).repeat(N, 1)


def augmented(settings: AugmentSettings, seed: int = 0) -> Tensor:
    draws = draw_augmentation(N, LENGTH, Generator().manual_seed(seed))
    return augment_input(waves(), draws, settings)


def test_the_presets_change_nothing() -> None:
    assert all(not each.pretext.augment.active for each in PRESETS.values())
    assert augmented(AugmentSettings()).equal(waves())


def test_draws_decide_everything() -> None:
    settings = AugmentSettings(0.5, 0.5, 0.1, 0.5)
    assert augmented(settings).equal(augmented(settings))
    assert not augmented(settings).equal(augmented(settings, seed=1))
    assert augmented(settings).isfinite().all()


def test_noise_and_motion_are_shares_of_the_deviation() -> None:
    for settings in (AugmentSettings(noise=0.5), AugmentSettings(motion=0.5)):
        added = (augmented(settings) - waves()).std(dim=1) / waves().std()
        assert 0 < float(added.min()) < 0.1
        assert 0.2 < float(added.max()) < 0.6


def test_a_movement_is_slow_and_lasts_a_while() -> None:
    added = augmented(AugmentSettings(motion=1.0)) - waves()
    power = torch.fft.rfft(added).abs().square().sum(dim=0)
    assert float(power[: 5 * LENGTH // 256].sum() / power.sum()) > 0.98  # below 5 Hz
    still = (added.abs() < 1e-6).float().mean(dim=1)
    assert float(still.max()) > 0.5


def test_scale_is_as_often_up_as_down() -> None:
    factor = augmented(AugmentSettings(scale=1.0)).std(dim=1) / waves().std()
    assert 0.5 <= float(factor.min()) < 0.7
    assert 1.4 < float(factor.max()) <= 2.0
    assert 0.3 < float((factor > 1).float().mean()) < 0.7


def test_resampling_changes_the_pace_and_keeps_the_middle() -> None:
    found = augmented(AugmentSettings(resample=0.2))
    crossings = (found[:, 1:] * found[:, :-1] < 0).sum(dim=1)
    assert int(crossings.min()) <= 13
    assert int(crossings.max()) >= 17
    middle = waves()[:, LENGTH // 2 - 1 : LENGTH // 2 + 1]
    torch.testing.assert_close(found[:, LENGTH // 2 - 1 : LENGTH // 2 + 1], middle, atol=0.01, rtol=0)
    runs = (found[:, 1:] == found[:, :-1]).float().mean()
    assert float(runs) < 0.01  # nothing is repeated where a window ends


def test_a_step_uses_them_and_can_be_repeated() -> None:
    windows = np.random.default_rng(0).standard_normal((8, 256)).astype(np.float32)
    plain = PretextSettings(batch=2)

    def loss(settings: PretextSettings) -> float:
        trainer = Trainer(new_network(settings), windows, settings, Fabric(accelerator="cpu", devices=1))
        return trainer.step(0, 10, False)[0]

    varied = replace(plain, augment=AugmentSettings(noise=1.0))
    assert loss(varied) == loss(varied) != loss(plain)
