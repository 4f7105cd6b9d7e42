"""``--log FILE``: what is in it, who may read it, and what is never in it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devices.discovery import Discovery
from ecg_live.cli import main
from ecg_live.cli.commands.devices import show_devices
from ecg_live.cli.live import live
from ecg_live.cli.log_file import LOGGED_PACKAGES, log_option, log_to, private_words
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError, DatasetError, DeviceError, EcgLiveError, FormatError
from tests.emulators.full_disk import full_disk
from tests.support.scripted_source import HandClock, Keep, Make, paced

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (INFO|WARNING|ERROR) [\w.]+ \S.*")
log = logging.getLogger("devices.test")


def lines(path: Path) -> list[str]:
    """The log's entries, less the first, which says that it begins."""
    found = path.read_text(encoding="utf-8").splitlines()
    assert all(LINE.fullmatch(line) for line in found)
    return found[1:]


def told(path: Path, error: Exception) -> str:
    """What the log says of an error."""

    def work() -> None:
        try:
            float("sample 0.123")
        except ValueError as cause:
            raise error from cause

    with pytest.raises(type(error)), log_to(str(path)):
        work()
    return lines(path)[-1]


def test_an_entry_is_a_line_with_time_level_and_module_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.touch(0o644)
    for _ in range(2):
        with log_to(str(path)):
            log.warning("first\nsecond \x1b[31m%d", 3)
            log.debug("too small")
            logging.getLogger("ecg_live").info("another")
    log.warning("nobody listens")
    assert path.stat().st_mode & 0o777 == 0o600
    first = lines(path)
    assert [line.split(" ", 1)[1] for line in first[:2]] == [
        "WARNING devices.test first second  [31m3", "INFO ecg_live another"
    ]  # fmt: skip
    assert len(first) == 7


def test_no_logger_is_left_changed_and_the_root_is_never_touched(tmp_path: Path) -> None:
    root = logging.getLogger()

    def state() -> list[object]:
        loggers = [root, *map(logging.getLogger, LOGGED_PACKAGES)]
        return [(logger.level, tuple(logger.handlers)) for logger in loggers]

    before, of_root = state(), (root.level, tuple(root.handlers))
    with log_to(str(tmp_path / "a.log")):
        assert (root.level, tuple(root.handlers)) == of_root
    assert state() == before


def test_without_a_file_a_library_prints_nothing() -> None:
    code = "import logging, importlib\n" + "".join(
        f"importlib.import_module({name!r}); logging.getLogger({name!r} + '.test').error('lost')\n"
        for name in LOGGED_PACKAGES
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")


def test_an_error_reports_its_kind_its_place_and_its_cause(tmp_path: Path) -> None:
    said = told(tmp_path / "a.log", DeviceError("no adapter", "plug one in"))
    assert "DeviceError: no adapter (plug one in) at " in said
    assert f"{__name__.rpartition('.')[2]}.work:" in said
    assert ", caused by ValueError at " in said


@pytest.mark.parametrize("kind", [FormatError, DatasetError, ValueError])
def test_words_that_may_quote_data_stay_out(tmp_path: Path, kind: type[Exception]) -> None:
    said = told(tmp_path / "a.log", kind("line 7 of P07.csv: 0.123 'pain'"))
    assert f"{kind.__name__} at " in said
    assert not re.search(r"P07|0\.123|pain|" + re.escape(str(tmp_path)), said)


def test_names_of_the_wearer_are_masked(tmp_path: Path) -> None:
    source = tmp_path / "Anna_rest.txt"
    source.touch()
    settings = replace(LiveSettings(), participant="Anna/Smith", session="S1", record=str(tmp_path / "REC.xdf"))
    private = tuple(private_words(settings, f"file:{source}"))
    with log_to(str(tmp_path / "a.log"), private):
        log.info("recording to %s, of anna/smith, as %s_2 in s1", settings.record, "Anna%2FSmith")
        log.info("%s, line 3; %s; REC_2.xdf; RECORD S10", source, source.name)
    assert [line.rpartition(" devices.test ")[2] for line in lines(tmp_path / "a.log")[:2]] == [
        "recording to [...], of [...], as [...]_2 in [...]",
        "[...], line 3; [...]; [...]_2.xdf; RECORD S10",
    ]


def test_a_session_logs_its_states_and_the_sink_that_fails_and_no_marker(
    make: Make, clock: HandClock, tmp_path: Path
) -> None:
    session, _ = make(paced(clock, 15), Keep("good"), Keep("bad", 5))
    session.mark("secret marker")
    with log_to(str(tmp_path / "a.log")):
        session.run()
    said = [line.split(" ", 1)[1] for line in lines(tmp_path / "a.log")]
    assert sum("INFO ecg_live.sinks.dispatcher warming_up" in line for line in said) == 1
    assert sum(line.startswith("ERROR ecg_live.sinks.dispatcher warning: OSError") for line in said) == 1
    assert "INFO ecg_live.sinks.dispatcher ended: end of the recording" in said
    assert "secret" not in "".join(said)


@pytest.mark.parametrize("name", [".", "none/a.log", "a" * 300])
def test_a_file_that_cannot_be_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"--log .*name a file that can be written"), log_to(name):
        pytest.fail("it began")


def test_a_disk_that_is_full_is_reported_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.log"
    with full_disk(), log_to(str(path)):
        log.warning("lost")
        log.warning("lost")
    assert capsys.readouterr().err == f"ecg-live: the log {path} takes no more; the rest goes on without it\n"


def test_the_option_is_in_the_environment_and_the_file_whatever_else_is_wrong_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ECG_LIVE_SPEED", "fast")
    monkeypatch.setenv("ECG_LIVE_LOG", "a.log")
    assert log_option(None) == "a.log"
    assert log_option("b.log") == "b.log"
    monkeypatch.delenv("ECG_LIVE_LOG")
    (tmp_path / "c.toml").write_text('hop = -1\nlog = "c.log"\n')
    monkeypatch.setenv("ECG_LIVE_CONFIG", str(tmp_path / "c.toml"))
    assert log_option(None) == "c.log"


def test_train_and_devices_log_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, path = tmp_path / "P07", tmp_path / "a.log"
    words = ["train", "--dataset", "manifest", "--data", str(data), "--out", str(tmp_path / "o.safetensors")]
    monkeypatch.setattr(sys, "argv", ["ecg-live", *words, "--log", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    assert "the command failed: DatasetError at " in lines(path)[-1]
    assert "P07" not in path.read_text(encoding="utf-8")

    def looked(_seconds: float) -> Discovery:
        log.warning("no adapter")
        return Discovery((), (), (), ())

    monkeypatch.setattr("devices.discovery.discover", looked)
    show_devices("0.1", str(path), as_json=True)
    assert any("WARNING devices.test no adapter" in line for line in lines(path))


def test_run_logs_what_ends_it(tmp_path: Path) -> None:
    path, source = tmp_path / "a.log", str(tmp_path / "P07.csv")
    with pytest.raises(EcgLiveError):
        live(source, {"headless": True, "participant": "P07", "log": str(path)})
    said = lines(path)[-1]
    assert "ERROR ecg_live.cli.log_file the command failed: " in said
    assert "P07" not in said
