"""One training step of stage one, on a CPU, a graphics card, or many of them in several processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor, nn

from ecg_live.errors import ConfigError
from ecg_live.events import F32
from ecg_live.freed_memory import keep_freed_memory
from ecg_live.model.encoder import ConvEncoder
from training.pretext.input_augmentation import augment_input, draw_augmentation
from training.pretext.lr_schedule import ADAM_BETAS, batch_indices, derive_seed, rate_and_momentum
from training.pretext.objective import PretextNetwork, open_objective
from training.pretext.processor import multiplies_bf16
from training.pretext.weight_gradient import gradient_plan, use_fast_gradients
from training.settings import PretextSettings

MEMORY_FORMAT = torch.channels_last  # of the encoder's feature maps, and so of its kernels' gradients


class WindowArray(Protocol):
    """Windows (n, 2560), read when indexed: an array, a memory-mapped file, or a subset of either."""

    def __len__(self) -> int:
        """Number of windows."""

    def __getitem__(self, at: npt.NDArray[np.int64], /) -> F32:
        """Windows (m, 2560) at indices (m,)."""


def launch_fabric(settings: PretextSettings) -> Fabric:
    """Devices to train on: the first graphics card or else the CPU; under torchrun, as many processes as it started.

    Every process reads checkpoints: several machines must share the folder of the run.

    Raises
    ------
    ConfigError
        If torchrun started more processes than there are graphics cards, or the precision needs one, or a processor
        that multiplies in bfloat16.
    """
    keep_freed_memory()
    elastic = torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()
    local = int(os.environ["LOCAL_WORLD_SIZE"]) if elastic else 1
    nodes = int(os.environ["WORLD_SIZE"]) // local if elastic else 1
    cards = torch.cuda.device_count()
    if local > cards > 0:
        raise ConfigError(f"{local} processes, but {cards} graphics cards", "start torchrun with fewer processes")
    if settings.precision == "bf16-mixed" and not cards and not multiplies_bf16():
        raise ConfigError(
            "pretext.precision is bf16-mixed, but there is no graphics card, and the processor has neither avx512_bf16 "
            "nor AMX",
            "leave it at 32-true",
        )
    made = Fabric(accelerator="auto", devices=local, num_nodes=nodes, precision=settings.precision)
    made.launch()
    return made


class Trainer:
    """Network and optimizer of a run; a step depends on its number and their state, and on nothing else."""

    def __init__(self, net: PretextNetwork, windows: WindowArray, settings: PretextSettings, fabric: Fabric) -> None:
        self._windows = windows
        self._settings = settings
        self._fabric = fabric
        self._objective = open_objective(settings)
        if isinstance(net.encoder, ConvEncoder):
            use_fast_gradients(net.encoder, gradient_plan())
        self.net = net.train().to(memory_format=MEMORY_FORMAT)  # type: ignore[call-overload]  # torch's stub lacks it
        self._optimizer = torch.optim.Adam(_parameter_groups(net, settings.l2), settings.rate, ADAM_BETAS)
        model = cast("nn.Module", torch.compile(net)) if settings.compile else net  # checkpoints hold the plain one
        self._model, self._update = fabric.setup(model, self._optimizer)

    def step(self, step: int, steps: int, stop: bool) -> list[float]:
        """Train on one batch; loss, accuracy of each task, and whether any process asked to stop.

        Where loss or gradient are not finite, the loss is NaN and the weights stay as they were.
        """
        for group in self._optimizer.param_groups:
            group["lr"], momentum = rate_and_momentum(step, steps, self._settings)
            group["betas"] = (momentum, ADAM_BETAS[1])
        measures = self._accumulate_gradients(step)
        measures = torch.cat((measures, measures.new_tensor([stop])))
        found: list[float] = torch.as_tensor(self._fabric.all_reduce(measures)).tolist()
        norm = torch.nn.utils.get_total_norm([p.grad for p in self.net.parameters() if p.grad is not None])
        if torch.isfinite(norm):
            self._update.step()
        else:
            found[0] = torch.nan
        self._update.zero_grad()
        return found

    def tensors(self) -> dict[str, Tensor]:
        """The state that the next step depends on."""
        state = self._optimizer.state_dict()["state"]
        moments = {f"adam.{i}.{name}": value for i, each in state.items() for name, value in each.items()}
        return {f"net.{name}": value for name, value in self.net.state_dict().items()} | moments

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore the state that `tensors` gave."""
        self.net.load_state_dict({name[4:]: value for name, value in tensors.items() if name.startswith("net.")})
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("adam."):
                _, i, moment = name.split(".")
                state.setdefault(int(i), {})[moment] = (
                    value.to(memory_format=MEMORY_FORMAT) if value.ndim == 4 else value
                )
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})

    def finished(self) -> PretextNetwork:
        """The network in evaluation mode, on the CPU, in the usual memory format."""
        net: PretextNetwork = self.net.cpu().to(memory_format=torch.contiguous_format)
        return net.eval()

    def _accumulate_gradients(self, step: int) -> Tensor:
        """Accumulate the batch's gradients over small passes; its loss and accuracies (1 + names,)."""
        settings, fabric, objective = self._settings, self._fabric, self._objective
        share = settings.batch // fabric.world_size
        mine = slice(fabric.global_rank * share, (fabric.global_rank + 1) * share)
        chosen = batch_indices(step, len(self._windows), settings)[mine]
        x = torch.from_numpy(np.asarray(self._windows[chosen], np.float32)).to(fabric.device)
        if settings.augment.active:
            generator = Generator(fabric.device).manual_seed(derive_seed(settings.seed, "input", step))
            x = augment_input(x, draw_augmentation(settings.batch, x.shape[1], generator)[mine], settings.augment)
        generator = Generator(fabric.device).manual_seed(derive_seed(settings.seed, "draws", step))
        draws = objective.draw(settings.batch, x.shape[1], generator)
        draws = None if draws is None else draws[mine]
        torch.manual_seed(derive_seed(settings.seed, "dropout", step, fabric.global_rank))
        size = objective.cpu_pass if fabric.device.type == "cpu" else share
        total = x.new_zeros(1 + len(objective.names))
        for start in range(0, share, size):
            part = slice(start, min(start + size, share))
            weight = (part.stop - start) / share
            with fabric.no_backward_sync(self._model, enabled=start + size < share):
                loss, accuracy = objective.measure(self._model, x[part], None if draws is None else draws[part])
                loss = loss * weight
                fabric.backward(loss)
            total += torch.cat((loss.detach()[None], accuracy * weight))
        return total


def _parameter_groups(net: PretextNetwork, l2: float) -> list[dict[str, object]]:
    """Kernels with weight decay; biases, and the poles of a state-space encoder, without."""
    kernels = [p for name, p in net.named_parameters() if p.ndim > 1 and "weight" in name]
    others = [p for name, p in net.named_parameters() if p.ndim == 1 or "weight" not in name]
    return [{"params": kernels, "weight_decay": l2}, {"params": others, "weight_decay": 0.0}]
