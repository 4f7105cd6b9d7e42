"""Frozen features of windows, computed once for every encoder, and the accuracy of a trained network."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from torch import Generator, Tensor

from ecg_live.atomic_write import write_whole
from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.errors import DatasetError
from ecg_live.events import F64
from ecg_live.model.encoder import Encoder
from ecg_live.model.encoder_kinds import engine_of
from ecg_live.model.encoder_layout import Padding
from ecg_live.model.imported.module import ImportedEncoder
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.model.torch_weights import module_arrays
from training.data.corpus import Corpus
from training.encoders import new_encoder
from training.networks import FrozenEncoder, TrainableEncoder
from training.pretext.lr_schedule import derive_seed
from training.pretext.objective import CPU_PASS_WINDOWS, PretextNetwork, open_objective
from training.pretext.train_step import WindowArray
from training.run_context import RunContext
from training.settings import EncoderKind, PretextSettings

WINDOWS_PER_PASS = 4  # before augmentation
ENGINE = " ONNX Runtime"  # in the key of what is kept: another engine rounds otherwise


def embed(encoder: Encoder, windows: WindowArray, batch: int = CPU_PASS_WINDOWS) -> F64:
    """Frozen features (n, e) of windows (n, 2560), which are read ``batch`` at a time.

    The engine is the one that runs live: a window's features are bit-identical wherever it stands, and those that its
    wearer would have. Each window is a thread's, as many at once as PyTorch may use.
    """
    engine = engine_of(encoder)
    out = np.empty((len(windows), engine.size))
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        for start in range(0, len(windows), batch):
            x = np.asarray(windows[np.arange(start, min(start + batch, len(windows)))], np.float32)
            out[start : start + len(x)] = np.concatenate(list(threads.map(engine.embed, x[:, None])))
    return out


def cached_embedding(encoder: FrozenEncoder, corpus: Corpus, context: RunContext) -> F64:
    """Features (n, e) of a corpus, read from the run's folder if it holds them.

    Raises
    ------
    DatasetError
        If they cannot be written.
    """
    key = tensors_sha256(module_arrays(encoder)) + corpus.key + ENGINE
    size = EMBEDDING_SIZE
    if isinstance(encoder, ImportedEncoder):
        key, size = f"{key} {encoder.card}", encoder.card.size
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    path = context.folder / "features" / f"{name}.npy"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if (kept := _read_embedding(path, (len(corpus.windows), size))) is not None:
                return kept
            context.display.progress("features", 0, len(corpus.windows))
            computed = embed(encoder, corpus.windows)
            content = io.BytesIO()
            np.save(content, computed)
            write_whole(path, content.getvalue())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}", "free some space, and give the same command again") from error
    context.display.progress("features", len(computed), len(computed))
    return computed


def _read_embedding(path: Path, shape: tuple[int, int]) -> F64 | None:
    """Features from a file; None if it is missing, incomplete or something else."""
    try:
        found = np.load(path, allow_pickle=False)
    except (FileNotFoundError, EOFError, ValueError):
        return None
    whole = isinstance(found, np.ndarray) and found.shape == shape and found.dtype == np.float64
    return found if whole else None


def random_encoder(padding: Padding = "valid", seed: int = 0, kind: EncoderKind = "cnn") -> TrainableEncoder:
    """An untrained encoder, which every report compares with."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return new_encoder(kind, padding).eval()


def pretext_accuracy(
    net: PretextNetwork, windows: WindowArray, seed: int, settings: PretextSettings
) -> dict[str, float]:
    """Accuracy of each task on windows that were not trained on.

    Parameters
    ----------
    net : PretextNet or ContrastiveNet
        The trained network.
    windows : array-like (n, 2560)
        Validation windows.
    seed : int
        Decides the transformations.
    settings : PretextSettings
        Tasks and their strength.
    """
    objective = open_objective(settings)
    total = torch.zeros(len(objective.names))
    with torch.inference_mode():
        for start in range(0, len(windows), WINDOWS_PER_PASS):
            x = _read_batch(windows, start, WINDOWS_PER_PASS)
            generator = Generator().manual_seed(derive_seed(seed, "held out", start))
            total += objective.measure(net, x, objective.draw(len(x), x.shape[1], generator))[1] * len(x)
    return {name: round(value, 4) for name, value in zip(objective.names, (total / len(windows)).tolist(), strict=True)}


def _read_batch(windows: WindowArray, start: int, count: int) -> Tensor:
    return torch.from_numpy(np.asarray(windows[np.arange(start, min(start + count, len(windows)))], np.float32))
