"""What a step of stage one costs, as shares of what else the same machine does in the same run.

The short form runs always; the long one, against a naive loop at the paper's batch, with
``pytest -m soak tests/benchmarks/test_pretext.py -s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal, cast

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.encoder_layout import CONV_LAYERS, LEAKY_SLOPE, POOL_STRIDE, POOL_WIDTH, POOLED_AFTER, Padding
from training.networks import PretextNet
from training.pretext import train_step
from training.pretext.objective import CPU_PASS_WINDOWS, new_network, pretext_loss, task_targets
from training.pretext.processor import multiplies_bf16
from training.pretext.train_step import Trainer
from training.pretext.transforms import augment, draw_transforms
from training.pretext.weight_gradient import GradientPlan, gradient_plan
from training.settings import PretextSettings

SETTINGS = PretextSettings()
MATRIX = 1536  # a side of the product that gives the machine's own rate: 19 MB, too big for its caches
MOST = 0.05  # share of a step that transforms may take
# Of the machine's own rate that a long step must reach: the better of a matrix product and the encoder's forward pass.
LEAST = 0.50
GAIN = 1.4  # times the naive loop that a step must be
TWICE = 2.0  # the same for bf16 against single precision
FASTER = 1.12  # times a step with torch's own weight gradient that a step must be
PAPER = 128  # segments a batch
FORWARD_LAYERS, FORWARD_LENGTH = (1, 3), 1024  # indices of convolutions; samples


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """So that its processor time is what a step costs, whatever else the machine does meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def flop(padding: Padding, width: int = WINDOW_SAMPLES) -> tuple[float, float]:
    """A window's floating-point operations in the convolutions: forward, and forward and backward."""
    forward, trained, length = 0.0, 0.0, width
    for i, (c_in, c_out, k) in enumerate(CONV_LAYERS):
        length -= 0 if padding == "same" else k - 1
        forward += (layer := 2.0 * c_in * c_out * k * length)
        trained += layer * (3 if i else 2)  # nobody asks for the gradient of the input
        if i in POOLED_AFTER:
            length = (length - POOL_WIDTH) // POOL_STRIDE + 1
    return forward, trained


def seconds(*tasks: Callable[[], object], rounds: int) -> list[float]:
    """Processor time of each task, taken in turns: the best of some rounds, of which the first warms up."""
    took = []
    for _ in range(rounds):
        for task in tasks:
            start = time.process_time()
            task()
            took.append(time.process_time() - start)
    return [min(took[i :: len(tasks)]) for i in range(len(tasks))]


class Naive(nn.Module):
    """The network as one would first write it."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(c_in, c_out, k) for c_in, c_out, k in CONV_LAYERS)
        self.heads = cast("PretextNet", new_network(SETTINGS)).heads

    def forward(self, x: Tensor) -> Tensor:
        y = x[:, None]
        for i, conv in enumerate(self.convs):
            y = F.leaky_relu(conv(y), LEAKY_SLOPE)
            if i in POOLED_AFTER:
                y = F.max_pool1d(y, POOL_WIDTH, POOL_STRIDE)
        features = y.amax(dim=2)
        return torch.cat([head(features) for head in self.heads], dim=1)


def windows(n: int) -> np.typing.NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((n, WINDOW_SAMPLES)).astype(np.float32)


def step_of(
    segments: int, plan: GradientPlan | None = None, precision: Literal["32-true", "bf16-mixed"] = "32-true"
) -> Callable[[], object]:
    """A step with the processor's way to weight gradients, or with a given one ({}: torch's own)."""
    settings = replace(SETTINGS, batch=segments)
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    with pytest.MonkeyPatch.context() as patch:
        if plan is not None:
            patch.setattr(train_step, "gradient_plan", lambda: plan)
        stepper = Trainer(new_network(settings), windows(segments), settings, fabric)
    return lambda: stepper.step(0, 1000, False)


def transforms_of(segments: int) -> Callable[[], object]:
    x = torch.from_numpy(windows(segments))
    return lambda: augment(
        x, draw_transforms(segments, WINDOW_SAMPLES, Generator().manual_seed(0), SETTINGS.strength), SETTINGS.strength
    )


def naive_of(segments: int) -> Callable[[], object]:
    net, generator = Naive(), Generator().manual_seed(0)
    optimizer = torch.optim.Adam(net.parameters(), SETTINGS.rate)
    x = torch.from_numpy(windows(segments))

    def step() -> None:
        made, tasks = augment(x, draw_transforms(segments, WINDOW_SAMPLES, generator, SETTINGS.strength))
        optimizer.zero_grad()
        pretext_loss(net(made), task_targets(tasks, SETTINGS), SETTINGS).backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        optimizer.step()

    return step


def product() -> Callable[[], object]:
    a, b = torch.randn(2, MATRIX, MATRIX)
    return lambda: a @ b


def forward_pass() -> Callable[[], object]:
    """The encoder's two largest layers, forward: what its convolutions can reach on this machine."""
    encoder = ConvEncoder().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    maps = [
        torch.randn(CPU_PASS_WINDOWS, CONV_LAYERS[i][0], 1, FORWARD_LENGTH).to(memory_format=torch.channels_last)
        for i in FORWARD_LAYERS
    ]

    def run() -> None:
        with torch.inference_mode():
            for i, each in zip(FORWARD_LAYERS, maps, strict=True):
                encoder.convs[i](each)

    return run


def forward_flop() -> float:
    layers = (CONV_LAYERS[i] for i in FORWARD_LAYERS)
    return sum(2.0 * a * b * k * (FORWARD_LENGTH - k + 1) * CPU_PASS_WINDOWS for a, b, k in layers)


def test_operations_are_those_of_the_layer_table() -> None:
    assert flop("same")[0] == pytest.approx(0.674e9, rel=1e-3)
    assert flop("same")[1] * 7 == pytest.approx(14e9, rel=0.02)
    assert flop("valid")[0] < flop("same")[0]


@pytest.mark.parametrize(
    ("segments", "rounds", "least"), [(2, 3, 0.0), pytest.param(32, 4, LEAST, marks=pytest.mark.soak)]
)
def test_a_step_computes_and_does_little_else(segments: int, rounds: int, least: float) -> None:
    step, transforms, matrix, forward = seconds(
        step_of(segments), transforms_of(segments), product(), forward_pass(), rounds=rounds
    )
    rate = flop(SETTINGS.padding)[1] * 7 * segments / step
    by_product, by_layers = 2 * MATRIX**3 / matrix, forward_flop() / forward
    own = max(by_product, by_layers)
    print(
        f"\na step of {7 * segments} windows on one core: {step:.2f} s, "
        f"{rate / 1e9:.0f} GFLOP/s, {rate / own:.2f} of the machine's {own / 1e9:.0f} "
        f"(matrix product {by_product / 1e9:.0f}, forward pass {by_layers / 1e9:.0f}); "
        f"transforms {transforms / step:.2%}"
    )
    assert transforms / step < MOST
    assert rate / own >= least


@pytest.mark.soak
def test_a_step_is_faster_than_with_torchs_weight_gradient() -> None:
    if not gradient_plan():
        pytest.skip("neither AVX2 nor AVX-512: torch's own gradient is used")
    step, plain = seconds(step_of(8), step_of(8, {}), rounds=5)
    print(f"\na step of 56 windows: {step:.2f} s, with torch's weight gradient {plain:.2f} s, {plain / step:.2f} times")
    assert plain / step >= FASTER


@pytest.mark.soak
def test_a_bf16_step_is_twice_as_fast() -> None:
    if not multiplies_bf16():
        pytest.skip("this processor does not multiply in bfloat16")
    step, plain = seconds(step_of(8, precision="bf16-mixed"), step_of(8, {}), rounds=5)
    print(f"\na bf16 step of 56 windows: {step:.2f} s, in single precision {plain:.2f} s, {plain / step:.2f} times")
    assert plain / step >= TWICE


@pytest.mark.soak
def test_a_step_is_faster_than_a_naive_loop_at_the_papers_batch() -> None:
    step, naive = seconds(step_of(PAPER), naive_of(PAPER), rounds=2)
    print(f"\na batch of {7 * PAPER} windows: {step:.1f} s, naive {naive:.1f} s, {naive / step:.2f} times as much")
    assert naive / step >= GAIN
