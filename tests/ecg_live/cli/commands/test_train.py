"""``ecg-live train`` and ``ecg-live evaluate`` as a user types them: what they print and how they end."""

from __future__ import annotations

import importlib.util
import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

import ecg_live.cli.training_extra
import training.pipeline
from ecg_live.cli import main
from ecg_live.cli.commands.evaluate import evaluate
from ecg_live.cli.commands.train import assignments, train_model
from ecg_live.errors import ConfigError, DatasetError
from ecg_live.model.bundle import load_bundle, save_bundle
from tests.support.random_bundles import random_bundle
from tests.support.small_datasets import csv
from training.pipeline import TrainJob
from training.progress import ProgressDisplay
from training.settings import TrainSettings

FAST = {"evaluate.draws": 20, "evaluate.folds": 2, "evaluate.baseline": 30.0}


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Three people with 40 s of rest and 30 s of load, and an encoder that nobody trained."""
    rows = ["file,subject,start_s,stop_s,rest,mental_load"]
    for i, name in enumerate("abc"):
        csv(tmp_path / f"{name}.csv", 70, level=1 + 0.1 * i)
        rows += [f"{name}.csv,{name},0,40,1,rest", f"{name}.csv,{name},40,70,0,load"]
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    save_bundle(random_bundle(personal={"mental_load": "hrv"}), tmp_path / "encoder.safetensors")
    return tmp_path


def job(folder: Path) -> dict[str, Any]:
    made = {"dataset": "manifest", "data": folder, "out": folder / "model.safetensors", "processes": 1}
    return made | {"encoder": folder / "encoder.safetensors"}


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Give the command line some words; the exit code."""

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["ecg-live", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run


def test_training_says_how_good_the_model_is_and_where_it_lies(few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = job(few) | {"tables": (few / "scores.md",)}
    assert train_model(asked, "fast", None, {**FAST, "head.inputs": "hrv"}, quiet=True) == 0
    first, *rows, model, report, predictions = capsys.readouterr().out.splitlines()
    assert predictions == f"predictions  {few / 'model.predictions.parquet'}"
    tables = (few / "scores.md").read_text(encoding="utf-8")
    assert "| HR + HRV* | loso | none | " in tables
    assert "| HR + HRV* | loso | windows so far | " in tables
    assert tables.count("### Windows by true") == tables.count("* | loso | ")
    assert first == "mental_load (rest / load)"
    assert model == f"model   {few / 'model.safetensors'}"
    assert report == f"report  {few / 'model.html'}"
    rows, (legend, *mute) = rows[:28], rows[28:]
    assert any(line.endswith("answers only with --show-unproven") for line in mute)
    text = "\n".join(mute)
    for part in ("population set:", "within a subject", "load said at rest 0.", "label never changes for"):
        assert part in text
    for part in ("(a constant 0.", "the same in every order", "copied subjects: ", "passed: permuted labels: "):
        assert part in text
    assert len(rows) == 6 * 2 * 2 + 4
    assert legend == "  * in the bundle: hrv (population set), hrv (adaptive set), hrv (personal set)"
    marked = [row for row in rows if row.startswith("* ")]
    assert [row.split()[1:3] for row in marked] == [["hrv", "no"], ["hrv", "30"], ["hrv", "windows"]]
    assert all("leave one subject out" in row for row in marked)
    assert sum("leave one subject out, 3 subjects" in row for row in rows) == 12 + 4
    assert sum("windows so far  AUROC" in row for row in rows) == 4
    assert sum("segments mixed, 3 subjects" in row for row in rows) == 12
    assert rows[0].startswith(
        "  majority               no baseline     AUROC 0.500 [0.50, 0.50]  balanced accuracy 0.5"
    )
    assert any(row.startswith("  both                   30 s baseline   AUROC ") for row in rows)
    card = load_bundle(few / "model.safetensors").card.heads["mental_load"]
    assert dict(card.inputs) == {"population": "hrv", "adaptive": "hrv", "personal": "hrv"}
    assert (few / "model.html").exists()


def test_evaluation_prints_a_line_a_set_or_an_object(
    few: Path, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    model = few / "encoder.safetensors"
    evaluate([model], ["manifest"], [few], baseline=0.0, as_json=False)
    line, *words = capsys.readouterr().out.splitlines()
    assert all(each.startswith("  ") for each in words)
    assert line.startswith("mental_load (population): AUROC 0.")
    assert line.endswith("; 21 windows of 3 subjects, 0 more abstained")
    evaluate([model], ["manifest"], [few], baseline=30.0, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [(row["set"], row["windows"]) for row in found["rows"]] == [("personal", 3 * (1 + 3))]
    assert typed("evaluate", model, "--dataset", "manifest", "--data", few, "--baseline", -5) == 2
    assert "evaluate.baseline is -5; it must be from 30 to 3600 s" in capsys.readouterr().err


def test_scores_of_mixed_segments_alone_come_with_a_warning(few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_model(job(few), "fast", None, {**FAST, "evaluate.protocol": "kfold"}, quiet=True) == 0
    said = capsys.readouterr()
    assert "no scores for new subjects (for those: --protocol loso)" in said.err
    assert sum(row.startswith("* ") for row in said.out.splitlines()) == 2


def test_a_label_that_cannot_be_learnt_does_not_end_the_others(few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (few / "manifest.csv").read_text().splitlines()
    more = [f"{line},{number}" for line, number in zip(lines[1:], [3] * 6, strict=True)]
    (few / "manifest.csv").write_text("\n".join([f"{lines[0]},dominance[1-9]", *more]) + "\n")
    asked = {**job(few), "labels": ("dominance", "mental_load")}
    assert train_model(asked, "fast", None, {**FAST, "head.inputs": "hrv"}, quiet=True) == 4
    why = "left out: label dominance: all 6 annotations are of low; two classes are needed"
    assert why in capsys.readouterr().err
    assert set(load_bundle(few / "model.safetensors").heads) == {"mental_load"}
    assert why in json.loads((few / "model.json").read_text())["remarks"]
    with pytest.raises(DatasetError, match="label dominance: all 6 annotations are of low"):
        train_model({**asked, "labels": ("dominance",)}, "fast", None, FAST, quiet=True)


def test_a_head_is_not_replaced_by_one_of_its_name(few: Path) -> None:
    asked = job(few) | {"encoder": None, "add_head": few / "encoder.safetensors"}
    with pytest.raises(ConfigError, match="has a head mental_load already"):
        train_model(asked, "fast", None, FAST, quiet=True)


def test_ctrl_c_says_how_to_go_on(
    few: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(_job: TrainJob, _settings: TrainSettings, _show: ProgressDisplay) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training.pipeline, "run_training", stopped)
    assert train_model(job(few), "fast", None, {}) == 130
    assert capsys.readouterr().err == "ecg-live: stopped; the same command goes on from here\n"


def test_options_become_a_job_and_settings(
    tmp_path: Path, typed: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[TrainJob, TrainSettings]] = []

    def noted(planned: TrainJob, settings: TrainSettings, _show: ProgressDisplay) -> None:
        asked.append((planned, settings))

    monkeypatch.setattr(training.pipeline, "run_training", noted)
    toml = tmp_path / "mine.toml"
    toml.write_text("[evaluate]\nbaseline = 90\ndraws = 7\n")
    words = f"train --dataset dreamer --data d --out o.safetensors --preset paper --config {toml} --protocol loso"
    more = "--label arousal --label valence --baseline 40 --transductive --set head.dropout=0.5 --set head.split=median"
    assert typed(*words.split(), *more.split()) == 0
    ((planned, settings),) = asked
    assert planned == TrainJob("dreamer", Path("d"), Path("o.safetensors"), ("arousal", "valence"))
    assert settings.evaluate == replace(settings.evaluate, protocol="loso", baseline=40, draws=7, transductive=True)
    assert (settings.head.hidden, settings.head.dropout, settings.head.split) == ((512,) * 3, 0.5, "median")
    assert typed(*words.split()[:-2], "--set", "evaluate.protocol=kfold", "--set", "evaluate.baseline=45") == 0
    assert (asked[-1][1].evaluate.protocol, asked[-1][1].evaluate.baseline) == ("kfold", 45)
    for value, said in {
        "protocol=nonsense": "one of loso, groupkfold, leave-one-stimulus-out, kfold",
        "baseline=-7": "must be from 30 to 3600 s",
    }.items():
        assert typed(*words.split()[:-2], "--set", f"evaluate.{value}") == 2
        assert said in capsys.readouterr().err
    assert typed(*words.split(), "--set", "head.batch=0") == 2
    assert "head.batch is 0; it must be above 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([], {}),
        (["a.b=2", "c=0.5", "d=true"], {"a.b": 2, "c": 0.5, "d": True}),
        (["head.split=median", 'x="7"'], {"head.split": "median", "x": "7"}),
        (["pretext.tasks=['noise', 'scaling']", " spaced = 1 "], {"pretext.tasks": ["noise", "scaling"], "spaced": 1}),
        (["a=1", "a=2", "b="], {"a": 2, "b": ""}),
    ],
)
def test_values_are_as_toml_writes_them_or_words(texts: list[str], found: Mapping[str, object]) -> None:
    assert assignments(texts) == found


@pytest.mark.parametrize("text", ["head.split", "=3", " =3"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected NAME=VALUE"):
        assignments([text])


def test_without_the_packages_for_training_it_says_how_to_get_them(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacks(name: str) -> ModuleSpec | None:
        return None if name == "sklearn" else importlib.util.find_spec(name)

    monkeypatch.setattr(ecg_live.cli.training_extra, "find_spec", lacks)
    with pytest.raises(ConfigError, match=r"sklearn is not installed .*\[train\]"):
        train_model(job(few), "fast", None, {})
    with pytest.raises(ConfigError, match=r"sklearn is not installed .*\[train\]"):
        evaluate([few / "encoder.safetensors"], ["manifest"], [few], baseline=0.0, as_json=False)


@pytest.mark.parametrize("interrupt", [signal.default_int_handler, signal.SIG_IGN])
def test_sigterm_stops_as_ctrl_c_does(few: Path, monkeypatch: pytest.MonkeyPatch, interrupt: Any) -> None:
    def struck(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(training.pipeline, "run_training", struck)
    own = signal.signal(signal.SIGINT, interrupt)
    try:
        assert train_model(job(few), "fast", None, {}) == 143
    finally:
        signal.signal(signal.SIGINT, own)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_path_that_cannot_be_is_one_line(typed: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("train", "--dataset", "eegmat", "--data", "a" * 300, "--out", "o.safetensors") == 4
    assert capsys.readouterr().err.count("\n") == 2


def test_a_folder_where_the_report_should_lie_is_refused_before_any_work(few: Path) -> None:
    (few / "model.html").mkdir()
    with pytest.raises(ConfigError, match=r"model.html is a folder"):
        train_model({**job(few), "out": few / "model.safetensors"}, "fast", None, {})


def test_toml_that_is_too_deep_is_refused(typed: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "deep.toml").write_text("a = " + "[" * 3000)
    assert typed(*f"train --dataset eegmat --data d --out o.safetensors --config {tmp_path / 'deep.toml'}".split()) == 2
