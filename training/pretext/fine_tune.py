"""Fine-tuning: a copy of an encoder goes on learning, with labels, together with a linear layer."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from torch import nn

from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.errors import ModelError
from training.data.feature_table import Ints
from training.networks import TrainableEncoder
from training.pretext.train_step import WindowArray

ENCODER_RATE = 1e-4  # of Adam, a tenth of the pretext task's: the encoder shall change little
LAYER_RATE = 1e-3  # of Adam, as the heads'; the layer begins with random weights
BATCH = 16


def fine_tune(
    encoder: TrainableEncoder,
    windows: WindowArray,
    label: Ints,
    epochs: int,
    seed: int,
    device: torch.device,
    report: Callable[[int], None] = lambda _epoch: None,
) -> TrainableEncoder:
    """A copy of the encoder that has learnt to tell classes apart; the linear layer on top of it is dropped.

    Parameters
    ----------
    encoder : TrainableEncoder
        Stays as it is.
    windows : array-like (n, 2560)
        What it learns from, and nothing else.
    label : Ints
        Their classes (n,), from 0 on.
    epochs : int
        How often it sees each.
    seed : int
        Decides the layer's first weights and the order of windows.
    device : torch.device
        Where it learns.
    report : callable
        Called with the number of finished epochs.

    Raises
    ------
    ModelError
        If it diverges.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tuned, layer = deepcopy(encoder).train(), nn.Linear(EMBEDDING_SIZE, int(label.max()) + 1)
        net = nn.Sequential(tuned, layer).to(device)
        groups = [
            {"params": tuned.parameters(), "lr": ENCODER_RATE},
            {"params": layer.parameters(), "lr": LAYER_RATE},
        ]
        adam = torch.optim.Adam(groups)
        for epoch in range(1, epochs + 1):
            for rows in torch.split(torch.randperm(len(label)), BATCH):
                chosen = rows.numpy()
                x = torch.from_numpy(np.asarray(windows[chosen], np.float32)).to(device)
                loss = nn.functional.cross_entropy(net(x), torch.from_numpy(label[chosen]).to(device))
                adam.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
                adam.step()
            if not all(torch.isfinite(p).all() for p in net.parameters()):
                raise ModelError(f"epoch {epoch} of fine-tuning: weights are not finite", "give --set head.fine_tune=0")
            report(epoch)
    return tuned.cpu().eval()
