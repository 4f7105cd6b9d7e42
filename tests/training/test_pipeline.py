"""The whole of training on a few real people: what it writes is a model that runs, and a report."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ecg_live.errors import ConfigError, DatasetError, IncompatibleBundle
from ecg_live.model.bundle import load_bundle, save_bundle
from ecg_live.model.tensor_file import tensors_sha256
from tests.support.small_training_run import manifest, quick, strangers
from training.pipeline import TrainJob, _encoder_scores, run_cell, run_training
from training.pretext.embedding import random_encoder
from training.pretext.leakage import SEEN_TOO, UNSEEN_ONLY
from training.progress import ProgressDisplay
from training.report import read_report
from training.results import TrainingReport
from training.settings import TrainSettings, load_settings

SHORT: dict[str, object] = {
    "pretext.epochs": 0.03,
    "pretext.batch": 2,
    "evaluate.draws": 50,
    "evaluate.folds": 3,
    "evaluate.rivals": 1,
}
SETTINGS = load_settings(single=SHORT)


@pytest.fixture
def few(shared_data: Path, tmp_path: Path) -> Path:
    """A folder with 24 records of one data set and 4 people of the other."""
    for name, patterns in {"cinc2017": ["A00[0-3]*"], "eegmat": [f"Subject0{i}_*.edf" for i in (0, 1, 4, 5)]}.items():
        (tmp_path / name).mkdir()
        for pattern in patterns:
            for path in sorted((shared_data / name).glob(pattern))[:48]:
                (tmp_path / name / path.name).symlink_to(path)
    return tmp_path


def go(folder: Path, settings: TrainSettings = SETTINGS, **job: object) -> tuple[TrainingReport, str]:
    """Train on the people in ``folder``; the report, and what was said."""
    said = io.StringIO()
    plan = TrainJob("eegmat", folder / "eegmat", folder / "model.safetensors", processes=1)
    with ProgressDisplay(said) as show:
        report = run_training(replace(plan, **job), settings, show)  # type: ignore[arg-type]  # of several types
    assert report is not None
    return report, said.getvalue()


def test_recordings_become_a_bundle_that_runs_and_a_report(few: Path) -> None:
    report, said = go(few, pretrain=(few / "cinc2017",))
    assert "pretext: " in said
    bundle = load_bundle(few / "model.safetensors")
    card = bundle.card.heads["mental_load"]
    assert card.classes == ("rest", "load")
    assert set(card.sets) == set(bundle.heads["mental_load"]) == {"population", "personal"}
    assert card.scores["trained_on"] == {"eegmat": ["00", "01", "04", "05"]} or card.scores["trained_on"]
    assert len(bundle.card.pretext["seen"]["cinc2017"]) == 24
    assert report.labels[0].split == "named"  # no rating that was split anywhere
    assert report.pretext is not None
    assert report.pretext.people_seen == UNSEEN_ONLY
    assert set(report.pretext.held_out) == set(SETTINGS.pretext.tasks)
    assert {(row.features, row.baseline, row.protocol) for row in report.labels[0].rows} >= {
        (features, baseline, protocol)
        for features in ("majority", "hrv", "random encoder", "embedding", "both")
        for baseline in (0.0, 60.0)
        for protocol in ("loso", "kfold")
    }
    assert read_report(few / "model.json") == report
    assert (few / "model.html").stat().st_size > 10_000


def test_a_second_head_goes_beside_the_first_over_the_same_encoder(few: Path) -> None:
    go(few, pretrain=(few / "cinc2017",))
    first = load_bundle(few / "model.safetensors")
    rows = [f"{path.name},{path.name[7:9]},0,60,{'_1' in path.name}" for path in sorted((few / "eegmat").iterdir())]
    (few / "eegmat" / "own.csv").write_text("\n".join(["file,subject,start_s,stop_s,calm", *rows]) + "\n")
    report, _ = go(
        few,
        dataset="manifest",
        data=few / "eegmat" / "own.csv",
        out=few / "two.safetensors",
        add_head=few / "model.safetensors",
    )
    both = load_bundle(few / "two.safetensors")
    assert [info.name for info in both.head_infos] == ["mental_load", "calm"]
    assert tensors_sha256(both.encoder.state_dict()) == tensors_sha256(first.encoder.state_dict())
    for name, value in first.heads["mental_load"]["population"].state_dict().items():
        assert torch.equal(value, both.heads["mental_load"]["population"].state_dict()[name])
    assert report.pretext is None
    assert "The encoder is that of model.safetensors" in report.remarks[0]


def test_without_other_recordings_each_fold_has_an_encoder_of_its_own(few: Path) -> None:
    report, said = go(few)
    assert report.pretext is not None
    assert report.pretext.people_seen == UNSEEN_ONLY
    assert "pretext without one subject each: 4 of 4" in said
    together, _ = go(few, replace(SETTINGS, evaluate=replace(SETTINGS.evaluate, transductive=True)))
    assert together.pretext is not None
    assert together.pretext.people_seen == SEEN_TOO
    apart = [row for row in report.labels[0].rows if row.features == "embedding" and row.protocol == "loso"]
    shared = [row for row in together.labels[0].rows if row.features == "embedding" and row.protocol == "loso"]
    assert apart[0].scores != shared[0].scores
    hrv = [[row.scores for row in each.labels[0].rows if row.features == "hrv"] for each in (report, together)]
    assert hrv[0] == hrv[1]


def test_an_encoder_can_go_on_from_the_weights_of_another(few: Path) -> None:
    go(few, pretrain=(few / "cinc2017",))
    first = load_bundle(few / "model.safetensors")
    go(few, pretrain=(few / "cinc2017",), start=few / "model.safetensors", out=few / "on.safetensors")
    second = load_bundle(few / "on.safetensors")
    assert tensors_sha256(second.encoder.state_dict()) != tensors_sha256(first.encoder.state_dict())
    assert second.card.pretext["started_from"]["settings"] == first.card.pretext["settings"]
    near, far = (
        sum(
            float((a - b).detach().square().sum())
            for a, b in zip(second.encoder.parameters(), other.parameters(), strict=True)
        )
        for other in (first.encoder, random_encoder("valid", seed=3))
    )
    assert near < far / 4
    same = replace(SETTINGS, pretext=replace(SETTINGS.pretext, padding="same"))
    with pytest.raises(ConfigError, match="has padding valid; the settings say same"):
        go(few, same, pretrain=(few / "cinc2017",), start=few / "model.safetensors")


def test_an_encoder_that_has_seen_subjects_is_not_scored_on_them_as_strangers(few: Path) -> None:
    go(few)
    with pytest.raises(ConfigError, match="has seen 4 of the subjects who would be left out"):
        go(few, encoder=few / "model.safetensors", out=few / "other.safetensors")
    settings = replace(SETTINGS, evaluate=replace(SETTINGS.evaluate, transductive=True))
    report, _ = go(few, settings, encoder=few / "model.safetensors", out=few / "other.safetensors")
    assert report.labels
    assert "4 of eegmat: scored subjects, too (transductive)" in report.remarks[0]


def test_what_is_made_is_used_again_to_the_bit(few: Path) -> None:
    first, _ = go(few, pretrain=(few / "cinc2017",))
    made = load_bundle(few / "model.safetensors")
    again, said = go(few, pretrain=(few / "cinc2017",))
    assert "pretext: " not in said
    assert again.labels == first.labels
    assert tensors_sha256(load_bundle(few / "model.safetensors").encoder.state_dict()) == tensors_sha256(
        made.encoder.state_dict()
    )


def test_a_cell_of_a_sweep_gives_figures(few: Path) -> None:
    table = {"dataset": "eegmat", "data": str(few / "eegmat"), "pretrain": [str(few / "cinc2017")]}
    (few / "sweep" / "cell").mkdir(parents=True)
    found = run_cell(table, SETTINGS, few / "sweep" / "cell")
    assert next(iter(found)) == "mental_load embedding"  # which is plotted
    assert found["mental_load embedding_low"] <= found["mental_load embedding"] <= found["mental_load embedding_high"]
    assert {name for name in found if name.startswith("pretext ")} == {f"pretext {t}" for t in SETTINGS.pretext.tasks}
    assert np.isfinite(list(found.values())).all()


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"out": Path("model.pt")}, "ends in .safetensors"),
        ({"out": Path("nowhere/model.safetensors")}, "there is no folder nowhere"),
        ({"add_head": Path("a"), "encoder": Path("b")}, "takes the bundle's encoder"),
        ({"encoder": Path("a"), "pretrain": (Path("b"),)}, "is not trained any more"),
    ],
)
def test_jobs_that_cannot_be_are_one_line(few: Path, job: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        go(few, **job)  # type: ignore[arg-type]  # of several types


def test_the_report_names_all_data_and_the_bundle_all_licences(tmp_path: Path) -> None:
    manifest(tmp_path / "own")
    job = TrainJob("manifest", tmp_path / "own", tmp_path / "a.safetensors", processes=1)
    pretrain = (strangers(tmp_path / "one"), strangers(tmp_path / "two"))
    report = run_training(replace(job, pretrain=pretrain), quick(), ProgressDisplay(quiet=True))
    assert report is not None
    assert [each.title for each in report.data] == ["manifest.csv", "Recordings in one", "Recordings in two"]
    assert [each.used for each in report.data] == [12, 21, 21]
    assert report.data[1].remarks[0].startswith("notes.txt: left out")
    assert report.data[1].labels == {}
    assert report.pretext is not None
    assert set(report.pretext.held_out) == {"original", "negation"}
    assert next(iter(_encoder_scores(report))) == "load embedding"
    assert load_bundle(job.out).card.licence == "GPL-3.0-or-later; data: unknown; the user's own"

    first = load_bundle(job.out)
    licensed = replace(first, card=replace(first.card, licence="GPL-3.0-or-later; data: mine", pretext={}))
    save_bundle(licensed, tmp_path / "old.safetensors")
    more = replace(job, add_head=tmp_path / "old.safetensors", out=tmp_path / "b.safetensors")
    assert run_training(more, quick(), ProgressDisplay(quiet=True)) is not None
    assert load_bundle(more.out).card.licence == "GPL-3.0-or-later; data: mine; the user's own"


def test_a_model_of_the_authors_scale_is_no_model_for_the_live_path(tmp_path: Path) -> None:
    manifest(tmp_path / "own")
    settings = quick(corpus__scale="offline", evaluate__transductive=True)
    job = TrainJob("manifest", tmp_path / "own", tmp_path / "a.safetensors", processes=1)
    assert run_training(job, settings, ProgressDisplay(quiet=True)) is not None
    with pytest.raises(IncompatibleBundle, match="was made for zscore offline"):
        load_bundle(job.out)
    with pytest.raises(IncompatibleBundle, match="was made for zscore offline"):
        run_training(
            replace(job, encoder=job.out, out=tmp_path / "b.safetensors"), settings, ProgressDisplay(quiet=True)
        )


@pytest.mark.parametrize(
    ("words", "label", "classes", "warned"),
    [
        (("low", "high"), "load", ("low", "high"), False),
        (("glad", "blue"), "load", ("blue", "glad"), True),
        (("glad", "blue"), "load[glad,blue]", ("glad", "blue"), False),
    ],
)
def test_a_heads_last_class_is_the_highest_or_somebody_is_warned(
    tmp_path: Path, words: tuple[str, str], label: str, classes: tuple[str, ...], warned: bool
) -> None:
    path, said = manifest(tmp_path / "own"), io.StringIO()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",False", f",{words[0]}").replace(",True", f",{words[1]}"), encoding="utf-8")
    job = TrainJob("manifest", tmp_path / "own", tmp_path / "a.safetensors", (label,), processes=1)
    with ProgressDisplay(said) as show:
        report = run_training(job, quick(evaluate__transductive=True), show)
    assert load_bundle(job.out).card.heads["load"].classes == classes
    assert ("warning: the order of the classes of load is unknown" in said.getvalue()) == warned
    assert report is not None
    assert any("ordered by letter" in remark for remark in report.labels[0].remarks) == warned


@pytest.mark.parametrize(
    ("people", "job", "said"),
    [
        (3, {"labels": ("load", "joy")}, "manifest has no label joy; its labels are load"),
        (3, {"dataset": "recordings"}, r"recordings has no labels.* as --pretrain"),
        (2, {}, "2 subjects; leaving one out needs 3"),
    ],
)
def test_what_cannot_be_scored_is_said_before_anything_is_learnt(
    tmp_path: Path, people: int, job: dict[str, Any], said: str
) -> None:
    manifest(tmp_path / "own", people)
    plan = TrainJob("manifest", tmp_path / "own", tmp_path / "a.safetensors", processes=1)
    with pytest.raises((ConfigError, DatasetError), match=said):
        run_training(replace(plan, **job), quick(), ProgressDisplay(quiet=True))
    assert not (tmp_path / "a.work" / "pretext").exists()
