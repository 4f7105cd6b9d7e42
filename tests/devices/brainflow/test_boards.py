"""BrainFlow's own boards that need no hardware, and what cannot be opened."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from devices.brainflow import library
from devices.brainflow.link import BoardTransport
from devices.device_source import DeviceSource
from devices.link import FoundDevice, LinkLost
from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.errors import ConfigError, DeviceError, DeviceLost
from ecg_live.events import Chunk, Gap, Marker, StreamEvent
from tests.support.bitalino_rig import follow

brainflow = pytest.importorskip("brainflow", reason="the extra brainflow is not installed")


def opened(text: str, options: ReadOptions | None = None) -> DeviceSource:
    source = open_source(f"brainflow:{text}", options or ReadOptions())
    assert isinstance(source, DeviceSource)
    return source


def read(source: DeviceSource, count: int) -> list[Chunk | StreamEvent]:
    items: list[Chunk | StreamEvent] = []
    with source:
        for item in source:
            items.append(item)
            if follow(items) >= count:
                break
    return items


def test_synthetic_board() -> None:
    source = opened("synthetic", ReadOptions(channel="ECG 3"))
    assert (source.info.rate, len(source.info.channels), source.info.ecg) == (250.0, 16, 2)
    items = read(source, 150)
    assert [item for item in items if isinstance(item, Gap)] == []
    values = np.concatenate([item.samples for item in items if isinstance(item, Chunk)])
    assert np.isfinite(values).all()
    assert 0.001 < np.abs(values).max() < 10  # mV


def test_markers_of_a_board() -> None:
    items: list[Chunk | StreamEvent] = []
    inserted = False
    with opened("SYNTHETIC_BOARD") as source:
        for item in source:
            if isinstance(item, Chunk) and not inserted:
                link = source._driver._link  # type: ignore[attr-defined]
                with suppress(
                    brainflow.board_shim.BrainFlowError
                ):  # this connection ended, and the next one is not ready
                    link._board.insert_marker(4.5)
                    inserted = True
            items.append(item)
            if isinstance(item, Marker) or follow(items) > 1000:
                break
    assert isinstance(items[-1], Marker)
    assert items[-1].text == "4.5"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A file of a Cyton: ECG is the index in microvolt; rows 300 to 309 are missing."""
    board = library.find_board("CYTON")
    index = np.array([k for k in range(600) if not 300 <= k < 310], dtype=np.float64)
    rows = np.zeros((len(index), board.row_count))
    rows[:, board.package_row] = index % 256
    rows[:, board.ecg_rows[0]] = index
    rows[:, board.time_row] = 1.7e9 + index / 250
    path = tmp_path / "cyton.csv"
    np.savetxt(path, rows, fmt="%.6f", delimiter="\t")
    return path


def test_playback(recording: Path) -> None:
    items = read(opened(f"PLAYBACK_FILE_BOARD,file={recording},master_board=CYTON_BOARD"), 400)
    ecg = np.concatenate([item.samples[:, 0] for item in items if isinstance(item, Chunk)])
    index = np.concatenate([np.arange(item.start, item.stop) for item in items if isinstance(item, Chunk)])
    np.testing.assert_allclose(ecg - ecg[0], (index - index[0]) / 1000, atol=1e-6)
    assert [gap.lost for gap in items if isinstance(gap, Gap)] == [10]


@pytest.fixture
def fresh_library() -> Iterator[None]:
    """The library is looked for again, in this test and after it."""
    cached = (library.shim_class, library.boards_with_ecg, library._board_ids)
    for one in cached:
        one.cache_clear()
    yield
    for one in cached:
        one.cache_clear()


@pytest.mark.usefixtures("fresh_library")
def test_without_the_extra_the_pip_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "brainflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "brainflow", None)  # as where it is not installed
    with pytest.raises(ConfigError) as caught:
        opened("SYNTHETIC_BOARD")
    assert str(caught.value) == (
        "brainflow is not installed, which brainflow: needs (run: python -m pip install 'ecg-live[brainflow]')"
    )


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("EMOTIBIT_BOARD", ReadOptions(), r"EMOTIBIT_BOARD has no ECG; with ECG there are SYNTHETIC, CYTON, GANGLION"),
        ("MUSE_9", ReadOptions(), "MUSE_9_BOARD is no board of BrainFlow; with ECG there are SYNTHETIC"),
        ("", ReadOptions(), "is no board of BrainFlow"),
        ("SHIMMER3", ReadOptions(), "SHIMMER3_BOARD has a reader of its own"),
        ("PLAYBACK_FILE", ReadOptions(), "needs the board that recorded its file"),
        ("PLAYBACK_FILE,master_board=CYTON,file=none.csv", ReadOptions(), "there is no file none.csv"),
        ("CYTON,port=COM3", ReadOptions(), "no setting 'port=COM3', expected one of serial_port"),
        ("CYTON,serial_port", ReadOptions(), "no setting 'serial_port'"),
        ("CYTON,timeout=soon", ReadOptions(), "timeout=soon is not a number"),
        ("CYTON", ReadOptions(channel="9"), "CYTON_BOARD has no channel '9', only ECG 1 to ECG 8"),
        ("CYTON", ReadOptions(rate=500), "a board has one rate"),
        ("CYTON", ReadOptions(speed=2), "at speed 2"),
        ("CYTON", ReadOptions(unit="kg"), "unit kg is unknown"),
    ],
)
def test_what_cannot_be_opened_is_told(text: str, options: ReadOptions, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        opened(text, options)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CYTON", "CYTON_BOARD: BrainFlow lacks a setting for it, or refuses one"),
        ("CYTON,serial_port=/dev/none", "CYTON_BOARD: its serial port does not open"),
    ],
)
def test_a_board_that_does_not_connect(text: str, message: str) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        read(opened(text), 1)
    assert not isinstance(caught.value, DeviceLost)
    assert caught.value.remedy


def test_a_board_that_is_busy() -> None:
    board = FoundDevice("SYNTHETIC_BOARD", "SYNTHETIC_BOARD")

    async def main() -> None:
        transport = BoardTransport(board.name, 250.0, {})
        link = await transport.connect(board, 5.0)
        with pytest.raises(LinkLost, match="this program has it already") as caught:
            await transport.connect(board, 5.0)
        assert caught.value.remedy
        await link.close()
        await (await transport.connect(board, 5.0)).close()  # and it is free again

    asyncio.run(main())
