"""Rates are those of torch's own one-cycle and of the paper; orders are fresh every epoch."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch

from training.pretext.lr_schedule import batch_indices, derive_seed, rate_and_momentum, total_steps
from training.settings import PretextSettings

SETTINGS = PretextSettings(batch=4)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 10, 100])
def test_a_cycle_is_torchs(steps: int) -> None:
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, SETTINGS.rate, total_steps=steps)
    for step in range(steps):
        group = optimizer.param_groups[0]
        assert rate_and_momentum(step, steps, SETTINGS) == pytest.approx((group["lr"], group["betas"][0]), rel=1e-9)
        optimizer.step()
        if step < steps - 1:
            theirs.step()


def test_steps_lose_a_tenth_every_10000() -> None:
    settings = replace(SETTINGS, schedule="steps", rate=1e-3)
    found = {step: rate_and_momentum(step, 50_000, settings) for step in (0, 9_999, 10_000, 29_999)}
    assert found == {
        0: (1e-3, 0.9),
        9_999: (1e-3, 0.9),
        10_000: pytest.approx((9e-4, 0.9)),
        29_999: pytest.approx((8.1e-4, 0.9)),
    }


def test_an_epoch_takes_every_window_once_at_most_and_the_next_another_order() -> None:
    epochs = [
        [index for step in range(3) for index in batch_indices(3 * epoch + step, 14, SETTINGS)] for epoch in range(20)
    ]
    assert all(len(set(epoch)) == 12 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 20
    seen = Counter(index for epoch in epochs for index in epoch)
    assert set(seen) == set(range(14)), "what an epoch leaves out changes"
    assert batch_indices(4, 14, SETTINGS).tolist() == epochs[1][4:8]


def test_a_run_has_a_step_at_least() -> None:
    assert total_steps(100, replace(SETTINGS, epochs=2)) == 50
    assert total_steps(4, replace(SETTINGS, epochs=0.01)) == 1


def test_seeds_differ_by_every_part() -> None:
    assert (
        len(
            {
                derive_seed(0, "order", 1),
                derive_seed(1, "order", 1),
                derive_seed(0, "draws", 1),
                derive_seed(0, "order", 2),
            }
        )
        == 4
    )
    assert derive_seed(-1, "x") == derive_seed(-1, "x")
