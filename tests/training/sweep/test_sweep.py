"""Sweeps run every cell once, go on after failures, and show what came out."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ecg_live.errors import ConfigError, DatasetError
from tests.support.sweep_cells import faulty, fitted
from training.paper import PRETEXT_TASKS
from training.sweep import sweep
from training.sweep.plan import SweepPlan, read_plan
from training.sweep.plot import plot_scores
from training.sweep.tables import ScoreTable, summary_tables, tabulate, value_labels
from training.sweep.trial import SweepTrial, prepare, read_problem, read_scores

RUN = '[run]\ndataset = "csv"\ndata = "here"\n'


def spec(folder: Path, grid: str, run: str = RUN) -> Path:
    path = folder / "sweep.toml"
    folder.mkdir(exist_ok=True)
    path.write_text(f"{run}[grid]\n{grid}\n", encoding="utf-8")
    return path


def done(folder: Path, grid: str) -> SweepPlan:
    """A plan all of whose cells have run, in this process."""
    plan = read_plan(spec(folder, grid), folder / "out")
    for i, cell in enumerate(plan.cells):
        cell.folder.mkdir(parents=True)
        (cell.folder / "scores.json").write_text(f'{{"auroc": 0.{50 + i}, "auroc_low": 0.4, "auroc_high": 0.9}}')
    return plan


def words(svg: Path) -> list[str]:
    return [element.text or "" for element in ET.parse(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - ours


def test_quoted_and_dotted_names_make_the_same_cells(tmp_path: Path) -> None:
    quoted = read_plan(spec(tmp_path, '"pretext.strength.scale" = [0.9, 2.0]\nseed = [0, 1]'), tmp_path)
    dotted = read_plan(spec(tmp_path, "pretext.strength.scale = [0.9, 2.0]\nseed = [0, 1]"), tmp_path)
    assert quoted == dotted
    assert len({cell.name for cell in quoted.cells}) == 4
    assert [(cell.settings.pretext.strength.scale, cell.settings.seed) for cell in quoted.cells] == [
        (0.9, 0), (0.9, 1), (2.0, 0), (2.0, 1),
    ]  # fmt: skip


def test_settings_of_all_cells_are_no_axis(tmp_path: Path) -> None:
    path = spec(tmp_path, "seed = [0, 1]", RUN + "[settings]\npretext.epochs = 3.0\nseed = 7\n")
    plan = read_plan(path, tmp_path)
    assert plan.axes == {"seed": (0, 1)}
    assert [(cell.settings.pretext.epochs, cell.settings.seed) for cell in plan.cells] == [(3.0, 0), (3.0, 1)]


def test_a_cell_is_named_after_all_that_decides_its_result(tmp_path: Path) -> None:
    grid = '"pretext.tasks" = [["original", "noise"]]'
    base = read_plan(spec(tmp_path, grid), tmp_path).cells[0].name
    assert read_plan(spec(tmp_path, grid), tmp_path / "elsewhere").cells[0].name == base
    others = [RUN.replace("here", "there"), RUN + 'preset = "paper"\n', RUN + 'label = "stress"\n']
    assert len({base} | {read_plan(spec(tmp_path, grid, run), tmp_path).cells[0].name for run in others}) == 4


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[run", "sweep.toml"),
        ("[grid]\nseed = [1]", "table .run. with dataset and data"),
        (RUN, "table .grid."),
        ("settings = 3\n" + RUN + "[grid]\nseed = [1]", "settings is 3; it must be a table"),
        (RUN + "[grid]\nseed = 3", "grid.seed is 3; it must be a list"),
        (RUN + "[grid]\nseed = []", "grid.seed is .*list"),
        (RUN + "[grid]\nseeds = [1]", "seeds is no setting"),
        (RUN + "[grid]\nseed = ['a']", "seed is 'a'; it must be a int"),
        (RUN + "[grid]\nseed = [1, 1]", "listed twice"),
        (RUN + "more = 3\n[grid]\nseed = [1]", "run.more is unknown"),
        (RUN + "label = 3\n[grid]\nseed = [1]", "run.label is 3; it must be a text"),
        (RUN + "pretrain = 'a'\n[grid]\nseed = [1]", "run.pretrain is 'a'; it must be a list"),
        (RUN + "[grid]\nseed = [1]\n[extra]", "unknown table extra"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "sweep.toml").write_text(content)
    with pytest.raises(ConfigError, match=complaint):
        sweep(tmp_path / "sweep.toml", tmp_path / "out", fitted, print)
    assert not (tmp_path / "out").exists()


def test_done_cells_are_not_run_again_and_failed_ones_are(tmp_path: Path) -> None:
    run = RUN.replace("here", str(tmp_path))
    lines: list[str] = []
    first = sweep(spec(tmp_path, "seed = [0, 3]", run), tmp_path / "out", faulty, lines.append, jobs=2)
    assert first.failed == 1
    assert [row[-1] for row in first.table.rows] == ["", "its process ended with -9"]
    assert lines[0] == "2 cells, 0 of them done already"
    assert sorted(line.split(": ", 2)[1] for line in lines[1:]) == ["seed = 0", "seed = 3"]

    (tmp_path / "mended").write_text("")
    second = sweep(spec(tmp_path, "seed = [0, 3]", run), tmp_path / "out", faulty, lines.append, jobs=2)
    assert second.failed == 0
    assert "2 cells, 1 of them done already" in lines
    assert second.table.rows[0] == first.table.rows[0]
    tries = sorted((tmp_path / "out" / "cells").glob("*/tries.txt"))
    assert [path.read_text() for path in tries] == [f"{tmp_path}\n"] * 2
    with second.csv.open() as file:
        assert tuple(map(tuple, csv.reader(file))) == (second.table.header, *second.table.rows)
    assert second.table.header == ("cell", "seed", "auroc", "auroc_low", "auroc_high", "brier", "problem")


def test_a_cell_writes_down_why_it_failed_and_what_it_printed(tmp_path: Path) -> None:
    plan = read_plan(spec(tmp_path, "seed = [0, 1, 2]", RUN.replace("here", str(tmp_path))), tmp_path / "out")
    for cell in plan.cells:
        prepare(cell, plan.run)
        SweepTrial(cell, faulty, plan.run)()
    assert read_scores(plan.cells[0]) is not None
    assert (plan.cells[0].folder / "log.txt").read_text() == "a line of progress\n"
    assert read_problem(plan.cells[1]) == "S2.pkl has no ECG (bring it again)"
    assert read_problem(plan.cells[2]) == "ZeroDivisionError: by [zero]"
    assert "in faulty" in (plan.cells[2].folder / "log.txt").read_text()


def test_a_half_written_result_does_not_count(tmp_path: Path) -> None:
    cell = done(tmp_path, "seed = [1]").cells[0]
    for content in ('{"auroc": 0.', "[1]", '{"auroc": "x"}', ""):
        (cell.folder / "scores.json").write_text(content)
        assert read_scores(cell) is None


def test_one_setting_gives_a_line(tmp_path: Path) -> None:
    plan = done(tmp_path, '"pretext.strength.scale" = [2.0, 0.9, 1.1]')
    assert plot_scores(plan, tmp_path / "a.svg")
    assert {"pretext.strength.scale", "auroc", "0.9", "1.1", "2.0"} <= set(words(tmp_path / "a.svg"))


def test_two_settings_give_a_heat_map_with_dashes_for_what_failed(tmp_path: Path) -> None:
    plan = done(tmp_path, 'seed = [1, 2]\n"pretext.tasks" = [["original", "noise"], ["original", "scaling"]]')
    (plan.cells[3].folder / "scores.json").unlink()
    assert plot_scores(plan, tmp_path / "a.svg")
    assert {"0.500", "0.510", "0.520", "-", "noise", "scaling", "seed"} <= set(words(tmp_path / "a.svg"))
    assert tabulate(plan).rows[3][1:] == ("2", "original+scaling", "", "", "", "it did not end")


def test_values_are_reported_in_a_few_words() -> None:
    tasks = list(PRETEXT_TASKS)
    assert value_labels([["noise"], tasks[:3], tasks, tasks[1:], tasks[:5]]) == [
        "noise", "original+noise+scaling", "all 7", "all but original", "original+noise+... (5)",
    ]  # fmt: skip
    assert value_labels([True, 0.5, "valid", "x" * 99]) == ["true", "0.5", "valid", "x" * 27 + "..."]
    assert value_labels([[9, 9, 1, 1], [9, 9, 1, 2], [7, 7]]) == ["9+9+... (4) [1]", "9+9+... (4) [2]", "7+7"]


def test_pretext_accuracies_are_shown_beside_the_score(tmp_path: Path) -> None:
    plan = done(tmp_path, '"pretext.tasks" = [["noise"], ["permutation"], ["original", "permutation", "noise"]]')
    for cell in plan.cells[:2]:
        (task,) = cell.values["pretext.tasks"]
        (cell.folder / "scores.json").write_text(
            f'{{"auroc": 0.7, "auroc_low": 0.6, "auroc_high": 0.8, "other": 0.5, "pretext {task}": 0.9}}'
        )
    (plan.cells[2].folder / "scores.json").unlink()
    scores, tasks = summary_tables(plan)
    assert scores.header == ("pretext.tasks", "auroc", "other", "problem")
    assert scores.rows[0] == ("noise", "0.700 (0.60 to 0.80)", "0.500", "")
    assert scores.rows[2] == ("original+permutation+noise", "", "", "it did not end")
    assert tasks[:2] == (("pretext.tasks", "noise", "permutation"), (
        ("noise", "0.900", ""), ("permutation", "", "0.900"), ("original+permutation+noise", "", ""),
    ))  # fmt: skip
    assert plot_scores(plan, tmp_path / "a.svg")
    assert {"auroc", "accuracy of pretext tasks", "always no", "noise", "permutation"} <= set(words(tmp_path / "a.svg"))


def test_values_far_apart_are_spread_evenly(tmp_path: Path) -> None:
    assert plot_scores(done(tmp_path, '"pretext.rate" = [1e-4, 1e-3, 1e-2]'), tmp_path / "a.svg")
    at = {one.text: one for one in ET.parse(tmp_path / "a.svg").iter("{http://www.w3.org/2000/svg}text")}  # noqa: S314
    low, middle, high = (float(at[name].get("x") or 0) for name in ("0.0001", "0.001", "0.01"))
    assert middle - low == pytest.approx(high - middle, rel=0.01)


def test_more_settings_give_a_panel_each_until_there_are_too_many(tmp_path: Path) -> None:
    assert plot_scores(
        done(tmp_path / "a", "seed = [1, 2]\nhead.batch = [8, 9]\nhead.epochs = [1, 2]"), tmp_path / "a.svg"
    )
    assert {"head.epochs = 1", "head.epochs = 2"} <= set(words(tmp_path / "a.svg"))
    many = ", ".join(map(str, range(1, 14)))
    assert not plot_scores(
        done(tmp_path / "b", f"seed = [1]\nhead.batch = [8]\nhead.epochs = [{many}]"), tmp_path / "b.svg"
    )


def test_same_scores_same_picture(tmp_path: Path) -> None:
    plan = done(tmp_path, "seed = [1, 2]\nhead.batch = [8, 9]")
    plot_scores(plan, tmp_path / "a.svg")
    plot_scores(plan, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_dollar_in_a_name_is_no_formula(tmp_path: Path) -> None:
    plan = done(tmp_path, "seed = [0, 1]")
    for cell in plan.cells:
        (cell.folder / "scores.json").write_text('{"mo$\\\\foo$od embedding": 0.7}')
    assert plot_scores(plan, tmp_path / "a.svg")
    assert "mo$\\foo$od embedding" in words(tmp_path / "a.svg")


def test_nothing_is_drawn_without_scores(tmp_path: Path) -> None:
    plan = read_plan(spec(tmp_path, "seed = [1]"), tmp_path / "out")
    assert not plot_scores(plan, tmp_path / "a.svg")


def test_an_impossible_folder_or_number_of_jobs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="file"):
        sweep(spec(tmp_path, "seed = [1]"), tmp_path / "file", fitted, print)
    with pytest.raises(ConfigError, match="0 cells at a time"):
        sweep(spec(tmp_path, "seed = [1]"), tmp_path / "out", fitted, print, jobs=0)


def test_without_ray_its_engine_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"Ray Tune is not installed .*\[train,ray\]"):
        sweep(spec(tmp_path, "seed = [1]"), tmp_path / "out", fitted, print, "ray")


@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("ray", "pyarrow"))), reason="no Ray Tune: its extra is not installed"
)
def test_ray_runs_the_same_cells(tmp_path: Path) -> None:
    run = RUN.replace("here", str(tmp_path))
    lines: list[str] = []
    found = sweep(spec(tmp_path, "seed = [0, 1, 2]", run), tmp_path / "ray", faulty, lines.append, "ray", jobs=2)
    assert sorted(line.split(": ")[1] for line in lines[1:]) == ["seed = 0", "seed = 1", "seed = 2"]
    here = sweep(spec(tmp_path, "seed = [0, 1, 2]", run), tmp_path / "here", faulty, print, jobs=2)
    assert found.table == here.table
    assert found.failed == 2
    (tmp_path / "mended").write_text("")
    again = sweep(spec(tmp_path, "seed = [0, 1, 2]", run), tmp_path / "ray", faulty, lines.append, "ray", jobs=2)
    assert again.failed == 0
    assert "3 cells, 1 of them done already" in lines
    assert sweep(spec(tmp_path, "seed = [0, 1, 2]", run), tmp_path / "ray", faulty, print, "ray").table == again.table


def test_a_finished_encoder_may_be_swept_over(tmp_path: Path) -> None:
    plan = read_plan(spec(tmp_path, "seed = [0]", RUN + 'encoder = "e.safetensors"\n'), tmp_path)
    assert plan.run["encoder"] == str(Path("e.safetensors").absolute())


def test_a_wide_table_becomes_several_that_fit() -> None:
    header = ("seed", "original", "noise", "scaling", "negation", "inversion", "permutation", "time_warp")
    table = ScoreTable(header, (("0", *["0.900"] * 7),), 1)
    assert table.fitted(80) == [table]
    first, second = table.fitted(40)
    assert (first.header, second.header) == (header[:5], ("seed", *header[5:]))
    assert second.rows == (("0", "0.900", "0.900", "0.900"),)
