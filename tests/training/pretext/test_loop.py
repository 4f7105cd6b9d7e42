"""The pretext task learns, repeats itself, and goes on to the bit where it was stopped."""

from __future__ import annotations

import signal
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from ecg_live.errors import ConfigError, DatasetError, ModelError
from ecg_live.events import F32
from training.networks import PretextNet
from training.paper import PRETEXT_TASKS
from training.pretext import train_step as step_module
from training.pretext.loop import CHECKPOINT_NAME, MAX_CURVE_POINTS, LearningCurve, PretextProgress, pretrain
from training.pretext.objective import new_network
from training.settings import PretextSettings, TransformStrength

SETTINGS = PretextSettings(epochs=1, batch=4)


@pytest.fixture(scope="module")
def windows() -> F32:
    """Fourteen short windows of a spiky rhythm."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((14, 320)) * 0.1
    for row in x:
        row[rng.integers(0, 200) :: 200] += 5
    return x.astype(np.float32)


def silent(_progress: PretextProgress) -> None:
    """Report nothing."""


def interrupted(at: int) -> list[PretextProgress]:
    """A list to report to, of which Ctrl-C comes with the entry number ``at``."""

    class Heard(list[PretextProgress]):
        def append(self, progress: PretextProgress, /) -> None:
            super().append(progress)
            if len(self) == at:
                signal.raise_signal(signal.SIGINT)

    return Heard()


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(value.equal(second[name]) for name, value in first.items())


def test_training_changes_every_weight_and_repeats_itself(windows: F32, tmp_path: Path) -> None:
    first = pretrain(windows, SETTINGS, tmp_path / "first", silent, corpus="").net.state_dict()
    torch.rand(1)  # what else draws does not matter
    assert equal(first, pretrain(windows, SETTINGS, tmp_path / "second", silent, corpus="").net.state_dict())
    for name, value in new_network(SETTINGS).state_dict().items():
        assert not value.equal(first[name]), f"{name} never moved"


def test_progress_and_curve_say_the_same(windows: F32, tmp_path: Path) -> None:
    told: list[PretextProgress] = []
    done = pretrain(windows, replace(SETTINGS, epochs=1.2), tmp_path, told.append, corpus="")
    assert [(each.step, each.steps) for each in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert done.curve.steps == [1, 2, 3, 4]
    assert done.curve.loss == tuple(each.loss for each in told)
    assert done.curve.accuracy == {name: tuple(each.accuracy[name] for each in told) for name in PRETEXT_TASKS}
    assert not done.net.training


def test_an_interrupted_run_goes_on_to_the_bit(windows: F32, tmp_path: Path) -> None:
    settings = replace(SETTINGS, epochs=2)  # 7 steps: the order is drawn anew after 3 and 6
    whole = pretrain(windows, settings, tmp_path / "whole", silent, corpus="")
    told = interrupted(2)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        pretrain(windows, settings, tmp_path / "cut", told.append, corpus="", every=1e9)
    assert [each.step for each in told] == [1, 2, 3]  # it was asked while step 2 was told, and finished step 3
    assert signal.getsignal(signal.SIGINT) is before
    again: list[PretextProgress] = []
    cut = pretrain(windows, settings, tmp_path / "cut", again.append, corpus="", every=1e9)
    assert [each.step for each in again] == [4, 5, 6, 7]
    assert equal(load_file(tmp_path / "whole" / CHECKPOINT_NAME), load_file(tmp_path / "cut" / CHECKPOINT_NAME))
    assert equal(whole.net.state_dict(), cut.net.state_dict())
    assert cut.curve == whole.curve


def test_ctrl_c_in_the_last_step_is_not_lost(windows: F32, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        pretrain(windows, SETTINGS, tmp_path, interrupted(4).append, corpus="")
    told: list[PretextProgress] = []
    pretrain(windows, SETTINGS, tmp_path, told.append, corpus="")
    assert told == []


def test_checkpoints_come_by_the_clock(windows: F32, tmp_path: Path) -> None:
    there: list[bool] = []
    ticks = count(100.0)

    def look(_progress: PretextProgress) -> None:
        there.append((tmp_path / CHECKPOINT_NAME).exists())

    pretrain(windows, SETTINGS, tmp_path, look, corpus="", every=2.0, clock=lambda: next(ticks))
    assert there == [False, False, True, True]


def test_seconds_add_up_over_sittings(windows: F32, tmp_path: Path) -> None:
    ticks = count(100.0)
    with pytest.raises(KeyboardInterrupt):
        pretrain(windows, SETTINGS, tmp_path, interrupted(1).append, corpus="", clock=lambda: next(ticks))
    ticks = count(900.0)
    assert pretrain(windows, SETTINGS, tmp_path, silent, corpus="", clock=lambda: next(ticks)).seconds == 4


def test_a_finished_run_is_not_run_again(windows: F32, tmp_path: Path) -> None:
    first = pretrain(windows, SETTINGS, tmp_path, silent, corpus="")
    told: list[PretextProgress] = []
    again = pretrain(windows, SETTINGS, tmp_path, told.append, corpus="")
    assert told == []
    assert equal(first.net.state_dict(), again.net.state_dict())
    assert again.curve == first.curve


@pytest.mark.parametrize(
    ("change", "corpus", "named"), [({"rate": 0.1}, "a", "rate 0.001"), ({}, "b", "corpus a; this one has b")]
)
def test_a_checkpoint_of_another_run_is_refused(
    change: dict[str, float], corpus: str, named: str, windows: F32, tmp_path: Path
) -> None:
    pretrain(windows, SETTINGS, tmp_path, silent, corpus="a")
    with pytest.raises(ModelError, match=named) as caught:
        pretrain(windows, replace(SETTINGS, **change), tmp_path, silent, corpus=corpus)  # type: ignore[arg-type]  # mypy reads ** as any field
    assert "give another folder" in caught.value.remedy


def test_windows_are_read_batch_by_batch_from_a_file(windows: F32, tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "windows.f32", np.float32, "w+", shape=windows.shape)
    mapped[:] = windows
    asked: list[int] = []

    class Watched:
        def __len__(self) -> int:
            return len(mapped)

        def __getitem__(self, at: np.typing.NDArray[np.int64], /) -> F32:
            asked.extend(at.tolist())
            return mapped[at]

    read = pretrain(Watched(), SETTINGS, tmp_path / "a", silent, corpus="").net.state_dict()
    assert equal(read, pretrain(windows, SETTINGS, tmp_path / "b", silent, corpus="").net.state_dict())
    assert len(asked) == 4 * 4
    assert len(set(asked[:12])) == 12, "an epoch reads a window once at most"


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_step_before(windows: F32, tmp_path: Path) -> None:
    spoilt = windows.copy()
    spoilt[5, 100] = np.inf
    told: list[PretextProgress] = []
    settings = replace(SETTINGS, batch=2, seed=1)
    with pytest.raises(ModelError, match=r"step (\d+): loss or gradient is not finite") as caught:
        pretrain(spoilt, settings, tmp_path, told.append, corpus="", every=0)
    assert len(told) > 0, "the seed put the spoilt window first"
    assert f"step {len(told) + 1}:" in caught.value.message
    assert f"still holds step {len(told)}" in caught.value.message
    assert "rate" in caught.value.remedy
    assert all(torch.isfinite(value).all() for value in load_file(tmp_path / CHECKPOINT_NAME).values())


def test_a_single_task_makes_two_versions_and_one_head(windows: F32, tmp_path: Path) -> None:
    settings = replace(SETTINGS, tasks=("negation",), rate=3e-3, epochs=6, dropout=0.0)
    done = pretrain(windows, settings, tmp_path, silent, corpus="")
    assert isinstance(done.net, PretextNet)
    assert len(done.net.heads) == 1
    assert list(done.curve.accuracy) == ["negation"]
    assert done.curve.accuracy["negation"][-1] > 0.9, "upside down is not hard to see"


def test_a_curve_is_thinned_to_means() -> None:
    curve = LearningCurve(("noise",), 3)
    for step in range(1, 8):
        curve.add(step, step == 7, float(step), [step / 10])
    assert curve.steps == [3, 6, 7]
    assert curve.loss == (2.0, 5.0, 7.0)
    assert curve.accuracy["noise"] == pytest.approx((0.2, 0.5, 0.7))
    assert MAX_CURVE_POINTS == 500


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (replace(SETTINGS, tasks=("noise", "noise")), "each once"),
        (replace(SETTINGS, tasks=("sleep",)), "known are original"),
        (replace(SETTINGS, tasks=("original",)), "nothing to tell apart"),
        (replace(SETTINGS, tasks=()), "nothing to tell apart"),
        (replace(SETTINGS, coefficients=(1.0,)), "7 tasks need one each"),
        (replace(SETTINGS, batch=0), "batch is 0"),
        (replace(SETTINGS, epochs=-1.0), "epochs is -1"),
        (replace(SETTINGS, rate=0.0), "rate is 0"),
        (replace(SETTINGS, dropout=1.0), "dropout is 1"),
        (replace(SETTINGS, strength=TransformStrength(pieces=1)), "pieces is 1"),
        (replace(SETTINGS, strength=TransformStrength(stretch=0.0)), "stretch is 0"),
        (replace(SETTINGS, precision="bf16-mixed"), "no graphics card"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    settings: PretextSettings, named: str, windows: F32, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(step_module, "multiplies_bf16", lambda: False)
    with pytest.raises(ConfigError, match=named):
        pretrain(windows, settings, tmp_path, silent, corpus="")


def test_too_few_windows_are_refused(windows: F32, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="14 windows; one batch needs 32"):
        pretrain(windows, PretextSettings(batch=32), tmp_path, silent, corpus="")
