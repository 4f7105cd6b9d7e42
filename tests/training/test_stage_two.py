"""From labelled windows and their embedding to scores and heads."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.support.small_datasets import corpus
from training.data.labelled_windows import label_windows
from training.parallel import local_engine
from training.pretext.embedding import embed, random_encoder
from training.pretext.encoder_file import EncoderCard
from training.pretext.stage import Encoders
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.run_context import RunContext
from training.settings import HeadInputs, load_settings
from training.stage_two import KeptBack, TrainedLabel, train_label

INF = float("inf")


def test_the_bundle_gets_the_features_that_were_asked_for(tmp_path: Path) -> None:
    """And the report says so where the choice went by the same folds."""
    made = corpus([[10.0, 20.0, 30.0, 40.0, INF, INF, INF, INF]] * 3, [[0] * 4 + [1] * 4] * 3)
    rng = np.random.default_rng(0)
    made = replace(made, windows=rng.standard_normal((24, 2560)).astype(np.float32))
    made.rows["hrv"] = rng.standard_normal((24, 3))
    encoder = random_encoder(seed=77)
    features = embed(encoder, made.windows)

    single = {"head.split": "median", "evaluate.draws": 20, "evaluate.baseline": 30.0, "evaluate.folds": 2}
    settings = load_settings(single=single)
    context = RunContext(tmp_path, launch_fabric(settings.pretext), ProgressDisplay(io.StringIO()), local_engine(1))
    encoders = Encoders(encoder, EncoderCard("valid", {}, {}), None, {None: features}, "never")
    windows = label_windows("task", made, "median", 30.0)
    choices: tuple[HeadInputs, ...] = ("auto", "hrv")
    for inputs in choices:
        chosen = replace(settings, head=replace(settings.head, inputs=inputs))
        learnt = train_label(windows, made, encoders, context, chosen, KeptBack())
        assert ("auto" in {row.features for row in learnt.result.rows}) == (inputs == "auto")
        assert any("chosen in each of" in remark for remark in learnt.result.remarks) == (inputs == "auto")
        assert [check.name for check in learnt.result.checks] == ["permuted labels"]
        assert inputs == "auto" or dict(learnt.card.inputs) == {"population": inputs, "personal": inputs}
        assert learnt.card.split == "median"
        assert sum("of 5 seeds" in remark for remark in learnt.result.remarks) == 2


def test_who_is_kept_back_changes_nothing_and_is_scored_once(tmp_path: Path) -> None:
    """Neither heads nor scores of the others depend on them; a cell of a sweep does not score them."""
    made = corpus([[10.0, 20.0, 30.0, 40.0, INF, INF, INF, INF]] * 5, [[0] * 4 + [1] * 4] * 5)
    rng = np.random.default_rng(0)
    made.rows["hrv"] = rng.standard_normal((40, 3)) + 2.0 * np.tile([0] * 4 + [1] * 4, 5)[:, None]
    embedding = rng.standard_normal((40, 128))
    single = {"head.inputs": "hrv", "evaluate.draws": 20, "evaluate.baseline": 30.0, "evaluate.rivals": 1}
    settings = load_settings(single={**single, "evaluate.folds": 2})
    context = RunContext(tmp_path, launch_fabric(settings.pretext), ProgressDisplay(io.StringIO()), local_engine(1))
    encoders = Encoders(random_encoder(seed=77), EncoderCard("valid", {}, {}), None, {None: embedding}, "never")
    kept = KeptBack(("p1", "p4"))

    def train(group: KeptBack) -> TrainedLabel:
        windows = label_windows("task", made, "median", 30.0)
        return train_label(windows, made, encoders, context, settings, group)

    first = train(kept)
    rows = [row for row in first.result.rows if row.protocol == "kept back"]
    assert [(row.set, row.scores.people) for row in rows] == [("population", 2), ("adaptive", 2), ("personal", 2)]
    assert all({"p1", "p4"}.isdisjoint(row.per_subject) for row in first.result.rows if row not in rows)
    assert [each["set"] for each in first.card.scores["kept_back"]] == ["population", "adaptive", "personal"]
    assert first.card.scores["trained_on"] == {"made": ["p0", "p2", "p3"]}
    assert any("kept back before anything was scored" in remark for remark in first.result.remarks)

    unseen = np.isin(made.subjects, kept.subjects)
    made.rows["hrv"][unseen] = -50.0
    embedding[unseen] += 9.0
    second = train(kept)
    assert [row for row in second.result.rows if row.protocol != "kept back"] == [
        row for row in first.result.rows if row.protocol != "kept back"
    ]
    for name, head in first.heads.items():
        x = rng.standard_normal((4, 3)).astype(np.float32)
        assert np.array_equal(head(x), second.heads[name](x))
    unscored = train(KeptBack(kept.subjects, score=False))
    assert not [row for row in unscored.result.rows if row.protocol == "kept back"]
    assert any("not scored in a sweep" in remark for remark in unscored.result.remarks)
