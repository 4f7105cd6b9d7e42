"""``ecg-live features``: the numbers of a live session and of the interface, one row a window."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ecg_live as interface
from ecg_live.api import FEATURE_NAMES
from ecg_live.model.window_features import embedding_columns, window_columns
from ecg_live.recorded.features import PLACE_COLUMNS
from ecg_live.sinks.jsonl import round_floats
from ecg_live.tables import Columns, read_table
from tests.support.command_line import ecg_live, of, run_json
from tests.support.small_datasets import csv, flat

WINDOW_COLUMNS = window_columns()
RECORDING_COLUMNS: Columns = {**PLACE_COLUMNS, **WINDOW_COLUMNS}
PLACE: Columns = {"subject": "text", "recording": "text", "onset": "number", "rest": "flag"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings, one in a folder within, a file without a heart in it, and one that is no recording."""
    found = tmp_path_factory.mktemp("recordings")
    (found / "deep").mkdir()
    csv(found / "a.csv", 31)
    csv(found / "deep" / "b.csv", 22, level=2)
    flat(found / "flat.csv", 12)
    (found / "notes.txt").write_text("no recording\n", encoding="utf-8")
    return found


def rows(path: Path, columns: Columns = RECORDING_COLUMNS) -> list[dict[str, Any]]:
    table = read_table(path, columns)
    return [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]


def missing_as_nan(values: list[Any]) -> list[float]:
    return [math.nan if value is None else value for value in values]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_folder_becomes_the_rows_of_its_recordings(folder: Path, tmp_path: Path, suffix: str) -> None:
    done = ecg_live("features", folder, "--out", tmp_path / f"f{suffix}")
    assert done.returncode == 0
    assert done.stdout == f"{tmp_path / f'f{suffix}'}: 6 windows of 3 recordings\n"
    assert f"{folder / 'notes.txt'}: left out" in done.stderr
    found = rows(tmp_path / f"f{suffix}")
    assert [(Path(row["recording"]).name, row["onset"]) for row in found] == [
        ("a.csv", 0.0),
        ("a.csv", 10.0),
        ("a.csv", 20.0),
        ("b.csv", 0.0),
        ("b.csv", 10.0),
        ("flat.csv", 0.0),
    ]
    assert (found[-1]["quality"], found[-1]["heart_rate"], found[-1]["log_sdnn"]) == ("unusable", None, None)
    assert found[-1]["reasons"]
    assert math.exp(found[0]["log_rmssd"]) == pytest.approx(max(1.0, found[0]["rmssd"]), rel=0.2)
    assert math.exp(found[0]["log_sdnn"]) == pytest.approx(max(1.0, found[0]["sdnn"]))
    assert (found[-1]["n_rr"], found[-1]["rr_mean"], found[-1]["sdnn"]) == (0, None, None)


def test_rr_intervals_are_those_of_the_export(folder: Path, tmp_path: Path) -> None:
    assert ecg_live("features", folder / "a.csv", "--out", tmp_path / "f.csv").returncode == 0
    assert ecg_live("export", folder / "a.csv", "--to", "csv", "--out", tmp_path / "a").returncode == 0
    exported = read_table(tmp_path / "a_rr.csv", {"time [s]": "number", "RR [s]": "number"})
    ends, lengths = np.array(exported["time [s]"]), np.array(exported["RR [s]"]) * 1000
    for row in rows(tmp_path / "f.csv"):
        inside = (ends - lengths / 1000 >= row["onset"]) & (ends < row["onset"] + 10)
        assert row["n_rr"] > 5
        assert inside.sum() == row["n_rr"]
        assert row["rr_mean"] == pytest.approx(lengths[inside].mean(), abs=4)  # beats lie on samples of 256 Hz


def test_no_recording_among_those_is_replaced_by_the_table(folder: Path) -> None:
    before = (folder / "flat.csv").read_bytes()
    done = ecg_live("features", folder, "--out", folder / "flat.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert "flat.csv is there already, and is no table that begins with recording, onset, quality" in done.stderr
    assert (folder / "flat.csv").read_bytes() == before


def test_they_are_the_numbers_of_the_interface_and_of_run(folder: Path, tmp_path: Path) -> None:
    path = folder / "a.csv"
    assert ecg_live("features", path, "--out", tmp_path / "f.parquet", "--hop", 1).returncode == 0
    found = rows(tmp_path / "f.parquet")
    names = (*embedding_columns(), "median_heart_rate", "log_sdnn", "log_rmssd")
    assert len(names) == len(FEATURE_NAMES)
    table = np.array([missing_as_nan([row[name] for name in names]) for row in found])
    np.testing.assert_array_equal(table, interface.features(interface.read(path), hop=1.0))
    code, lines, _ = run_json(path, "--hop", 1)
    assert code == 0
    live = of(lines, "prediction")
    assert [round_floats(row["onset"]) for row in found] == [line["start"] for line in live]
    for name in ("quality", "heart_rate", "rmssd"):
        assert [round_floats(row[name]) for row in found] == [line[name] for line in live]


def test_a_data_set_gives_subjects_and_labels(folder: Path, tmp_path: Path) -> None:
    manifest = folder / "manifest.csv"
    lines = ["file,subject,start_s,stop_s,rest,quality,mood[1-9]", "a.csv,p1,0,20,1,calm,2", "a.csv,p1,20,31,0,tense,7"]
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        done = ecg_live("features", "--dataset", "manifest", "--data", manifest, "--out", tmp_path / "f.csv")
    finally:
        manifest.unlink()
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'f.csv'}: 3 windows of 1 subjects\n")
    labels: Columns = {"label_quality": "text", "label_mood": "number"}
    found = rows(tmp_path / "f.csv", {**PLACE, **labels, **WINDOW_COLUMNS})
    assert [[row[name] for name in (*PLACE, *labels)] for row in found] == [
        ["p1", "a.csv", 0.0, True, "calm", 2.0],
        ["p1", "a.csv", 10.0, True, "calm", 2.0],
        ["p1", "a.csv", 20.0, False, "tense", 7.0],
    ]
    assert ecg_live("features", folder / "a.csv", "--out", tmp_path / "g.csv").returncode == 0
    alone = rows(tmp_path / "g.csv")
    assert [[row[name] for name in WINDOW_COLUMNS] for row in found] == [
        [row[name] for name in WINDOW_COLUMNS] for row in alone
    ]


def test_patterns_and_folders_name_a_file_once(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "r")
    paths = (tmp_path / "r" / "deep", str(tmp_path / "r" / "**" / "b.csv"), tmp_path / "r" / "deep" / "b.csv")
    out = tmp_path / "r" / "deep" / "features.csv"
    for _ in range(2):  # the table itself is no recording of the folder
        done = ecg_live("features", *paths, "--out", out)
        assert (done.returncode, done.stdout) == (0, f"{out}: 2 windows of 1 recordings\n")


def test_a_damaged_recording_is_used_up_to_the_damage(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "a.csv").read_text(encoding="utf-8").splitlines()
    lines[25 * 256] = "25,no number"
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copy(folder / "deep" / "b.csv", tmp_path / "b.csv")
    done = ecg_live("features", tmp_path, "--out", tmp_path / "f.parquet")
    assert (done.returncode, done.stdout) == (4, f"{tmp_path / 'f.parquet'}: 4 windows of 2 recordings\n")
    assert f"{tmp_path / 'a.csv'}: used up to the damage, 2 windows: a.csv, line 6401: " in done.stderr


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("{folder}/a.csv", "--out", "{tmp}/f.xlsx"), 2, "the suffix is .xlsx; known are .parquet, .csv"),
        (("{folder}/a.csv", "--out", "{tmp}/absent/f.csv"), 2, "there is no folder {tmp}/absent"),
        (("{folder}/a.csv", "--hop", "11", "--out", "{tmp}/f.csv"), 2, "hop of 11 s; it must be above 0"),
        (("{folder}/nothing.edf", "--out", "{tmp}/f.csv"), 2, "there is no such file or folder"),
        (("{folder}/*.edf", "--out", "{tmp}/f.csv"), 2, "it holds no file"),
        (("{folder}/notes.txt", "--out", "{tmp}/f.csv"), 4, "no window in 1 files: {folder}/notes.txt: left out: "),
        (("--out", "{tmp}/f.csv"), 2, "nothing to read"),
        (("{folder}/a.csv", "--dataset", "eegmat", "--out", "{tmp}/f.csv"), 2, "--dataset and --data belong together"),
        (
            ("{folder}/a.csv", "--dataset", "eegmat", "--data", "{tmp}", "--out", "{tmp}/f.csv"),
            2,
            "both paths and --dataset",
        ),
        (("--dataset", "eegmat", "--data", "{tmp}", "--out", "{tmp}/f.csv"), 4, "holds no"),
    ],
)
def test_bad_input_is_one_line(folder: Path, tmp_path: Path, options: tuple[str, ...], code: int, message: str) -> None:
    places = {"folder": folder, "tmp": tmp_path}
    done = ecg_live("features", *(option.format(**places) for option in options))
    assert done.returncode == code
    problem, remedy = done.stderr.splitlines()[-2:]
    assert problem.startswith("ecg-live: ")
    assert message.format(**places) in problem
    assert remedy.startswith("  what to do: ")
    assert not list(tmp_path.iterdir())
