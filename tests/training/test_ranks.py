"""Several processes learn what one would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from tests.support.small_training_run import manifest
from training.pretext.embedding import random_encoder
from training.pretext.encoder_file import EncoderCard, save_encoder
from training.pretext.loop import CHECKPOINT_NAME, pretrain
from training.settings import PretextSettings

SCRIPT = """
import signal, sys, warnings
warnings.simplefilter("error")
from dataclasses import replace
from pathlib import Path
import numpy as np
from ecg_live.errors import ConfigError
from training.pretext.loop import pretrain
from training.settings import PretextSettings
from training.pipeline import TrainJob, run_training
from training.progress import ProgressDisplay
from training.pretext.train_step import launch_fabric
from tests.support.small_training_run import quick
here = Path(sys.argv[1])
windows = np.load(here / "windows.npy", mmap_mode="r")
settings = PretextSettings(epochs=1, batch=6, dropout=0.0)
on, told = launch_fabric(settings), []
try:
    pretrain(windows, replace(settings, batch=3), here, told.append, corpus="", fabric=on)
except ConfigError as error:
    told.append(str(error))
pretrain(windows, settings, here / "two", told.append, corpus="", fabric=on)
def press(_progress):
    for _ in range(2):
        signal.raise_signal(signal.SIGINT)
try:
    pretrain(windows, settings, here / "cut", press, corpus="", fabric=on)
except KeyboardInterrupt:
    told.append("stopped")
pretrain(windows, settings, here / "cut", told.append, corpus="", fabric=on)
job = TrainJob("manifest", here / "own", here / "model.safetensors", encoder=here / "encoder.safetensors", processes=1)
told.append("scored" if run_training(job, quick(), ProgressDisplay()) else "left it")
(here / f"told{on.global_rank}").write_text("\\n".join(map(str, told)))
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where two processes trained together, and one alone."""
    here = tmp_path_factory.mktemp("ranks")
    windows = np.random.default_rng(0).standard_normal((18, 320)).astype(np.float32)
    np.save(here / "windows.npy", windows)
    manifest(here / "own")
    save_encoder(random_encoder(), EncoderCard("valid", {}, {}), here / "encoder.safetensors")
    (here / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environ = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environ |= {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [*command, str(here / "script.py"), str(here)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("load: folds: 3 of 3") == 1
    pretrain(windows, PretextSettings(epochs=1, batch=6, dropout=0.0), here / "one", lambda _: None, corpus="")
    return here


def test_two_processes_reach_the_weights_of_one(here: Path) -> None:
    one, two = (load_file(here / name / CHECKPOINT_NAME) for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name, value in one.items():
        np.testing.assert_allclose(two[name].numpy(), value.numpy(), rtol=0, atol=1e-5, err_msg=name)


def test_the_first_process_alone_reports(here: Path) -> None:
    first, second = ((here / f"told{rank}").read_text() for rank in (0, 1))
    assert [first.count(f"Progress(step={step},") for step in (1, 2, 3)] == [1, 1, 2]
    assert "Progress" not in second


def test_ctrl_c_in_one_process_stops_all_and_they_go_on_to_the_bit(here: Path) -> None:
    for rank in (0, 1):
        assert "stopped" in (here / f"told{rank}").read_text()
    two, cut = (load_file(here / name / CHECKPOINT_NAME) for name in ("two", "cut"))
    assert all(value.equal(cut[name]) for name, value in two.items())


def test_a_batch_that_processes_cannot_share_is_refused(here: Path) -> None:
    for rank in (0, 1):
        assert "a batch of 3 does not divide by 2 processes" in (here / f"told{rank}").read_text()


def test_heads_are_learnt_by_the_first_process_alone(here: Path) -> None:
    assert [(here / f"told{rank}").read_text().splitlines()[-1] for rank in (0, 1)] == ["scored", "left it"]
