"""The contract of devices, for ``--device-uri``: the device must stream while the suite runs."""

from __future__ import annotations

import threading

import pytest

from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.contracts.reading import SourceReader
from ecg_live.contracts.sources import check_gaps, check_is_over, check_order
from ecg_live.protocols import Source

SIGNAL_S = 2.0  # to wait for
PATIENCE_S = 60.0


@pytest.fixture
def source(device_uri: str, request: pytest.FixtureRequest) -> Source:
    """The device, not entered."""
    return open_source(device_uri, ReadOptions(request.config.getoption("ecg_channel")))


def test_it_streams_in_order_and_ends_when_it_is_closed(source: Source) -> None:
    """Order, shape, gaps; an iterator that waits wakes within 0.5 s."""
    before = set(threading.enumerate())
    with SourceReader(source) as reader:
        reader.until(lambda reader: reader.stop >= SIGNAL_S * reader.source.info.rate, PATIENCE_S)
        reader.close()
        check_order(reader)
        check_gaps(reader)
    assert reader.error is None
    check_is_over(source, before)


def test_closing_before_anything_came(source: Source) -> None:
    """The user may end the session at once."""
    source.close()
    with source:
        assert list(source) == []
