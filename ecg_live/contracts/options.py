"""Options of the contract suite; loaded with ``pytest -p ecg_live.contracts.options``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devices.read_options import ReadOptions
from ecg_live.contracts.decoding import ReaderFile

if TYPE_CHECKING:
    from ecg_live.contracts.embedding import EncoderRecipe

ENCODER_TESTS = Path(__file__).with_name("test_encoders.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name what is to be checked."""
    group = parser.getgroup("ecg-live contracts")
    group.addoption("--reader-file", action="append", default=[], metavar="FILE", help="recording that a reader opens")
    group.addoption("--device-uri", action="append", default=[], metavar="SCHEME:TEXT", help="device that streams now")
    group.addoption("--encoder-kind", action="append", default=[], metavar="KIND", help="encoder of a plug-in")
    group.addoption("--encoder-config", default="{}", metavar="JSON", help="configuration that it is built from")
    group.addoption("--ecg-channel", metavar="NAME", help="ECG channel of the files and devices")
    group.addoption("--ecg-rate", type=float, metavar="HZ", help="rate of files that state none")
    group.addoption("--ecg-unit", metavar="UNIT", help="unit of files that state none")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test once for each file, device and encoder."""
    config = metafunc.config
    opening = ReadOptions(config.getoption("ecg_channel"), config.getoption("ecg_rate"), config.getoption("ecg_unit"))
    if "reader_file" in metafunc.fixturenames:
        files = config.getoption("reader_file")
        metafunc.parametrize("reader_file", [ReaderFile(Path(file), opening) for file in files], ids=files)
    if "device_uri" in metafunc.fixturenames:
        metafunc.parametrize("device_uri", config.getoption("device_uri"))
    if "encoder_recipe" in metafunc.fixturenames:
        kinds = config.getoption("encoder_kind")
        metafunc.parametrize("encoder_recipe", _recipes(kinds, config.getoption("encoder_config")), ids=kinds)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the encoders' file where none is named: it loads PyTorch, which takes seconds."""
    return True if collection_path == ENCODER_TESTS and not config.getoption("encoder_kind") else None


def _recipes(kinds: list[str], settings: str) -> list[EncoderRecipe]:
    from ecg_live.contracts.embedding import EncoderRecipe  # noqa: PLC0415 - as above

    return [EncoderRecipe(kind, json.loads(settings)) for kind in kinds]
