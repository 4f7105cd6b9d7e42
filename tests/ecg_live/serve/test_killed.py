"""Kill the server, a worker and a bridge under load: what is stored equals an uninterrupted run.

The long form kills 200 times: ``pytest -m soak tests/ecg_live/serve/test_killed.py -s``.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.nats_kills import Cluster, cluster, reported_twice, same_results, stored, uninterrupted

KILLS = int(os.environ.get("ECG_LIVE_KILLS", "200"))
PAUSE_S = float(os.environ.get("ECG_LIVE_KILL_PAUSE", "4"))  # between two kills, on average


def finished(made: Cluster, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not made.published():
        assert time.monotonic() < until, made.output_text()
        time.sleep(0.1)


def check(made: Cluster) -> int:
    """Everything is stored, once, and equals an uninterrupted run; return how many results that were."""
    count = 0
    for k in range(len(made.bridges)):
        samples, results = uninterrupted(made.folder / f"wearer{k}.csv")
        found = stored(made, f"P{k}", len(results), 60)
        np.testing.assert_array_equal(found.samples, samples)
        same_results(found.results, results)
        count += len(results)
    assert reported_twice(made) == []
    return count


def test_one_kill_of_each_changes_nothing(tmp_path: Path) -> None:
    with cluster(tmp_path, wearers=1, seconds=30, speed=8, workers=2) as made:
        time.sleep(1.0)
        for victim in (made.workers[0], made.bridges[0]):
            victim.kill()
            time.sleep(0.5)
        made.server.kill()
        finished(made, 60)
        assert check(made) > 20


@pytest.mark.soak
def test_kills_at_random_instants_change_nothing(tmp_path: Path) -> None:
    rng = random.Random(14)  # noqa: S311 - no secret
    speed = 4.0
    with cluster(tmp_path, wearers=3, seconds=KILLS * PAUSE_S * speed * 0.9, speed=speed, workers=2) as made:
        time.sleep(5.0)
        began = time.monotonic()
        while sum(made.kills.values()) < KILLS and not made.published():
            time.sleep(rng.expovariate(1 / PAUSE_S))
            made.kill_any(rng)
        print(f"\n{made.kills} kills in {time.monotonic() - began:.0f} s")
        finished(made, 1200)
        print(f"{check(made)} results and all samples equal those of an uninterrupted run")
        assert sum(made.kills.values()) >= KILLS
