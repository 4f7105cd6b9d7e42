"""The whole of training on a few real people: what it writes is a model that runs, and a report."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ecg_live.cli.commands.models import _print_card
from ecg_live.errors import ConfigError, DatasetError, IncompatibleBundle
from ecg_live.events import F64
from ecg_live.model.bundle import load_bundle, save_bundle
from ecg_live.model.engine.embedders import WindowEmbedder
from ecg_live.model.predictor import Predictor
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.model.torch_weights import module_arrays
from ecg_live.tables import read_table
from tests.support.files import challenge_files, eegmat_files
from tests.support.small_training_run import manifest, quick, strangers
from tests.support.synthetic_signals import ecg
from training.pipeline import TrainJob, _encoder_scores, run_cell, run_training
from training.pretext.embedding import random_encoder
from training.pretext.leakage import SEEN_TOO, UNSEEN_ONLY
from training.progress import ProgressDisplay
from training.report import read_report
from training.results import TrainingReport
from training.settings import EncoderSettings, TrainSettings, load_settings

SHORT: dict[str, object] = {
    "pretext.epochs": 0.03,
    "pretext.batch": 2,
    "evaluate.draws": 50,
    "evaluate.folds": 3,
    "evaluate.rivals": 1,
}
SETTINGS = load_settings(single=SHORT)


@dataclass(frozen=True)
class Trained:
    """What a run wrote into a folder, and what it said."""

    folder: Path
    bundle: Path
    report: TrainingReport
    said: str


def heart(seconds: float, rate: float, bpm: float, seed: int) -> F64:
    """Samples (n,) in mV of somebody whose size and noise are their own."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.7, 1.3) * ecg(seconds * bpm / 72, rate * 72 / bpm)[:, 0]
    return x[: round(seconds * rate)] + rng.normal(size=len(x))[: round(seconds * rate)] * 0.02


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 24 records as of one data set, and 4 subjects as of the other."""
    folder = tmp_path_factory.mktemp("few")
    for k in range(24):
        challenge_files.challenge(folder / "cinc2017", f"A{k:05d}", heart(20, challenge_files.RATE, 55 + 2 * k, k))
    for k in (0, 1, 4, 5):
        rest, load = (heart(s, eegmat_files.RATE, bpm + 3 * k, 100 + k) for s, bpm in ((100, 62), (60, 75)))
        eegmat_files.write(folder / "eegmat", k, rest, load)
    return folder


@pytest.fixture(scope="module")
def trained(few: Path) -> Trained:
    """Stage one on the records, stage two on the subjects."""
    bundle = few / "model.safetensors"
    return Trained(few, bundle, *go(few, out=bundle, pretrain=(few / "cinc2017",)))


@pytest.fixture(scope="module")
def alone(few: Path) -> Trained:
    """Both stages on the same subjects."""
    return Trained(few, few / "alone.safetensors", *go(few, out=few / "alone.safetensors"))


def go(folder: Path, settings: TrainSettings = SETTINGS, **job: object) -> tuple[TrainingReport, str]:
    """Train on the people in ``folder``; the report, and what was said. Windows that were cut before are used again."""
    said = io.StringIO()
    plan = TrainJob("eegmat", folder / "eegmat", folder / "model.safetensors", processes=1, work=folder / "work")
    with ProgressDisplay(said) as show:
        report = run_training(replace(plan, **job), settings, show)  # type: ignore[arg-type]  # of several types
    assert report is not None
    return report, said.getvalue()


def test_recordings_become_a_bundle_that_runs_and_a_report(trained: Trained) -> None:
    report = trained.report
    assert "pretext: " in trained.said
    bundle = load_bundle(trained.bundle)
    card = bundle.card.heads["mental_load"]
    assert card.classes == ("rest", "load")
    assert set(card.sets) == set(bundle.heads["mental_load"]) == {"population", "adaptive", "personal"}
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
    assert read_report(trained.bundle.with_suffix(".json")) == report
    assert trained.bundle.with_suffix(".html").stat().st_size > 10_000
    path = trained.folder / "model.predictions.parquet"
    table = read_table(
        path, {"baseline": "number", "features": "text", "protocol": "text", "set": "text", "order": "text"}
    )
    counts = Counter(zip(*table.values(), strict=True))
    for row in report.labels[0].rows:
        key = (row.baseline, row.features, row.protocol, row.set)
        assert counts[*key, "natural"] == row.scores.windows
        assert all(counts[*key, order] == scored.scores.windows for order, scored in row.orders.items())
    assert {row.set for row in report.labels[0].rows} == set(card.sets)


def test_another_encoder_and_pretext_task_become_a_bundle_that_runs(trained: Trained, tmp_path: Path) -> None:
    settings = replace(
        SETTINGS,
        encoder=EncoderSettings("s4d"),
        pretext=replace(SETTINGS.pretext, kind="cpc"),
        evaluate=replace(SETTINGS.evaluate, rivals=1),
    )
    out = tmp_path / "state.safetensors"
    report, _ = go(trained.folder, settings, out=out, pretrain=(trained.folder / "cinc2017",))
    bundle = load_bundle(out)
    assert bundle.card.encoder == {"kind": "s4d", "config": {"blocks": 6}}
    assert isinstance(Predictor(bundle).engine, WindowEmbedder)
    assert report.pretext is not None
    assert set(report.pretext.held_out) == {"what comes next"}
    page = out.with_suffix(".html").read_text(encoding="utf-8")
    assert "Pretext task: what comes next in a window" in page
    assert "always saying no" not in page
    with pytest.raises(ConfigError, match=r"kind s4d; the settings say cnn"):
        go(trained.folder, pretrain=(trained.folder / "cinc2017",), start=out, out=tmp_path / "other.safetensors")


def test_a_second_head_goes_beside_the_first_over_the_same_encoder(trained: Trained, tmp_path: Path) -> None:
    first = load_bundle(trained.bundle)
    paths = sorted((trained.folder / "eegmat").iterdir())
    for path in paths:
        (tmp_path / path.name).symlink_to(path)
    rows = [f"{path.name},{path.name[7:9]},0,60,{'_1' in path.name}" for path in paths]
    (tmp_path / "own.csv").write_text("\n".join(["file,subject,start_s,stop_s,calm", *rows]) + "\n")
    report, _ = go(
        trained.folder,
        dataset="manifest",
        data=tmp_path / "own.csv",
        out=tmp_path / "two.safetensors",
        add_head=trained.bundle,
    )
    both = load_bundle(tmp_path / "two.safetensors")
    assert [info.name for info in both.head_infos] == ["mental_load", "calm"]
    assert tensors_sha256(both.encoder) == tensors_sha256(first.encoder)
    for name, value in first.heads["mental_load"]["population"].arrays().items():
        np.testing.assert_array_equal(value, both.heads["mental_load"]["population"].arrays()[name])
    assert report.pretext is None
    assert "The encoder is that of model.safetensors" in report.remarks[0]


def test_without_other_recordings_each_fold_has_an_encoder_of_its_own(alone: Trained, tmp_path: Path) -> None:
    report, said = alone.report, alone.said
    assert report.pretext is not None
    assert report.pretext.people_seen == UNSEEN_ONLY
    assert "pretext without one subject each: 4 of 4" in said
    transductive = replace(SETTINGS, evaluate=replace(SETTINGS.evaluate, transductive=True))
    together, _ = go(alone.folder, transductive, out=tmp_path / "model.safetensors")
    assert together.pretext is not None
    assert together.pretext.people_seen == SEEN_TOO
    apart = [row for row in report.labels[0].rows if row.features == "embedding" and row.protocol == "loso"]
    shared = [row for row in together.labels[0].rows if row.features == "embedding" and row.protocol == "loso"]
    assert apart[0].scores != shared[0].scores
    hrv = [[row.scores for row in each.labels[0].rows if row.features == "hrv"] for each in (report, together)]
    assert hrv[0] == hrv[1]


def test_an_encoder_can_go_on_from_the_weights_of_another(trained: Trained, tmp_path: Path) -> None:
    first, records = load_bundle(trained.bundle), (trained.folder / "cinc2017",)
    go(trained.folder, pretrain=records, start=trained.bundle, out=tmp_path / "on.safetensors")
    second = load_bundle(tmp_path / "on.safetensors")
    assert tensors_sha256(second.encoder) != tensors_sha256(first.encoder)
    assert second.card.pretext["started_from"]["settings"] == first.card.pretext["settings"]
    near, far = (
        sum(float(((value - other[name]) ** 2).sum()) for name, value in second.encoder.items())
        for other in (first.encoder, module_arrays(random_encoder("valid", seed=3)))
    )
    assert near < far / 4
    same = replace(SETTINGS, pretext=replace(SETTINGS.pretext, padding="same"))
    with pytest.raises(ConfigError, match="has padding valid; the settings say same"):
        go(trained.folder, same, pretrain=records, start=trained.bundle, out=tmp_path / "on.safetensors")


def test_an_encoder_that_has_seen_subjects_is_not_scored_on_them_as_strangers(alone: Trained, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has seen 4 of the subjects who would be left out"):
        go(alone.folder, encoder=alone.bundle, out=tmp_path / "other.safetensors")
    settings = replace(SETTINGS, evaluate=replace(SETTINGS.evaluate, transductive=True))
    report, _ = go(alone.folder, settings, encoder=alone.bundle, out=tmp_path / "other.safetensors")
    assert report.labels
    assert "4 of eegmat: scored subjects, too (transductive)" in report.remarks[0]


def test_a_fine_tuned_encoder_is_scored_beside_the_frozen_one_and_shipped(trained: Trained, tmp_path: Path) -> None:
    tuned = replace(SETTINGS, head=replace(SETTINGS.head, fine_tune=1))
    out = tmp_path / "tuned.safetensors"
    report, said = go(trained.folder, tuned, encoder=trained.bundle, out=out, work=tmp_path / "work")
    assert "mental_load: fine-tuning" in said
    rows = {(row.features, row.baseline, row.protocol, row.set): row for row in report.labels[0].rows}
    before = {(row.features, row.baseline, row.protocol, row.set): row for row in trained.report.labels[0].rows}
    for baseline in (0.0, 60.0):
        at = (baseline, "loso", "personal" if baseline else "population")
        assert rows["frozen encoder", *at].scores == before["embedding", *at].scores
        assert rows["embedding", *at].scores != before["embedding", *at].scores
        assert "frozen encoder" in rows["embedding", *at].versus
        assert rows["hrv", *at].scores == before["hrv", *at].scores
    mixed = ("embedding", 0.0, "kfold", "population")
    assert rows[mixed].scores == before[mixed].scores
    assert any(remark.startswith("fine-tuned: ") for remark in report.labels[0].remarks)
    assert "this encoder before fine-tuning" in out.with_suffix(".html").read_text(encoding="utf-8")

    bundle = load_bundle(out)
    assert tensors_sha256(bundle.encoder) != tensors_sha256(load_bundle(trained.bundle).encoder)
    made = bundle.card.pretext["fine_tuned"]
    assert (made["label"], made["data"], made["epochs"]) == ("mental_load", "eegmat", 1)
    assert list(made["subjects"]) == list(bundle.card.pretext["seen"]["eegmat"]) == ["00", "01", "04", "05"]
    console = Console(width=200, file=io.StringIO())
    _print_card(console, "tuned", bundle.card)
    assert isinstance(console.file, io.StringIO)
    assert "fine-tuned with labels: mental_load of 4 subjects of eegmat, 1 epochs" in console.file.getvalue()
    transductive = replace(SETTINGS, evaluate=replace(SETTINGS.evaluate, transductive=True))
    with pytest.raises(ConfigError, match="has seen 4 of the subjects"):
        go(trained.folder, transductive, encoder=out, out=tmp_path / "next.safetensors")


def test_what_is_made_is_used_again_to_the_bit(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "again.safetensors"
    again, said = go(trained.folder, pretrain=(trained.folder / "cinc2017",), out=out)
    assert "pretext: " not in said
    assert again.labels == trained.report.labels
    first, second = (load_bundle(path).encoder for path in (trained.bundle, out))
    assert tensors_sha256(first) == tensors_sha256(second)


def test_a_cell_of_a_sweep_gives_figures(few: Path, tmp_path: Path) -> None:
    table = {"dataset": "eegmat", "data": str(few / "eegmat"), "pretrain": [str(few / "cinc2017")]}
    (tmp_path / "sweep" / "cell").mkdir(parents=True)
    found = run_cell(table, SETTINGS, tmp_path / "sweep" / "cell")
    assert next(iter(found)) == "mental_load embedding"  # which is plotted
    assert found["mental_load embedding_low"] <= found["mental_load embedding"] <= found["mental_load embedding_high"]
    assert {"mental_load embedding, adaptive set", "mental_load embedding, baseline"} < set(found)
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
    path = tmp_path / "own" / "manifest.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",load", ",strain"), encoding="utf-8")
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
        (2, {}, "2 subjects; leaving some out needs 3"),
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
