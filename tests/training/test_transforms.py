"""Each transform against a slow, obvious reference, and against leaving a tell-tale."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from ecg_live.model.heads import TASKS
from training.transforms import TRANSFORMS, Strength, permutation, time_warp, versions

LENGTH = 2560


@pytest.fixture
def windows() -> Tensor:
    """Eight windows of band-limited noise, z-scored."""
    x = np.random.default_rng(0).standard_normal((8, LENGTH + 50)).cumsum(axis=1)
    x = x[:, 50:] - x[:, :-50]
    return torch.from_numpy((x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)).float()


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def test_versions_come_in_the_papers_order(windows: Tensor) -> None:
    made, tasks = versions(windows, generator())
    assert len(TRANSFORMS) == len(TASKS)
    assert made.shape == (7 * len(windows), LENGTH)
    assert tasks.tolist() == [task for task in range(7) for _ in windows]
    torch.testing.assert_close(made[:8], windows)
    torch.testing.assert_close(made[16:24], windows * 1.1)
    torch.testing.assert_close(made[24:32], -windows)
    torch.testing.assert_close(made[32:40], torch.from_numpy(windows.numpy()[:, ::-1].copy()))


def test_noise_has_the_asked_signal_to_noise_ratio_in_each_window(windows: Tensor) -> None:
    windows = windows * torch.linspace(0.1, 5, len(windows))[:, None]
    added = versions(windows, generator())[0][8:16] - windows
    ratio = 10 * torch.log10(windows.square().mean(1) / added.square().mean(1))
    assert ratio.numpy() == pytest.approx(15.0, abs=0.3)


def test_permutation_matches_cutting_and_joining(windows: Tensor) -> None:
    made = permutation(windows, generator(), Strength())
    for before, after in zip(windows.numpy(), made.numpy(), strict=True):
        pieces = {piece.tobytes() for piece in np.split(before, 20)}
        assert {piece.tobytes() for piece in np.split(after, 20)} == pieces
        assert not np.array_equal(before, after)


def test_permutation_loses_no_sample_where_pieces_do_not_divide() -> None:
    index = torch.arange(100.0).expand(4, -1)
    made = permutation(index, generator(), Strength(pieces=7))
    assert made.sort(dim=1).values.equal(index)


def test_time_warp_matches_interpolation_piece_by_piece(windows: Tensor) -> None:
    """On a ramp the output is the source time itself: slopes of 1 / 1.05 in five pieces, 1.05 in four."""
    ramp = torch.arange(float(LENGTH), dtype=torch.float64).expand(6, -1)
    source = time_warp(ramp, generator(3), Strength())
    again = time_warp(torch.from_numpy(windows.numpy()[:6]).double(), generator(3), Strength())
    for row in range(6):
        expected = np.interp(source[row].numpy(), np.arange(LENGTH), windows[row].numpy().astype(float))
        assert again[row].numpy() == pytest.approx(expected, abs=1e-9)
        slopes = np.diff(source[row].numpy())
        stretched = np.isclose(slopes, 1 / 1.05).sum()
        squeezed = np.isclose(slopes, 1.05).sum()
        assert stretched + squeezed >= LENGTH - 1 - 8
        assert stretched / squeezed == pytest.approx(5 * 1.05 / (4 / 1.05), rel=0.06)
        assert 0 <= source[row][0] < 20
        assert LENGTH - 22 < source[row][-1] <= LENGTH - 1


@pytest.mark.parametrize("task", range(1, 7), ids=TASKS[1:])
def test_no_transform_leaves_a_tell_tale(task: int, windows: Tensor) -> None:
    many = windows.repeat(8, 1)
    made = TRANSFORMS[task](many, generator(), Strength())
    assert made.shape == many.shape
    assert torch.isfinite(made).all()
    constant = (made.diff(dim=1) == 0).sum(dim=1)
    assert (constant <= (many.diff(dim=1) == 0).sum(dim=1)).all()
    assert (made == 0).sum() <= (many == 0).sum()
    if task != TASKS.index("negation"):
        assert (made.mean(1) - many.mean(1)).abs().max() < 0.2
    assert (made.std(1) / many.std(1)).numpy() == pytest.approx(1.1 if task == 2 else 1.0, abs=0.08)


def test_a_seed_repeats_itself(windows: Tensor) -> None:
    assert versions(windows, generator(5))[0].equal(versions(windows, generator(5))[0])
    assert not versions(windows, generator(5))[0].equal(versions(windows, generator(6))[0])
