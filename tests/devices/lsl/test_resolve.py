"""The search for a stream."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from devices.lsl.resolve import LslTimeouts, resolve_streams
from ecg_live.cancelling import SearchCancelled, let_cancel


def test_a_search_that_is_not_wanted_any_more_ends_before_its_time() -> None:
    def search() -> None:
        turns = iter((False, False, True))
        let_cancel(lambda: next(turns))
        resolve_streams(lambda _: False, LslTimeouts(find=math.inf))

    with ThreadPoolExecutor(1) as thread, pytest.raises(SearchCancelled):
        thread.submit(search).result()
