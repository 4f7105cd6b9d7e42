"""A recording played as a device by the command, and read back by what reads the real one."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from devices import open_source
from devices.lsl.markers import LslMarkers
from devices.read_options import ReadOptions
from devices.simulate.player import Player
from ecg_live.cli.commands.simulate import DEVICE_RATES_HZ, _at_rate, play
from ecg_live.errors import ConfigError, DeviceError, RecordingError
from ecg_live.events import F64, Chunk
from tests.emulators.radio.fixtures import radio, system_bus
from tests.support.warm_program import WarmProgram

if TYPE_CHECKING:
    from tests.emulators.radio.radio import Radio

__all__ = ["radio", "system_bus"]

PATIENCE_S = 60  # for a process to end


@contextlib.contextmanager
def playing(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command while it plays, and its first line."""
    with WarmProgram("simulate", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def ramp(path: Path, count: int = 3000, rate: int = 256) -> Path:
    path.write_text("time,ECG\n" + "".join(f"{k / rate:.8f},{k}\n" for k in range(count)))
    return path


def read(uri: str, count: int) -> F64:
    got: list[F64] = []
    with open_source(uri, ReadOptions()) as source:
        for item in source:
            got += [item.samples[:, source.info.ecg]] if isinstance(item, Chunk) else []
            if sum(map(len, got)) >= count:
                break
    return np.concatenate(got)


def test_lsl_is_played_sample_for_sample_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    with playing("lsl", str(ramp(tmp_path / "a.csv")), "--name", "Played one", "--loop") as (process, line):
        assert "ecg-live run 'lsl:Played one'" in line
        with LslMarkers("Played one markers", lambda *_: None, lambda _: None):
            got = read("lsl:Played one", 300)
        np.testing.assert_array_equal(np.diff(got), 1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert out.startswith("ecg-live: played ")
    assert "Traceback" not in err
    assert process.returncode == 130


def test_a_shimmer_on_a_pseudo_terminal(tmp_path: Path) -> None:
    with playing("shimmer", str(ramp(tmp_path / "a.csv")), "--serial", "--seconds", "20") as (process, line):
        source = line.split("ecg-live run ")[1].strip()
        assert source.startswith("shimmer:/dev/pts/")
        assert len(read(source, 100)) >= 100
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 143


def test_a_bitalino_on_a_pseudo_terminal(tmp_path: Path) -> None:
    with playing("bitalino", str(ramp(tmp_path / "a.csv")), "--seconds", "20") as (process, line):
        source = line.split("ecg-live run ")[1].strip()
        assert source.startswith("bitalino:/dev/pts/")
        assert len(read(source, 100)) >= 100
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 143


def test_another_rate_keeps_the_signal() -> None:
    time = np.arange(10_000) / 1000
    player = _at_rate(Player(400 + np.sin(2 * np.pi * 5 * time), 1000), DEVICE_RATES_HZ["polar"])
    assert len(player) == 1300
    np.testing.assert_allclose(
        player.samples[50:-50, 0], 400 + np.sin(2 * np.pi * 5 * np.arange(1300) / 130)[50:-50], atol=5e-3
    )


def test_what_cannot_be_played(tmp_path: Path) -> None:
    def attempt(device: str, *, serial: bool = False, file: str = "none.csv") -> int:
        return play(device, tmp_path / file, None, {}, loop=False, serial=serial, adapter=None)

    with pytest.raises(ConfigError, match=r"no simulated 'muse' .choose one of lsl, shimmer, bitalino, polar"):
        attempt("muse")
    with pytest.raises(ConfigError, match="polar has no serial port"):
        attempt("polar", serial=True)
    with pytest.raises(RecordingError, match="no such file"):
        attempt("lsl")


def test_by_bluetooth_it_says_what_to_run_once_it_is_on_the_air(
    radio: Radio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    radio.plug_in(tmp_path / "hci")
    adapter = f"unix-client:{tmp_path / 'hci'}"
    file = ramp(tmp_path / "a.csv")
    assert play("polar", file, "My strap", {"seconds": "0.3"}, loop=True, serial=False, adapter=adapter) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert (
        first == f"ecg-live: My strap by Bluetooth, on adapter {adapter}; watch it with: ecg-live run 'polar:My strap'"
    )
    assert last.startswith("ecg-live: My strap took ")
    assert play("movesense", file, None, {"seconds": "0.3"}, loop=True, serial=False, adapter=adapter) == 0
    assert "ecg-live run 'movesense:Movesense 174430000123'" in capsys.readouterr().out
    with pytest.raises(DeviceError, match="nonsense cannot be used as a Bluetooth adapter"):
        play("shimmer", file, None, {}, loop=True, serial=False, adapter="nonsense")
    assert capsys.readouterr().out == ""
