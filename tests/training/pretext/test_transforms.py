"""Each transform against a slow, obvious reference, and against leaving a tell-tale."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from training.paper import PRETEXT_TASKS
from training.pretext.transforms import (
    TRANSFORMS,
    TransformDraws,
    augment,
    draw_transforms,
    permutation,
    time_warp,
)
from training.settings import TransformStrength

LENGTH = 2560


@pytest.fixture
def windows() -> Tensor:
    """Eight windows of band-limited noise, z-scored."""
    x = np.random.default_rng(0).standard_normal((8, LENGTH + 50)).cumsum(axis=1)
    x = x[:, 50:] - x[:, :-50]
    return torch.from_numpy((x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)).float()


def drawn(n: int, seed: int = 0, strength: TransformStrength | None = None, length: int = LENGTH) -> TransformDraws:
    return draw_transforms(n, length, Generator().manual_seed(seed), strength or TransformStrength())


def cut(length: int, pieces: int) -> list[int]:
    """Where pieces begin and end: the first ones are longer."""
    return [0, *np.cumsum([len(piece) for piece in np.array_split(np.zeros(length), pieces)]).tolist()]


def slow_permutation(x: Tensor, draws: TransformDraws, strength: TransformStrength) -> Tensor:
    """Piece by piece."""
    at = cut(x.shape[1], strength.pieces)
    rows = []
    for row, order in zip(x, draws.order.tolist(), strict=True):
        rows.append(torch.cat([row[at[piece] : at[piece + 1]] for piece in order]))
    return torch.stack(rows)


def slow_time_warp(x: Tensor, draws: TransformDraws, strength: TransformStrength) -> Tensor:
    """Sample by sample: walk through the source at each piece's own pace, from a random place."""
    length, at = x.shape[1], cut(x.shape[1], strength.warp_pieces)
    made = np.empty(x.shape)
    for i, row in enumerate(x.double().numpy()):
        knots, total = [0.0], 0.0
        for piece, rank in enumerate(draws.ranks[i].tolist()):
            factor = strength.stretch if rank < -(-strength.warp_pieces // 2) else 1 / strength.stretch
            total += (at[piece + 1] - at[piece]) * factor
            knots.append(total)
        begin = float(draws.place[i, 0]) * max(0.0, total - length - strength.stretch)
        source = np.interp(begin + np.arange(length), knots, at)
        made[i] = np.interp(source, np.arange(length), row)
    return torch.from_numpy(made).float()


def test_versions_come_in_the_papers_order(windows: Tensor) -> None:
    draws = drawn(8)
    made, tasks = augment(windows, draws)
    assert len(TRANSFORMS) == len(PRETEXT_TASKS)
    assert made.shape == (7 * len(windows), LENGTH)
    assert tasks.tolist() == [task for task in range(7) for _ in windows]
    power = windows.square().mean(1, keepdim=True) / 10**1.5
    expected = [
        windows,
        windows + draws.noise * power.sqrt(),
        windows * 1.1,
        -windows,
        torch.from_numpy(windows.numpy()[:, ::-1].copy()),
        slow_permutation(windows, draws, TransformStrength()),
        slow_time_warp(windows, draws, TransformStrength()),
    ]
    for task, wanted in enumerate(expected):
        found = made[8 * task : 8 * task + 8].numpy()
        np.testing.assert_allclose(found, wanted.numpy(), atol=1e-3, rtol=0, err_msg=PRETEXT_TASKS[task])


def test_only_the_chosen_versions_are_made_with_what_they_always_drew(windows: Tensor) -> None:
    made, tasks = augment(windows, drawn(8), tasks=("time_warp", "noise"))
    every, _ = augment(windows, drawn(8))
    assert tasks.tolist() == [0] * 8 + [1] * 8 + [6] * 8
    assert made.equal(torch.cat((every[:16], every[48:])))


def test_a_batch_may_be_made_in_parts(windows: Tensor) -> None:
    draws = drawn(8)
    whole = augment(windows, draws)[0].view(7, 8, LENGTH)
    for part in (slice(0, 3), slice(3, 8)):
        assert augment(windows[part], draws[part])[0].view(7, -1, LENGTH).equal(whole[:, part])


def test_noise_has_the_asked_signal_to_noise_ratio_in_each_window(windows: Tensor) -> None:
    windows = windows * torch.linspace(0.1, 5, len(windows))[:, None]
    added = augment(windows, drawn(8))[0][8:16] - windows
    ratio = 10 * torch.log10(windows.square().mean(1) / added.square().mean(1))
    assert ratio.numpy() == pytest.approx(15.0, abs=0.3)


@given(length=st.integers(60, 300), pieces=st.integers(2, 40), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_permutation_matches_cutting_and_joining(length: int, pieces: int, seed: int) -> None:
    strength = TransformStrength(pieces=pieces)
    index = torch.arange(float(length)).expand(4, -1)
    draws = drawn(4, seed, strength, length)
    made = permutation(index, draws, strength)
    assert made.equal(slow_permutation(index, draws, strength))
    assert made.sort(dim=1).values.equal(index), "a sample was lost"


@given(
    length=st.integers(300, 3000),
    pieces=st.integers(2, 16),
    stretch=st.floats(1.01, 1.5),
    seed=st.integers(0, 99),
)
@settings(max_examples=50, deadline=None)
def test_time_warp_matches_walking_through_the_source(length: int, pieces: int, stretch: float, seed: int) -> None:
    strength = TransformStrength(warp_pieces=pieces, stretch=stretch)
    ramp = torch.linspace(0, 1, length).expand(3, -1)
    draws = drawn(3, seed, strength, length)
    made = time_warp(ramp, draws, strength)
    torch.testing.assert_close(made, slow_time_warp(ramp, draws, strength), atol=5e-6 + 2 / length, rtol=0)
    assert (made.diff(dim=1) > 0).all(), "time stood still or ran back"


def test_time_warp_has_the_papers_pace(windows: Tensor) -> None:
    """On a ramp the output is the source time itself: slopes of 1 / 1.05 in five pieces, 1.05 in four."""
    ramp = torch.arange(float(LENGTH), dtype=torch.float64).expand(6, -1)
    source = time_warp(ramp, drawn(6, 3), TransformStrength()).numpy()
    for row in source:
        slopes = np.diff(row)
        stretched, squeezed = np.isclose(slopes, 1 / 1.05).sum(), np.isclose(slopes, 1.05).sum()
        assert stretched + squeezed >= LENGTH - 1 - 8
        assert stretched / squeezed == pytest.approx(5 * 1.05 / (4 / 1.05), rel=0.06)
        assert 0 <= row[0] < 20
        assert LENGTH - 22 < row[-1] <= LENGTH - 1


@pytest.mark.parametrize("task", range(1, 7), ids=PRETEXT_TASKS[1:])
def test_no_transform_leaves_a_hint(task: int, windows: Tensor) -> None:
    many = windows.repeat(8, 1)
    made = TRANSFORMS[task](many, drawn(64), TransformStrength())
    assert made.shape == many.shape
    assert torch.isfinite(made).all()
    constant = (made.diff(dim=1) == 0).sum(dim=1)
    assert (constant <= (many.diff(dim=1) == 0).sum(dim=1)).all()
    assert (made == 0).sum() <= (many == 0).sum()
    if task != PRETEXT_TASKS.index("negation"):
        assert (made.mean(1) - many.mean(1)).abs().max() < 0.2
    assert (made.std(1) / many.std(1)).numpy() == pytest.approx(1.1 if task == 2 else 1.0, abs=0.08)
    for edge in (slice(0, 20), slice(-20, None)):  # ends are as lively as the rest
        lively = made[:, edge].diff(dim=1).std() / made.diff(dim=1).std()
        assert 0.7 < lively < 1.4


@pytest.mark.parametrize("name", ["order", "ranks"])
def test_every_piece_comes_everywhere_equally_often(name: str) -> None:
    order: Tensor = getattr(drawn(4000, length=1), name)
    pieces = order.shape[1]
    assert order.sort(dim=1).values.equal(torch.arange(pieces).expand(4000, -1))
    counts = torch.stack([(order == piece).sum(0) for piece in range(pieces)]) * pieces / 4000
    assert counts.numpy() == pytest.approx(1.0, abs=0.4)


def test_a_seed_repeats_itself(windows: Tensor) -> None:
    assert augment(windows, drawn(8, 5))[0].equal(augment(windows, drawn(8, 5))[0])
    assert not augment(windows, drawn(8, 5))[0].equal(augment(windows, drawn(8, 6))[0])
