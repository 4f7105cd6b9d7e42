"""Options of the contract suite; loaded with ``pytest -p ecg_live.contracts.options``."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.read_options import ReadOptions
from ecg_live.contracts.decoding import ReaderFile


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is to be tried."""
    group = parser.getgroup("ecg-live contracts")
    group.addoption("--reader-file", action="append", default=[], metavar="FILE", help="recording that a reader opens")
    group.addoption("--device-uri", action="append", default=[], metavar="SCHEME:TEXT", help="device that streams now")
    group.addoption("--ecg-channel", metavar="NAME", help="ECG channel of the files and devices")
    group.addoption("--ecg-rate", type=float, metavar="HZ", help="rate of files that state none")
    group.addoption("--ecg-unit", metavar="UNIT", help="unit of files that state none")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each file and device."""
    config = metafunc.config
    opening = ReadOptions(config.getoption("ecg_channel"), config.getoption("ecg_rate"), config.getoption("ecg_unit"))
    if "reader_file" in metafunc.fixturenames:
        files = config.getoption("reader_file")
        metafunc.parametrize("reader_file", [ReaderFile(Path(file), opening) for file in files], ids=files)
    if "device_uri" in metafunc.fixturenames:
        metafunc.parametrize("device_uri", config.getoption("device_uri"))
