"""Heads that are learnt from a lab's own sessions: scored and checked as any others, with their sources in the card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from ecg_live.model.bundle import load_bundle
from ecg_live.resources import model_path
from tests.support.own_sessions import OwnSession, sam, two_blocks, write_all
from tests.support.small_training_run import quick
from training.pipeline import TrainJob, run_training
from training.progress import ProgressDisplay
from training.results import TrainingReport


def trained(folder: Path, sessions: Sequence[OwnSession], *labels: str, **settings: object) -> TrainingReport:
    data = write_all(folder / "sessions", sessions)
    encoder = model_path(None)  # that of the bundled model: stage one takes most of a training
    job = TrainJob("sessions", data, folder / "own.safetensors", labels=labels, encoder=encoder, processes=1)
    display = ProgressDisplay(quiet=True)
    report = run_training(job, quick(evaluate__rivals=1, **settings), display)
    assert report is not None
    return report


def test_a_head_from_sams_has_honest_scores_and_names_its_sessions(tmp_path: Path) -> None:
    report = trained(tmp_path, [two_blocks(seed, 2.0 + seed / 2, 7.0) for seed in range(3)], "valence")
    (label,) = report.labels
    assert (label.name, label.classes) == ("valence", ("low", "high"))
    assert {row.protocol for row in label.rows} >= {"loso"}
    assert any(check.name for check in label.checks)
    head = load_bundle(tmp_path / "own.safetensors").card.heads["valence"]
    assert len(head.sources) == 3
    assert all(re.fullmatch("[0-9a-f]{12}", each) for each in head.sources)
    assert "self-reports: mood (sam)" in head.data
    assert head.scores["trained_on"] == {"sessions": ["P01", "P02", "P03"]}
    assert any("participants reported of themselves" in caveat for caveat in head.caveats)


def test_a_number_head_from_continuous_ratings(tmp_path: Path) -> None:
    sessions = []
    for seed in range(3):
        session = OwnSession(80, seed)
        session.block("film", 0, 75)
        for k, start in enumerate(range(0, 70, 10)):
            session.rate(np.arange(start, start + 10, 0.05), (k - 3) / 4, 0.0)
        sessions.append(session)
    report = trained(tmp_path, sessions, "valence", head__split="none")
    assert report.labels[0].scale == (-1.0, 1.0)
    assert load_bundle(tmp_path / "own.safetensors").card.heads["valence"].limits == (-1.0, 1.0)


def alike(seed: int) -> OwnSession:
    """Both blocks rated 7."""
    return two_blocks(seed, 7.0, 7.0)


def short(seed: int) -> OwnSession:
    """Two blocks too short for a window."""
    session = OwnSession(40, seed)
    for number, (name, value) in enumerate((("a", 2.0), ("b", 8.0))):
        session.block(name, 20 * number, 20 * number + 8)
        session.answer(sam(20 * number + 8, name, value, value))
    return session


@pytest.mark.parametrize(
    ("sessions", "message"),
    [
        ([alike(0), alike(1)], "label valence: all 4 annotations are of high; two classes are needed"),
        ([two_blocks(0)], "1 subject"),
        ([short(0), short(1)], "its annotations last 8 s at most"),
    ],
)
def test_too_little_to_learn_from_is_one_line(tmp_path: Path, sessions: list[OwnSession], message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        trained(tmp_path, sessions, "valence")
    assert message in caught.value.message
    assert caught.value.remedy
    assert not (tmp_path / "own.safetensors").exists()
