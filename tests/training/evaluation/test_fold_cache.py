"""Folds are kept one by one, and what comes out does not depend on where they ran."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import ConfigError, DatasetError, EcgLiveError
from tests.support.fold_jobs import jobs, made, plan, ran, random, refuse, work
from training.evaluation.cross_validation import cross_validate
from training.evaluation.fold_cache import FoldArrays, job_digest, run_folds
from training.parallel import Engine, local_engine, open_engine


def run(
    folder: Path, where: Engine, fails: str = "", said: list[tuple[int, int]] | None = None
) -> dict[str, FoldArrays]:
    report = (lambda done, total: said.append((done, total))) if said is not None else (lambda _done, _total: None)
    return run_folds(work, jobs(folder, fails=fails), 4, folder / "folds", where, report)


def test_progress_counts_up_to_all(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    found = run(tmp_path, local_engine(1), said=said)
    assert said == [(i, 4) for i in range(5)]
    assert sorted(found) == ["p0", "p1", "p2", "p3"]


def test_folds_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    first = run(tmp_path, local_engine(1))
    second = run(tmp_path, local_engine(1), said=said)
    assert ran(tmp_path) == ["p0", "p1", "p2", "p3"]
    assert said == [(i, 4) for i in range(5)]
    assert all(np.array_equal(first[name]["product"], second[name]["product"]) for name in first)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_half_written_fold_is_made_again(tmp_path: Path, keep: int) -> None:
    first = run(tmp_path, local_engine(1))
    broken = min((tmp_path / "folds").iterdir())
    broken.write_bytes(broken.read_bytes()[:keep])
    second = run(tmp_path, local_engine(1))
    assert len(ran(tmp_path)) == 5
    assert all(np.array_equal(first[name]["product"], second[name]["product"]) for name in first)


def test_flipped_bytes_in_a_fold_are_noticed(tmp_path: Path) -> None:
    run(tmp_path, local_engine(1))
    broken = min((tmp_path / "folds").iterdir())
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 0xFF
    broken.write_bytes(content)
    run(tmp_path, local_engine(1))
    assert len(ran(tmp_path)) == 5


@pytest.mark.parametrize(
    ("processes", "fails", "kind", "text"),
    [
        (1, "typed", DatasetError, r"fold p2: it has no heart \(give one\)"),
        (2, "typed", DatasetError, r"fold p2: it has no heart \(give one\)"),
        (1, "bug", EcgLiveError, "fold p2 failed: ZeroDivisionError: by nought"),
    ],
)
def test_a_fold_that_fails_is_named_and_the_others_kept(
    tmp_path: Path, processes: int, fails: str, kind: type[EcgLiveError], text: str
) -> None:
    with pytest.raises(kind, match=text):
        run(tmp_path, local_engine(processes), fails)
    before = ran(tmp_path)
    run(tmp_path, local_engine(1))
    kept = {path.stem for path in (tmp_path / "folds").iterdir()}
    assert kept == {job_digest(job) for job in jobs(tmp_path)}
    if processes == 1:
        assert before == ["p0", "p1"]
        assert ran(tmp_path) == ["p0", "p1", "p2", "p3"]


def test_a_killed_process_ends_in_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(EcgLiveError, match="was killed"):
        run(tmp_path, local_engine(2), "killed")


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_function_raises_comes_out_as_it_was(processes: int) -> None:
    with pytest.raises(DatasetError) as caught:
        list(local_engine(processes).map(refuse, ["this"]))
    assert (caught.value.message, caught.value.remedy) == ("this is no good", "give another")


def test_ctrl_c_leaves_what_is_done(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, local_engine(1), "stopped")
    assert len(list((tmp_path / "folds").iterdir())) == 2
    run(tmp_path, local_engine(1))
    assert ran(tmp_path) == ["p0", "p1", "p2", "p3"]


def test_a_report_that_stops_it_ends_the_processes(tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_folds(work, jobs(tmp_path, 50), 50, tmp_path / "folds", local_engine(2), stop)
    assert len(list((tmp_path / "folds").iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "folds").write_text("a file")
    with pytest.raises(DatasetError, match="folds"):
        run(tmp_path, local_engine(1))


def test_the_key_follows_every_input(tmp_path: Path) -> None:
    job = next(jobs(tmp_path))
    changed = job.x.copy()
    changed[3, 4] = np.nextafter(changed[3, 4], 9)
    others = [replace(job, name="q"), replace(job, x=changed), replace(job, x=job.x.T), replace(job, fails="x")]
    keys = [job_digest(each) for each in (job, *others)]
    assert len(set(keys)) == len(keys)
    assert job_digest(replace(job, x=job.x.copy())) == keys[0]


def test_results_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    examples = made(4, 12, rest=3)
    told = plan(tmp_path, baseline=60.0)
    alone = cross_validate(examples, random(examples), told)
    several = cross_validate(examples, random(examples), replace(told, folder=tmp_path / "b", engine=local_engine(2)))
    assert (several.rows, several.remarks) == (alone.rows, alone.remarks)
    np.testing.assert_equal([asdict(each) for each in several.windows], [asdict(each) for each in alone.windows])
    same = [sorted(folder.glob("*.npz")) for folder in (tmp_path, tmp_path / "b")]
    assert [path.read_bytes() for path in same[0]] == [path.read_bytes() for path in same[1]]


def test_ray_gives_what_the_processes_give(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    found = run(tmp_path, local_engine(1))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        (tmp_path / "b").mkdir()
        theirs = run(tmp_path / "b", open_engine("ray"))
        with pytest.raises(DatasetError, match="fold p2: it has no heart"):
            run(tmp_path / "b", open_engine("ray"), "typed")
    finally:
        ray.shutdown()
    assert sorted(found) == sorted(theirs)
    assert all(np.array_equal(found[name]["product"], theirs[name]["product"]) for name in found)


def test_ray_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"not installed .*ecg-live\[ray\]"):
        open_engine("ray")


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ConfigError, match="known are local, ray"):
        open_engine("slurm")
