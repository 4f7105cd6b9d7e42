"""How many times faster than real time a corpus is built; no time is asserted, only printed.

Run with ``pytest -m soak tests/benchmarks/test_corpus.py -s``.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from training.corpus import build_corpus
from training.datasets.recordings import load_cinc2017
from training.settings import CorpusSettings

RECORDS = 800  # some seven hours


@pytest.mark.soak
def test_corpus_of_short_records_on_two_processes(shared_data: Path, tmp_path: Path) -> None:
    data = load_cinc2017(shared_data / "cinc2017")
    data = replace(data, sittings=data.sittings[:RECORDS])
    for hop in (10.0, 2.0):
        start = time.perf_counter()
        corpus = build_corpus(data, CorpusSettings(), hop, tmp_path, lambda *_: None, processes=2)
        took = time.perf_counter() - start
        assert len(corpus.windows) > RECORDS
        print(f"\nhop {hop:g} s: {len(corpus.windows)} windows, {corpus.seconds / took:.0f} x real time")
