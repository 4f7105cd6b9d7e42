"""How many times faster than real time a corpus is built; no time is asserted, only printed.

The short form runs always and counts windows; the long one, on real records, with
``pytest -m soak tests/benchmarks/test_corpus.py -s``. The aim is 1,000 times real time on two processes.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.small_datasets import dataset, rest_load_session
from training.data.corpus import build_corpus
from training.datasets.recordings import load_cinc2017
from training.parallel import local_engine

RECORDS = 800  # some seven hours


@pytest.mark.parametrize(("hop", "each"), [(10.0, 4), (2.0, 18)])
def test_every_window_that_fits_is_made(tmp_path: Path, hop: float, each: int) -> None:
    data = dataset(*[rest_load_session(tmp_path, name) for name in "ab"])  # two files of 45 s each
    start = time.perf_counter()
    corpus = build_corpus(data, tmp_path, hop=hop, engine=local_engine(1))
    took = time.perf_counter() - start
    assert len(corpus.windows) + corpus.unusable == 4 * each
    assert corpus.seconds == len(corpus.rows) * min(hop, 10.0)
    print(f"\nhop {hop:g} s, text files: {corpus.seconds / took:.0f} x real time")


@pytest.mark.soak
def test_corpus_of_short_records_on_two_processes(shared_data: Path, tmp_path: Path) -> None:
    data = load_cinc2017(shared_data / "cinc2017")
    data = replace(data, sessions=data.sessions[:RECORDS])
    for hop in (10.0, 2.0):
        start = time.perf_counter()
        corpus = build_corpus(data, tmp_path, hop=hop, engine=local_engine(2))
        took = time.perf_counter() - start
        assert len(corpus.windows) > RECORDS
        print(f"\nhop {hop:g} s: {len(corpus.windows)} windows, {corpus.seconds / took:.0f} x real time")
