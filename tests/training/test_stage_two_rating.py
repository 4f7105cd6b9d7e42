"""From ratings that change to scores, card, heads, report and the lines of a terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from ecg_live.cli.commands.models import _describe_answers, _evidence, _rating_table
from ecg_live.cli.commands.train import _print_scores
from ecg_live.model.chance import CONSTANT_RATING, NOT_SHOWN, answering_sets
from ecg_live.model.score_text import SAME_IN_EVERY_ORDER
from tests.support.html_pages import body, words
from tests.support.invented_report import report as invented
from tests.support.small_datasets import corpus
from training.data.corpus import Corpus
from training.data.labelled_windows import label_windows
from training.datasets.dataset import Annotation, LabelTrack, Rating
from training.evaluation.regression_metrics import regression_scores
from training.parallel import local_engine
from training.pipeline import _encoder_scores
from training.pretext.embedding import embed, random_encoder
from training.pretext.encoder_file import EncoderCard
from training.pretext.stage import Encoders
from training.pretext.train_step import launch_fabric
from training.progress import ProgressDisplay
from training.report.files import read_report, write_report
from training.report.page import page
from training.report.score_tables import training_tables
from training.run_context import RunContext
from training.settings import load_settings
from training.stage_two import KeptBack, TrainedLabel
from training.stage_two_rating import RATING_SELECTION_CAVEAT, train_rating

INF = float("inf")


def rated(strength: float) -> Corpus:
    """Five subjects with a rating that follows the heart rate as far as ``strength``; the first windows are rest."""
    made = corpus([[10.0, 20.0, 30.0] + [INF] * 17] * 5, [[0] * 3 + [1] * 17] * 5)
    rng = np.random.default_rng(0)
    made = replace(made, windows=rng.standard_normal((100, 2560)).astype(np.float32))
    made.rows["hrv"] = rng.standard_normal((100, 3))
    made.rows["start"] = np.tile(10.0 * np.arange(20), 5)
    noise = rng.standard_normal(100)
    value = np.clip(5 + 1.5 * (strength * made.rows["hrv"][:, 0] + (1 - strength) * noise), 0, 10).reshape(5, 20)
    times = tuple(10.0 * np.arange(20))
    sessions = []
    for session, own in zip(made.dataset.sessions, value, strict=True):
        tracks = (LabelTrack(times[:3], tuple(own[:3]), 30.0), LabelTrack(times[3:], tuple(own[3:]), 200.0))
        spans = ((0.0, 30.0, tracks[0], True), (30.0, 200.0, tracks[1], False))
        annotations = tuple(Annotation(0, start, stop, {"stress": track}, rest) for start, stop, track, rest in spans)
        sessions.append(replace(session, annotations=annotations))
    data = replace(made.dataset, sessions=tuple(sessions), labels={"stress": Rating(0, 10)})
    return replace(made, dataset=data)


def trained(folder: Path, strength: float) -> TrainedLabel:
    made = rated(strength)
    encoder = random_encoder(seed=77)
    single = {"evaluate.draws": 50, "evaluate.baseline": 30.0, "evaluate.folds": 2, "evaluate.rivals": 1}
    settings = load_settings(single=single | {"head.split": "none"})
    context = RunContext(folder, launch_fabric(settings.pretext), ProgressDisplay(io.StringIO()), local_engine(1))
    encoders = Encoders(encoder, EncoderCard("valid", {}, {}), None, {None: embed(encoder, made.windows)}, "never")
    windows = label_windows("stress", made, "none", 30.0)
    return train_rating(windows, made, encoders, context, settings, KeptBack(("p4",)))


def test_a_rating_that_follows_the_heart_becomes_a_head_that_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = trained(tmp_path, 0.95)
    card = learnt.card
    assert (card.classes, card.scale, card.split) == ((), (0.0, 10.0), "none")
    assert answering_sets(card)[0] == "population"
    assert RATING_SELECTION_CAVEAT in learnt.result.remarks
    row = next(row for row in card.scores["rows"] if row["features"] == "HR + HRV" and row["baseline"] == "no")
    assert row["versus"][CONSTANT_RATING]["interval"][1] < 0
    assert row["ccc"] > 0.8
    assert row["people"] == 4
    population, _ = card.scores["kept_back"]
    assert (population["people"], population["windows"]) == (1, 20)
    assert population["rmse"] < 0.5
    _rows_are_made_from_the_ratings(learnt)
    assert "kept back, in no fit, fold or choice: p4" in learnt.result.remarks
    head = learnt.heads["population"]
    value = head.value_inside(np.zeros((1, len(head.mean))))
    assert value is not None
    assert 3 < value < 7
    _print_scores(learnt.result)
    text = capsys.readouterr().out
    assert text.startswith("stress (0 to 10)\n")
    assert "* hrv                    no baseline     RMSE" in text
    assert text.count(SAME_IN_EVERY_ORDER) == 4  # both sets, on subjects left out and on who was kept back
    assert "check passed: permuted labels: CCC of heads that learnt permuted ratings" in text
    console = Console(width=200, file=io.StringIO())
    console.print(_rating_table(card.scores["rows"]))
    console.print(_describe_answers(card))
    console.print("\n".join(_evidence(card)))
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert "a number from 0 to 10; 80 % of ratings within" in printed
    assert "population set: errs less than a constant" in printed
    assert printed.count("on subjects that no choice looked at:\n    RMSE 0.") == 2


def _rows_are_made_from_the_ratings(learnt: TrainedLabel) -> None:
    assert len(learnt.ratings) == len(learnt.result.regression)
    for windows, row in zip(learnt.ratings, learnt.result.regression, strict=True):
        assert (windows.features, windows.protocol, windows.baseline) == (row.features, row.protocol, row.baseline)
        assert regression_scores(windows.predictions) == row.scores
        assert row.protocol != "loso" or (windows.fold == windows.subject).all()
    assert set(learnt.ratings[-1].subject.tolist()) == {"p4"}
    assert not learnt.predictions


def test_noise_does_not_answer_and_the_report_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learnt = trained(tmp_path, 0.0)
    assert answering_sets(learnt.card) == ()
    assert any(NOT_SHOWN in remark for remark in learnt.result.remarks)
    _print_scores(learnt.result)
    assert NOT_SHOWN in capsys.readouterr().out
    whole = replace(invented(), labels=(learnt.result,))
    text = words(body(page(whole)))
    assert "it errs no less than always saying the mean rating" in text
    assert "mean rating" in text
    assert "passed permuted labels: CCC of heads" in text
    assert f"By order of the conditions: {SAME_IN_EVERY_ORDER}" in text
    swept = _encoder_scores(replace(whole, settings={"evaluate": {"protocol": "loso"}}))
    assert next(iter(swept)) == "stress embedding, CCC"
    of_label = {row.features: row.scores.rmse for row in learnt.result.regression if row.protocol == "loso"}
    assert {name for name in swept if "constant" in name} >= {"stress constant, RMSE", "stress constant, RMSE_low"}
    assert swept["stress embedding, baseline, RMSE"] == of_label["embedding"]  # of the last row, that with a baseline
    write_report(whole, tmp_path / "r.html", tmp_path / "r.json")
    assert read_report(tmp_path / "r.json").labels[0].regression[0].features == "majority"
    (table,) = training_tables([learnt.result], [])
    assert table.header[3] == "RMSE (95 %)"
    assert len(table.rows) == len(learnt.result.regression)
