"""A session over a source that a test writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecg_live.signal.pipeline import SignalPath
from tests.support.scripted_source import RATE, HandClock, Keep, Make, Script, Steps
from tests.support.synthetic_signals import info

if TYPE_CHECKING:  # the tests that use no session run without PyTorch
    from ecg_live.model.bundle import Bundle
    from ecg_live.session import Session


@pytest.fixture(scope="session")
def random_model() -> Bundle:
    from tests.support.random_bundles import random_bundle

    return random_bundle()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make(random_model: Bundle, clock: HandClock) -> Make:
    from ecg_live.model.predictor import Predictor
    from ecg_live.session import Session

    def build(steps: Steps, *sinks: Keep, seconds: float | None = None, watched: bool = True) -> tuple[Session, Script]:
        source = Script(info(RATE), steps)
        path, predictor = SignalPath(source.info), Predictor(random_model)
        session = Session(
            source, path, predictor, random_model.head_infos, list(sinks), clock, seconds, watched=watched
        )
        return session, source

    return build
