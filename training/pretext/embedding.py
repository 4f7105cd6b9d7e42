"""What a trained network says of windows: frozen features, and how well it tells transformations apart."""

from __future__ import annotations

import numpy as np
import torch
from torch import Generator, Tensor

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.events import F64
from ecg_live.model.encoder import ConvEncoder, Padding
from ecg_live.model.networks import PretextNet
from training.pretext.lr_schedule import derive_seed
from training.pretext.train_step import CPU_PASS_WINDOWS, WindowArray, accuracies, pretext_tasks, task_targets
from training.pretext.transforms import augment, draw_transforms
from training.settings import PretextSettings

WINDOWS_PER_PASS = 4  # of which a pass makes all versions


def embed(encoder: ConvEncoder, windows: WindowArray, batch: int = CPU_PASS_WINDOWS) -> F64:
    """Frozen features (n, 128) of windows (n, 2560), which are read ``batch`` at a time.

    A window's are the same to the bit wherever it stands: every pass has ``batch`` windows, the last one filled up.
    """
    made = np.empty((len(windows), EMBEDDING_SIZE))
    device = next(encoder.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(windows), batch):
            x = _read_batch(windows, start, batch)
            full = torch.cat((x, x.new_zeros(batch - len(x), x.shape[1])))
            made[start : start + len(x)] = encoder(full.to(device))[: len(x)].cpu().numpy()
    return made


def random_encoder(padding: Padding = "valid", seed: int = 0) -> ConvEncoder:
    """The rival that every report carries: the same encoder before it learnt anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ConvEncoder(padding).eval()


def pretext_accuracy(net: PretextNet, windows: WindowArray, seed: int, settings: PretextSettings) -> dict[str, float]:
    """One-vs-rest accuracy of each task on windows that were not trained on."""
    total = torch.zeros(len(pretext_tasks(settings)))
    with torch.inference_mode():
        for start in range(0, len(windows), WINDOWS_PER_PASS):
            x = _read_batch(windows, start, WINDOWS_PER_PASS)
            generator = Generator().manual_seed(derive_seed(seed, "held out", start))
            made, tasks = augment(
                x, draw_transforms(len(x), x.shape[1], generator, settings.strength), settings.strength, settings.tasks
            )
            total += accuracies(net(made), task_targets(tasks, settings)) * len(x)
    return {
        name: round(value, 4)
        for name, value in zip(pretext_tasks(settings), (total / len(windows)).tolist(), strict=True)
    }


def _read_batch(windows: WindowArray, start: int, count: int) -> Tensor:
    return torch.from_numpy(np.asarray(windows[np.arange(start, min(start + count, len(windows)))], np.float32))
