"""Each fold's encoder learns labels from its training windows alone; what cannot be fine-tuned is one line."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import ConfigError
from tests.support.small_datasets import corpus
from training.data.labelled_windows import LabelledWindows, label_windows
from training.fine_tuned_encoders import FineTunedEncoders, check_fine_tuning
from training.parallel import local_engine
from training.pretext.embedding import embed, random_encoder
from training.pretext.encoder_file import EncoderCard
from training.pretext.stage import Encoders
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.run_context import RunContext
from training.settings import load_settings

INF = float("inf")
MADE = corpus([[10.0, 20.0, INF, INF]] * 3, [[0, 0, 1, 1]] * 3)
MADE = replace(MADE, windows=np.random.default_rng(0).standard_normal((12, 2560)).astype(np.float32))
TUNED = load_settings(single={"head.fine_tune": 2})


def tuned(folder: Path, windows: LabelledWindows, before: Encoders) -> FineTunedEncoders:
    context = RunContext(folder, launch_fabric(TUNED.pretext), ProgressDisplay(io.StringIO()), local_engine(1))
    return FineTunedEncoders(
        before.encoder,
        before.card,
        None,
        before.embeddings,
        "",
        before=before,
        windows=windows,
        corpus=MADE,
        context=context,
        epochs=1,
        seed=0,
    )


def test_a_fold_knows_no_label_of_whom_it_is_scored_on(tmp_path: Path) -> None:
    """Turned labels of the subject left out change nothing, those of the others do; it starts from the fold's own."""
    encoder, other = random_encoder(seed=1), random_encoder(seed=2)
    card = EncoderCard("valid", {}, {})
    before = Encoders(encoder, card, None, {None: embed(encoder, MADE.windows)}, "", held_out={"p2": other})
    windows = label_windows("task", MADE, baseline=20.0)
    test = windows.table.subject == "p1"

    def turned(at: str) -> LabelledWindows:
        label = windows.table.label
        label = np.where(windows.table.subject == at, 1 - label, label)
        return replace(windows, table=replace(windows.table, label=label))

    found, same, others = (
        tuned(tmp_path, each, before).fold_embedding("p1", test) for each in (windows, turned("p1"), turned("p0"))
    )
    assert np.array_equal(found, same)
    assert not np.array_equal(found, others)
    assert not np.array_equal(found, before.embedding())
    assert len([*(tmp_path / "fine_tuned").iterdir()]) == 2
    own = tuned(tmp_path, windows, before).fold_embedding("p2", windows.table.subject == "p2")
    near, far = (np.abs(own - embed(each, MADE.windows)).mean() for each in (other, encoder))
    assert near < far / 2


def test_two_labels_a_second_head_and_a_number_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"head.fine_tune is 2 with 2 labels \(task, valence\), which cannot share"):
        check_fine_tuning(("task", "valence"), MADE.dataset, None, TUNED)
    with pytest.raises(ConfigError, match=r"head.fine_tune is 2: the encoder of a.safetensors serves its other heads"):
        check_fine_tuning(("task",), MADE.dataset, Path("a.safetensors"), TUNED)
    number = replace(TUNED, head=replace(TUNED.head, split="none"))
    with pytest.raises(ConfigError, match="valence is a number"):
        check_fine_tuning(("valence",), MADE.dataset, None, number)
    check_fine_tuning(("task",), MADE.dataset, None, number)
    check_fine_tuning(("task", "valence"), MADE.dataset, None, load_settings())
    with pytest.raises(ConfigError, match=r"head.fine_tune is -1; it must be from 0 to 1000"):
        load_settings(single={"head.fine_tune": -1})
