"""The paper's network on frozen features: dense ReLU layers (Sarkar & Etemad 2020, section 4.3)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from ecg_live.errors import ModelError
from ecg_live.events import F64
from ecg_live.model.features import FeatureKind
from training.data.feature_table import Ints, Names
from training.heads.calibration import fit_temperature
from training.heads.fitted import FittedHead, inner_folds
from training.heads.lda import mean_and_std
from training.heads.prior import class_shares
from training.networks import EmotionHead
from training.settings import HeadSettings


def fit_mlp(
    x: F64, y: Ints, subject: Names, classes: int, inputs: FeatureKind, settings: HeadSettings, seed: int
) -> FittedHead:
    """Train on all subjects; the temperature comes from subjects held out of a first network's training.

    Parameters
    ----------
    x, y, subject
        Features (n, d), labels (n,) and subjects (n,).
    classes : int
        Number of classes.
    inputs : str
        What the features are, for the head's card.
    settings : HeadSettings
        Layers and training.
    seed : int
        Decides weights and the order of windows.

    Raises
    ------
    ModelError
        If it diverges.
    """
    mean, sd = mean_and_std(x)
    z = torch.from_numpy(np.nan_to_num((x - mean) / sd)).float()
    labels = torch.from_numpy(y)
    train, held_out = inner_folds(subject)[0]
    first = _train_network(z[train], labels[train], classes, settings, seed)
    with torch.inference_mode():
        logits = first(z[held_out]).double().numpy()
    net = _train_network(z, labels, classes, settings, seed)
    state = {name: value.double().numpy() for name, value in net.state_dict().items()}
    temperature = fit_temperature(logits, y[held_out])
    unseen = np.full((len(y), classes), np.nan)
    unseen[held_out] = logits
    shares = tuple(class_shares("training", y, classes).tolist())  # each window counts the same in its loss
    fitted = FittedHead(inputs, mean, sd, state, temperature, classes, settings.hidden, settings.dropout, prior=shares)
    return replace(fitted, held_out=unseen)


def _train_network(z: Tensor, y: Tensor, classes: int, settings: HeadSettings, seed: int) -> EmotionHead:
    """Adam on cross-entropy plus ``l2`` times the sum of squares of the hidden layers' weights.

    Raises
    ------
    ModelError
        If it diverges.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = EmotionHead(classes, settings.hidden, settings.dropout, z.shape[1]).train()
        adam = torch.optim.Adam(net.parameters(), settings.rate, fused=True)  # 2.5 times as fast
        hidden = [layer.weight for layer in net if isinstance(layer, nn.Linear)][:-1]
        for epoch in range(1, settings.epochs + 1):
            for rows in torch.split(torch.randperm(len(z)), settings.batch):
                loss = nn.functional.cross_entropy(net(z[rows]), y[rows])
                if settings.l2:
                    loss = loss + settings.l2 * torch.stack([weight.square().sum() for weight in hidden]).sum()
                adam.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
                adam.step()
            if not all(torch.isfinite(p).all() for p in net.parameters()):
                raise ModelError(f"epoch {epoch}: weights of the dense head are not finite", "lower head.rate")
    return net.eval()
