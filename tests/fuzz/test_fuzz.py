"""Damage to any file that we read ends in one line for people, never in anything else."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import NAMES, Target, target

SECONDS = int(os.environ.get("ECG_LIVE_FUZZ_SECONDS", "20"))  # of each target in the soak


class Prey(NamedTuple):
    whole: bytes
    eat: Target

    def __repr__(self) -> str:
        return "what the parameter says"  # hypothesis prints it


@pytest.fixture(scope="module", params=NAMES)
def prey(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prey:
    return Prey(*target(request.param, tmp_path_factory.mktemp("fuzz")))


@settings(max_examples=40, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_one_line(prey: Prey, data: st.DataObject) -> None:
    whole, eat = prey
    content = bytearray(whole)
    early = st.integers(0, min(len(whole), 1500) - 1)  # headers are where the harm is
    for at in data.draw(st.lists(early | st.integers(0, len(whole) - 1), min_size=1, max_size=6)):
        content[at : at + 1] = data.draw(
            st.binary(max_size=4) | st.sampled_from((b"\xff\xff\xff\xff", b"9", b"-", b"\n"))
        )
    del content[data.draw(st.just(len(content)) | st.integers(0, len(content))) :]
    eat(bytes(content))


def test_all_formats_are_whole_before_they_are_damaged(prey: Prey) -> None:
    prey.eat(prey.whole)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_a_coverage_guided_fuzzer_finds_nothing(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: pip install atheris")
    command = [sys.executable, "-m", "tests.fuzz.guided", name, f"-max_total_time={SECONDS}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS + 120)
    assert done.returncode == 0, done.stderr[-3000:]
    print(name, done.stderr.strip().splitlines()[-1])
