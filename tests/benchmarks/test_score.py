"""``ecg-live score`` on a folder against ``ecg-live run`` on each of its files.

CPU time of whole programs. No time is asserted, only printed; run with
``pytest --benchmark-enable tests/benchmarks/test_score.py -s``. Without that it is tried once, on little.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.support.command_line import write_csv
from tests.support.synthetic_signals import ecg


def children_cpu(*arguments: object) -> float:
    """CPU time in s of a program, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "ecg_live", *map(str, arguments)], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource usage of child processes")
def test_a_folder_against_its_files(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    count, seconds = (20, 300) if benchmark.enabled else (1, 15)
    folder = tmp_path / "data"
    folder.mkdir()
    files = [write_csv(folder / f"{k}.csv", ecg(seconds, 250.0, 0.005 + k / 1000)[:, 0]) for k in range(count)]

    def run() -> tuple[float, float]:
        together = children_cpu("score", folder, "--out", tmp_path / "scores.parquet", "--fresh")
        alone = children_cpu("run", files[0], "--speed", "max", "--json", "--headless")
        return together, alone

    together, alone = benchmark.pedantic(run)  # type: ignore[no-untyped-call]  # it has no types
    print(
        f"\n{count} files of {seconds} s: {together:.1f} s of CPU together, {alone:.2f} s for one alone; "
        f"{count * alone / together:.2f} times as fast"
    )
