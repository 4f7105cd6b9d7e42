"""The whole benchmark on a small data set, with a pipeline of another package that raises."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecg_live import plugins
from ecg_live.errors import ConfigError
from ecg_live.tables import read_table
from tests.support.bench_tables import examples, inputs
from tests.support.plugin_site import install
from tests.support.small_datasets import dataset, flat, rest_load_session
from training.bench import run
from training.bench.fixed_splits import fix_split
from training.bench.pipelines import known_pipelines
from training.bench.run import DEFAULT_PIPELINES, BenchJob, applicable_pipelines, run_bench
from training.datasets.dataset import RecordingPart, SubjectSession
from training.evaluation.splits import fold_masks
from training.progress import ProgressDisplay
from training.settings import EvaluateSettings, TrainSettings

PLUGIN = """
from sklearn.linear_model import LogisticRegression
from training.bench.pipelines import BenchPipeline

class Failing(LogisticRegression):
    def fit(self, x, y):
        raise MemoryError("no room for the kernel")

def make():
    return BenchPipeline(Failing(), "hrv")
"""
SETTINGS = TrainSettings(evaluate=EvaluateSettings(draws=50))


@pytest.fixture
def _failing_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a pipeline, as pip leaves it; the cells' own processes find it on the path."""
    install(tmp_path / "site", "acme", "[ecg_live.pipelines]\nacme-failing = acme.bench:make\n", bench=PLUGIN)
    monkeypatch.syspath_prepend(tmp_path / "site")
    plugins._installed.cache_clear()
    yield
    plugins._installed.cache_clear()


@pytest.mark.usefixtures("_failing_plugin")
def test_a_cell_that_fails_is_marked_and_cells_that_are_done_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    lost = SubjectSession("d", (RecordingPart(flat(tmp_path / "d.csv", 20)),))
    made = dataset(*(rest_load_session(tmp_path / "data", name) for name in ("a", "b", "c")), lost)
    monkeypatch.setattr(run, "open_dataset", lambda _name, _folder: made)
    assert "acme-failing" in known_pipelines()
    out, lines = tmp_path / "out", list[str]()
    job = BenchJob((("made", tmp_path),), out, pipelines=("constant", "acme-failing"), settings=SETTINGS, jobs=2)
    found = run_bench(job, lines.append, ProgressDisplay(quiet=True))
    assert found.failed == 1
    constant, failed = found.rows
    assert constant.scores["auroc"] == 0.5
    assert failed.problem.startswith("fold a: the pipeline raises MemoryError: no room for the kernel")
    table = read_table(out / "bench.parquet", {"pipeline": "text", "auroc": "number", "problem": "text"})
    assert table["pipeline"] == ["constant", "acme-failing"]
    assert table["auroc"] == [0.5, None]
    with (out / "bench.csv").open() as file:
        assert [row["problem"] for row in csv.DictReader(file)] == ["", failed.problem]
    page = (out / "bench.html").read_text()
    assert "no room for the kernel" in page
    assert constant.split in page
    assert "no usable window of d: left out" in page
    text = (out / "bench.md").read_text()
    assert "| constant | no better than a constant | 0.500" in text
    assert "(95 % interval over 3 subjects)" in text

    lines.clear()
    again = run_bench(
        BenchJob((("made", tmp_path),), out, pipelines=("constant",), settings=SETTINGS, splits=out / "splits.json"),
        lines.append,
        ProgressDisplay(quiet=True),
    )
    assert lines == ["1 cells, 1 of them done already"]
    assert again.rows == (constant,)


def test_unknown_pipelines_and_data_sets_given_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the pipeline is 'svm'; known are constant, hrv, random encoder"):
        run_bench(BenchJob((("made", tmp_path),), tmp_path, pipelines=("svm",)), print, ProgressDisplay(quiet=True))
    twice = (("made", tmp_path), ("made", tmp_path))
    with pytest.raises(ConfigError, match="each can be there once"):
        run_bench(BenchJob(twice, tmp_path), print, ProgressDisplay(quiet=True))


def test_the_adaptive_set_is_left_out_of_numbers_unless_it_was_named(tmp_path: Path) -> None:
    lines = list[str]()
    for numbers, left_out in ((False, set()), (True, {"adaptive"})):
        table = examples(numbers=numbers)
        split = fix_split("made", "task", "loso", table, fold_masks(table, EvaluateSettings(), 0))
        made = inputs(tmp_path, table)
        found = applicable_pipelines(DEFAULT_PIPELINES, made, split, lines.append)
        assert set(DEFAULT_PIPELINES) - set(found) == left_out
        assert applicable_pipelines(("adaptive",), made, split, lines.append) == ("adaptive",)
    (line,) = lines
    assert line.startswith("made, task, loso: without adaptive: the adaptive set needs classes")
