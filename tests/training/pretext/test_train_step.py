"""The loss is the paper's, and a step leaves the same behind whatever it runs on."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch._dynamo.utils import counters
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.errors import ConfigError
from ecg_live.model.encoder import ConvEncoder
from training.networks import PretextNet
from training.paper import PRETEXT_TASKS
from training.pretext import objective as objective_module
from training.pretext import train_step as step_module
from training.pretext.objective import accuracies, new_network, pretext_loss, task_targets
from training.pretext.train_step import Trainer, launch_fabric
from training.pretext.weight_gradient import WIDE_PLAN
from training.settings import PAPER_COEFFICIENTS, PretextSettings

SETTINGS = PretextSettings(batch=4, dropout=0.0)
WINDOWS = np.random.default_rng(0).standard_normal((8, 512)).astype(np.float32)


def alone() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def test_loss_is_the_weighted_sum_of_one_vs_rest_cross_entropies() -> None:
    logits, tasks = torch.randn(21, 7), torch.arange(7).repeat(3)
    expected = sum(
        c * F.binary_cross_entropy_with_logits(logits[:, i], (tasks == i).float())
        for i, c in enumerate(PAPER_COEFFICIENTS)
    )
    settings = replace(SETTINGS, coefficients=PAPER_COEFFICIENTS)
    torch.testing.assert_close(pretext_loss(logits, task_targets(tasks, settings), settings), torch.as_tensor(expected))
    assert sum(PAPER_COEFFICIENTS) == pytest.approx(1.0)


def test_loss_counts_the_chosen_tasks_only_in_the_papers_order() -> None:
    settings = replace(SETTINGS, tasks=("permutation", "negation"), coefficients=tuple(range(7)))
    tasks = torch.tensor([0, 3, 5])
    assert task_targets(tasks, settings).tolist() == [[0, 0], [1, 0], [0, 1]]
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0], [1.0, 1.0]])
    each = F.binary_cross_entropy_with_logits(logits, task_targets(tasks, settings), reduction="none").mean(0)
    torch.testing.assert_close(pretext_loss(logits, task_targets(tasks, settings), settings), 3 * each[0] + 5 * each[1])


def test_accuracy_is_one_vs_rest() -> None:
    target = task_targets(torch.arange(7), SETTINGS)
    assert accuracies(torch.eye(7) - 0.5, target).tolist() == [1.0] * 7
    assert accuracies(torch.full((7, 7), -1.0), target).tolist() == pytest.approx([6 / 7] * 7)


def test_a_network_has_a_head_for_every_chosen_task_with_the_weights_it_always_has() -> None:
    every, some = new_network(SETTINGS), new_network(replace(SETTINGS, tasks=("time_warp", "noise")))
    assert isinstance(every, PretextNet)
    assert isinstance(some, PretextNet)
    assert len(every.heads) == 7
    assert sum(p.numel() for p in every.parameters()) == 561_223
    for i, head in zip((1, 6), some.heads, strict=True):
        assert all(a.equal(b) for a, b in zip(head.parameters(), every.heads[i].parameters(), strict=True))


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_dropout_is_as_set(dropout: float) -> None:
    net = new_network(replace(SETTINGS, dropout=dropout))
    found = [module.p for module in net.modules() if isinstance(module, torch.nn.Dropout)]
    assert found == [dropout] * 14


def gradients(settings: PretextSettings, monkeypatch: pytest.MonkeyPatch, size: int) -> dict[str, Tensor]:
    """What one step moved the weights by."""
    monkeypatch.setattr(objective_module, "CPU_PASS_WINDOWS", size)
    stepper = Trainer(new_network(settings), WINDOWS, settings, alone())
    stepper.step(0, 10, False)
    return stepper.tensors()


def test_passes_add_up_to_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = (gradients(SETTINGS, monkeypatch, size) for size in (28, 3 * 7))
    for name, value in whole.items():
        np.testing.assert_allclose(parts[name], value, atol=1e-5, err_msg=name)


def test_decay_pulls_kernels_and_leaves_biases_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a step Adam's mean is a tenth of the gradient, which holds l2 x w besides the loss's."""
    settings = replace(SETTINGS, schedule="steps")
    with_l2, without = (gradients(replace(settings, l2=l2), monkeypatch, 28) for l2 in (0.5, 0.0))
    net = new_network(settings)
    kernels = [p for p in net.parameters() if p.ndim > 1]
    biases = [p for p in net.parameters() if p.ndim == 1]
    for i, parameter in enumerate([*kernels, *biases]):
        extra = with_l2[f"adam.{i}.exp_avg"] - without[f"adam.{i}.exp_avg"]
        expected = 0.1 * 0.5 * parameter.detach() if parameter.ndim > 1 else torch.zeros_like(parameter)
        torch.testing.assert_close(extra, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler uses what torch deprecates
@pytest.mark.skipif(shutil.which(os.environ.get("CXX", "g++")) is None, reason="no C++ compiler")
def test_a_compiled_step_does_the_same_and_can_be_resumed() -> None:
    settings = replace(SETTINGS, batch=2, tasks=("noise",))
    plain, compiled = (
        Trainer(new_network(each), WINDOWS, each, alone()) for each in (settings, replace(settings, compile=True))
    )
    graphs = counters["stats"]["unique_graphs"]
    for step in range(2):
        assert compiled.step(step, 10, False) == pytest.approx(plain.step(step, 10, False), abs=1e-5)
    assert counters["stats"]["unique_graphs"] > graphs
    left = plain.tensors()
    assert left.keys() == compiled.tensors().keys()
    for name, value in compiled.tensors().items():
        np.testing.assert_allclose(value, left[name], atol=1e-5, err_msg=name)
    resumed = Trainer(new_network(settings), WINDOWS, settings, alone())
    resumed.restore(compiled.tensors())
    assert resumed.step(2, 10, False) == pytest.approx(compiled.step(2, 10, False), abs=1e-5)
    graphs = counters["stats"]["unique_graphs"]
    with torch.inference_mode():
        compiled.finished()(torch.from_numpy(WINDOWS))
    assert counters["stats"]["unique_graphs"] == graphs  # what comes out is an ordinary network


def test_a_gradient_that_is_not_finite_leaves_the_weights_alone() -> None:
    stepper = Trainer(new_network(SETTINGS), np.full_like(WINDOWS, np.nan), SETTINGS, alone())
    before = {name: value.clone() for name, value in stepper.tensors().items()}
    assert np.isnan(stepper.step(0, 10, False)[0])
    assert all(value.equal(before[name]) for name, value in stepper.tensors().items())


def test_a_step_says_whether_it_was_asked_to_stop() -> None:
    stepper = Trainer(new_network(SETTINGS), WINDOWS, SETTINGS, alone())
    found = stepper.step(0, 10, True)
    assert len(found) == 1 + len(PRETEXT_TASKS) + 1
    assert found[-1] == 1
    assert stepper.step(1, 10, False)[-1] == 0


def test_a_finished_network_is_laid_out_as_any_other() -> None:
    done = Trainer(new_network(SETTINGS), WINDOWS, SETTINGS, alone()).finished()
    fresh = PretextNet(ConvEncoder())
    assert not done.training
    assert [p.stride() for p in done.parameters()] == [p.stride() for p in fresh.parameters()]


def test_a_plain_run_is_one_process_and_nothing_distributed() -> None:
    made = launch_fabric(SETTINGS)
    assert made.world_size == 1
    assert not torch.distributed.is_initialized()


def test_bf16_runs_on_processors_that_multiply_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(step_module, "multiplies_bf16", lambda: True)
    monkeypatch.setattr(step_module, "gradient_plan", lambda: WIDE_PLAN)
    settings = replace(SETTINGS, precision="bf16-mixed", batch=2)
    half, whole = (
        Trainer(new_network(settings), WINDOWS[:, :256], settings, launch_fabric(each)) for each in (settings, SETTINGS)
    )
    assert half.step(0, 10, False)[0] == pytest.approx(whole.step(0, 10, False)[0], rel=0.01)
    assert all(value.dtype == torch.float32 for value in half.tensors().values())


def test_more_processes_than_cards_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "8"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ConfigError, match="4 processes, but 2 graphics cards"):
        launch_fabric(SETTINGS)
