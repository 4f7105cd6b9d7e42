"""Scores of many recordings: the numbers of a session, resumed, sharded, whatever a file holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.files.search import find_files
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, EcgLiveError, RecordingError
from ecg_live.model.bundle import load_bundle
from ecg_live.recorded.score.columns import FILE_COLUMNS, window_columns
from ecg_live.recorded.score.here import HereEngine
from ecg_live.recorded.score.parts import PartStore, recording_key
from ecg_live.recorded.score.shard import Shard, parse_shard
from ecg_live.recorded.score.table import ScoreSummary, files_table, score_recordings
from ecg_live.recorded.score.task import ScoreOptions, ScoreTask, score_recording
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.sinks.jsonl import round_floats
from ecg_live.tables import read_table
from tests.support.command_line import ECG, ecg_live, of, run_json, write_csv
from tests.support.synthetic_signals import ecg as made_ecg

OPTIONS = ScoreOptions(DEFAULT_MODEL, "digest", ReadOptions())
COLUMNS = window_columns(load_bundle(DEFAULT_MODEL).head_infos)


class Counting(HereEngine):
    """Counts the tasks, and stops after some of them."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.paths: list[str] = []
        self._stop_after = stop_after

    def map(
        self, function: Callable[[ScoreTask], dict[str, Any]], items: Iterable[ScoreTask]
    ) -> Generator[dict[str, Any], None, None]:
        for task in items:
            if len(self.paths) == self._stop_after:
                raise KeyboardInterrupt
            self.paths.append(task.path.name)
            yield function(task)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three short recordings, one of them with another content."""
    place = tmp_path / "data"
    place.mkdir()
    for k in range(3):
        write_csv(place / f"r{k}.csv", made_ecg(12 + k, 250)[:, 0])
    return place


def score(
    folder: Path, out: Path, engine: HereEngine | None = None, options: ScoreOptions = OPTIONS, **more: Any
) -> ScoreSummary:
    return score_recordings(find_files([str(folder)]), out, options, engine or HereEngine(), **more)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_the_rows_are_the_lines_of_a_session(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"scores{suffix}"
    summary = score(ECG, out)
    _, lines, _ = run_json(ECG)
    predictions = of(lines, "prediction")
    rows = read_table(out, COLUMNS)
    assert summary.windows == len(predictions) == len(rows["onset"])
    for k, line in enumerate(predictions):
        row = round_floats({name: values[k] for name, values in rows.items()})
        head = line["heads"]["mental_load"]
        assert (row["onset"], row["stop"], row["quality"]) == (line["start"], line["stop"], line["quality"])
        assert (row["heart_rate"], row["rmssd"]) == (line["heart_rate"], line["rmssd"])
        assert (row["mental_load.set"], row["mental_load.abstain"]) == (head["set"], head["abstain"])
        assert row["mental_load.label"] == head["label"]
        probs = {name: row[f"mental_load.{name}"] for name in ("rest", "load")}
        assert probs == (head["probs"] or dict.fromkeys(probs))
    (file,) = zip(*read_table(files_table(out), FILE_COLUMNS).values(), strict=True)
    counted = dict(zip(FILE_COLUMNS, file, strict=True))
    (last,) = of(lines, "summary")
    assert {name: counted[name] for name in ("samples", "lost", "windows", "abstained")} == {
        name: last[name] for name in ("samples", "lost", "windows", "abstained")
    }
    assert counted["error"] is None
    assert "Median heart rates of 1 recordings" in out.with_suffix(".html").read_text()


def test_what_is_done_is_kept_and_a_stopped_run_goes_on(folder: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "a.csv", tmp_path / "whole.csv"
    with pytest.raises(KeyboardInterrupt):
        score(folder, out, Counting(stop_after=1))
    assert not out.exists()
    rest = Counting()
    assert score(folder, out, rest).done == 1
    assert len(rest.paths) == 2
    score(folder, whole)
    assert out.read_bytes() == whole.read_bytes()
    nothing = Counting()
    (folder / "r1.csv").rename(folder / "renamed.csv")
    assert score(folder, out, nothing).done == 3
    assert nothing.paths == []  # a part is a content's
    assert set(read_table(out, COLUMNS)["recording"]) == {
        str(folder / name) for name in ("r0.csv", "r2.csv", "renamed.csv")
    }
    again = Counting()
    score(folder, out, again, fresh=True)
    assert len(again.paths) == 3


def test_shards_make_parts_that_a_last_run_joins(folder: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "a.csv", tmp_path / "whole.csv"
    engines = [Counting(), Counting()]
    for number, engine in enumerate(engines, start=1):
        score(folder, out, engine, shard=Shard(number, 2))
        assert not out.exists()
    assert [engine.paths for engine in engines] == [["r0.csv", "r2.csv"], ["r1.csv"]]
    assert score(folder, out, last := Counting()).done == 3
    assert last.paths == []
    score(folder, whole)
    assert out.read_bytes() == whole.read_bytes()


def test_a_fresh_shard_leaves_the_parts_of_the_others(folder: Path, tmp_path: Path) -> None:
    out, changed = tmp_path / "a.csv", replace(OPTIONS, hop=2.0)
    score(folder, out)
    for number in (1, 2):
        score(folder, out, shard=Shard(number, 2), options=changed, fresh=True)
    again = Counting()
    score(folder, out, again, shard=Shard(2, 2), options=changed, fresh=True)
    assert again.paths == ["r1.csv"]  # its own
    assert score(folder, out, options=changed).done == 3


def test_a_run_that_is_refused_removes_no_part_of_the_one_that_writes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    score(folder, out)
    store = PartStore.beside(out)
    before = sorted(store.folder.iterdir())
    with store.locked(), pytest.raises(ConfigError, match="another run"):
        score(folder, out, fresh=True)
    assert sorted(store.folder.iterdir()) == before


class Removing(HereEngine):
    """Removes parts once they are made, as another program might."""

    def map(
        self, function: Callable[[ScoreTask], dict[str, Any]], items: Iterable[ScoreTask]
    ) -> Generator[dict[str, Any], None, None]:
        for task in items:
            yield function(task)
            task.parts.clear()


def test_a_part_that_is_removed_is_not_left_out_of_the_table(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="another program removed the part of"):
        score(folder, tmp_path / "a.csv", Removing())
    assert not (tmp_path / "a.csv").exists()


def test_no_recording_is_replaced_by_a_result(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for out in ("r1.csv", "new.csv"):
        if out == "new.csv":
            (folder / "new_files.csv").write_bytes(before[folder / "r1.csv"])
        with pytest.raises(ConfigError, match="is there already, and is no table"):
            score(folder, folder / out)
    (folder / "report.html").write_text("<title>Report on a session</title>")
    with pytest.raises(ConfigError, match="is no page of scores"):
        score(folder, folder / "report.csv")
    assert {path: path.read_bytes() for path in before} == before
    assert not (folder / "new.csv").exists()


def test_a_part_is_that_of_all_files_of_its_recording(tmp_path: Path) -> None:
    keys = []
    for k in range(2):  # the same headers, other signals
        place = tmp_path / str(k)
        place.mkdir()
        (place / "rec.hea").write_text("rec/1 1 250 10\nrec_1 10\n")
        (place / "rec_1.hea").write_text("rec_1 1 250 10\nsignal.dat 16 200 16 0 0 0 0 ECG\n")
        (place / "signal.dat").write_bytes(bytes([k]) * 20)
        keys += [recording_key(place / name, {}) for name in ("rec.hea", "rec")]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    table, sidecar = tmp_path / "sub-1_physio.tsv", tmp_path / "sub-1_physio.json"
    table.write_text("1\n")
    found = []
    for rate in (250, 500):
        sidecar.write_text(json.dumps({"SamplingFrequency": rate, "Columns": ["ecg"]}))
        found.append(recording_key(table, {}))
    assert found[0] != found[1]


def test_a_bad_file_has_its_error_and_the_others_their_rows(folder: Path, tmp_path: Path) -> None:
    (folder / "notes.txt").write_text("no recording\n")
    (folder / "zero.edf").write_bytes(b"")
    rows = (folder / "r2.csv").read_text().splitlines(keepends=True)
    (folder / "broken.csv").write_text("".join([*rows[:3300], "nonsense,here\n", *rows[3300:]]))
    summary = score(folder, out := tmp_path / "a.csv")
    assert summary.recordings == 4
    assert summary.exit_code == RecordingError.exit_code  # a recording is damaged
    assert [line.partition(": ")[0] for line in summary.problems] == [
        str(folder / name) for name in ("broken.csv", "notes.txt", "zero.edf")
    ]
    files = read_table(files_table(out), FILE_COLUMNS)
    errors = dict(zip(files["recording"], files["error"], strict=True))
    assert "line 3301" in errors[str(folder / "broken.csv")]
    assert errors[str(folder / "r0.csv")] is None
    retried = Counting()
    score(folder, out, retried)
    assert sorted(retried.paths) == ["broken.csv", "notes.txt", "zero.edf"]


class GrowingStore(PartStore):
    """Its recording grows once it is being read."""

    def table(self, key: str) -> Path:
        for path in self.folder.parent.glob("data/*.csv"):
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")
        return super().table(key)


def test_a_file_that_changes_while_it_is_read(folder: Path, tmp_path: Path) -> None:
    store = GrowingStore(tmp_path / "parts", ".csv")
    store.folder.mkdir()
    found = score_recording(ScoreTask(folder / "r1.csv", "key", OPTIONS, store))
    assert "changed while it was read" in found["error"]
    assert not store.finished("key")


def test_refusals(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    score(folder, out)
    with pytest.raises(ConfigError, match=r"hop 1\.0, now 2\.0"):
        score(folder, out, options=replace(OPTIONS, hop=2.0))
    with pytest.raises(ConfigError, match=r"model digest, now other"):
        score(folder, out, options=replace(OPTIONS, sha256="other"))
    score(folder, out, options=replace(OPTIONS, hop=2.0), fresh=True)
    with PartStore.beside(out).locked(), pytest.raises(ConfigError, match="another run is writing this table"):
        score(folder, out, options=replace(OPTIONS, hop=2.0))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="it holds no file"):
        score(tmp_path / "empty", out)
    (tmp_path / "empty" / "x.txt").write_text("x")
    with pytest.raises(RecordingError, match="no window in 1 files"):
        score(tmp_path / "empty", tmp_path / "b.csv")
    for text in ("11/10", "0/3", "1", "a/b", "-1/2", "1/0"):
        with pytest.raises(ConfigError, match="--shard is"):
            parse_shard(text)
    with pytest.raises(EcgLiveError, match="No such file"):
        recording_key(tmp_path / "none.csv", {})


def test_a_damaged_part_is_reported_with_its_remedy(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    score(folder, out)
    part = next(PartStore.beside(out).folder.glob("*.csv"))
    part.write_text("garbage\n")
    with pytest.raises(EcgLiveError, match="--fresh"):
        score(folder, out)
    score(folder, out, fresh=True)


def test_the_command_line(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    shown = ecg_live("score", folder, "--out", out, "--jobs", 2)
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"{out}: 12 windows of 3 recordings")
    assert json.loads((out.with_name("a.parquet.parts") / "options.json").read_text())["hop"] == "1.0"
    assert np.isfinite(read_table(out, COLUMNS)["onset"]).all()
    for wrong in (["--shard", "3/2"], ["--engine", "x"], ["--out", tmp_path / "a.txt"], ["--hop", "0"]):
        assert ecg_live("score", folder, "--out", out, *wrong).returncode == 2


def test_the_variability_of_the_last_minutes_is_in_each_row(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", made_ecg(150, 250)[:, 0])
    score(tmp_path, tmp_path / "scores.csv")
    _, lines, _ = run_json(str(tmp_path / "a.csv"))
    found = read_table(tmp_path / "scores.csv", COLUMNS)
    newest: dict[str, Any] = {}
    row = 0
    for line in lines:
        if line["type"] == "hrv":
            newest = line
        elif line["type"] == "prediction":
            cells = [round_floats(found[f"hrv_{name}"][row]) for name in ("sdnn", "rmssd", "lf_hf")]
            expected = [newest.get(name) for name in ("sdnn", "rmssd", "lf_hf")]
            assert cells == [None if each is None else pytest.approx(each, abs=2e-6) for each in expected]
            row += 1
    assert found["hrv_sdnn"][-1] is not None
    assert found["hrv_sdnn"][0] is None
