"""``ecg-live evaluate``: several bundles on several data sets, as lines, JSON, and tables for a paper."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecg_live.model.bundle import HeadCard, save_bundle
from ecg_live.tables import read_table
from tests.support.command_line import ecg_live
from tests.support.random_bundles import LOAD, random_bundle
from tests.support.small_datasets import csv
from training.evaluation.prediction_table import prediction_columns

DATA = ("--dataset", "manifest", "--data")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bundles that answer mental_load with other weights, one with other classes, and two data sets."""
    found = tmp_path_factory.mktemp("evaluate")
    bundle = random_bundle()
    save_bundle(bundle, found / "a.safetensors")
    head = bundle.heads["mental_load"]["population"]
    turned = replace(head, net={name: -value for name, value in head.net.items()})
    save_bundle(replace(bundle, heads={**bundle.heads, "mental_load": {"population": turned}}), found / "b.safetensors")
    cards = {**bundle.card.heads, "mental_load": HeadCard(("calm", "load"))}
    save_bundle(replace(bundle, card=replace(bundle.card, heads=cards)), found / "other.safetensors")
    for name, label in (("one", "mental_load"), ("two", "mental_load"), ("mood", "mood")):
        (found / name).mkdir()
        rows = [f"file,subject,start_s,stop_s,{label}"]
        for i in range(3):
            csv(found / name / f"p{i}.csv", 61, level=1 + i / 10)
            rows += [f"p{i}.csv,p{i},0,30,rest", f"p{i}.csv,p{i},30,61,load"]
        (found / name / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return found


def test_two_bundles_on_two_data_sets(folder: Path, tmp_path: Path) -> None:
    models = (folder / "a.safetensors", folder / "b.safetensors")
    options = (*DATA, folder / "one", *DATA, folder / "two", "--baseline", 0)
    tables = ("--table", tmp_path / "s.md", "--table", tmp_path / "s.tex", "--predictions", tmp_path / "p.csv")
    done = ecg_live("evaluate", *models, *options, *tables, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(each["model"], len(each["rows"])) for each in found["evaluations"]] == [
        ("a.safetensors", 1),
        ("b.safetensors", 1),
    ] * 2
    tests = found["comparisons"]
    assert [(each["score"], each["first"], each["second"]) for each in tests] == [
        (score, "a.safetensors", "b.safetensors") for score in ("auroc", "brier")
    ] * 2
    first, second = (each["rows"][0]["auroc"] for each in found["evaluations"][:2])
    assert tests[0]["difference"] == pytest.approx(first - second)
    assert tests[0]["subjects"] == 3
    row = found["evaluations"][0]["rows"][0]
    assert sum(sum(sum(line) for line in each["confusion"]) for each in row["per_subject"].values()) == row["windows"]
    predictions = read_table(tmp_path / "p.csv", prediction_columns(LOAD))
    assert len(predictions["truth"]) == 2 * 2 * row["windows"]
    text = (tmp_path / "s.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("### ")][:3] == [
        "### Scores of finished models",
        "### AUROC (95 %) by data set",
        "### Paired tests",
    ]
    assert f"| a.safetensors | manifest {folder / 'one'} | mental_load | population | {first:.3f} [" in text
    latex = (tmp_path / "s.tex").read_text(encoding="utf-8")
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{table}") == text.count("### ")
    assert r"mental\_load" in latex
    assert "mental_load" not in latex


def test_lines_name_model_data_set_and_test(folder: Path) -> None:
    models = (folder / "a.safetensors", folder / "b.safetensors")
    done = ecg_live("evaluate", *models, *DATA, folder / "one", *DATA, folder / "mood", "--baseline", 0)
    assert done.returncode == 0, done.stderr
    assert f"a.safetensors answers mental_load, emotion; manifest {folder / 'mood'} has labels mood" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"a.safetensors, manifest {folder / 'one'}: mental_load (population): AUROC ")
    test = "mental_load (population): AUROC of a.safetensors minus b.safetensors: "
    assert any(line.startswith(f"manifest {folder / 'one'}, {test}") for line in lines)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (
            ("a", "other", *DATA, "one"),
            2,
            "head mental_load has the classes rest, load in a.safetensors and calm, load",
        ),
        (("a", "a", *DATA, "one"), 2, "the same bundle is given twice"),
        (("a", "b", *DATA, "mood"), 2, "a.safetensors answers mental_load, emotion; manifest has labels mood"),
        (("a", *DATA, "one", "--dataset", "eegmat"), 2, "2 --dataset and 1 --data"),
        (
            ("a", *DATA, "one", "--table", "scores.txt"),
            2,
            "--table scores.txt: the suffix is .txt; known are .md, .tex",
        ),
        (("a", *DATA, "one", "--table", "absent/s.md"), 2, "--table absent/s.md: there is no folder absent"),
        (("a", *DATA, "one", "--predictions", "p.xlsx"), 2, "--predictions p.xlsx: the suffix is .xlsx"),
        (
            ("a", *DATA, "one", "--predictions", "rows"),
            2,
            "is there already, and is no table that begins with model",
        ),
    ],
)
def test_bad_input_is_one_line(folder: Path, options: tuple[str, ...], code: int, message: str) -> None:
    paths = {"a", "b", "other", "one", "mood"}
    files = {name: folder / (f"{name}.safetensors" if name in {"a", "b", "other"} else name) for name in paths}
    files["rows"] = folder / "one" / "manifest.csv"
    before = files["rows"].read_bytes()
    done = ecg_live("evaluate", *(files.get(option, option) for option in options), "--baseline", 0)
    assert done.returncode == code
    assert message in done.stderr.splitlines()[-2]
    assert done.stdout == ""
    assert files["rows"].read_bytes() == before
