"""``python -m ecg_live`` without the seconds that loading takes: a process that has loaded libraries forks for each.

What runs is a process of its own as ever, with its arguments, environment, folder, pipes, signals and exit code. Where
nothing can fork it is started as ever; so it is by tests of what loading itself does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

LOADED = ("torch", "scipy.signal", "h5py", "PyQt6.QtWidgets", "pyqtgraph", "typer", "rich.live", "ecg_live.session")
LONGEST = 1 << 17  # bytes of a request
POLL_S = 0.005


class WarmProgram(subprocess.Popen[str]):
    """A run of ``ecg-live ARGUMENTS``, with the options of `subprocess.Popen` for pipes, environment and folder."""

    def __init__(self, *arguments: object, **options: Any) -> None:
        super().__init__([sys.executable, "-m", "ecg_live", *map(str, arguments)], text=True, **options)

    if hasattr(os, "fork"):

        def _execute_child(self, args: list[str], *rest: Any) -> None:  # what Popen asks of its platform
            cwd, env, pipes = rest[4], rest[5], rest[9:15]
            given = [pipe if pipe >= 0 else standard for standard, pipe in enumerate((pipes[0], pipes[3], pipes[5]))]
            start = {"argv": args[2:], "cwd": str(cwd or Path.cwd()), "env": dict(os.environ if env is None else env)}
            self.pid = ask(start, given)
            self._child_created = True
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # Popen's own

        def _try_wait(self, wait_flags: int) -> tuple[int, int]:
            while (status := ask({"wait": self.pid})) < 0:
                if wait_flags & os.WNOHANG:
                    return 0, 0
                time.sleep(POLL_S)
            return self.pid, status

        def _internal_poll(self, _deadstate: int | None = None) -> int | None:
            if self.returncode is None:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)  # type: ignore[attr-defined]  # Popen's own
            return self.returncode


def run_warm(*arguments: object, timeout: float = 120, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``ecg-live ARGUMENTS`` to its end; what it prints is kept unless an option says where it goes."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    with WarmProgram(*arguments, **pipes) as running:
        try:
            out, err = running.communicate(timeout=timeout)
        except BaseException:
            running.kill()
            raise
    return subprocess.CompletedProcess(running.args, running.returncode, out, err)


def ask(request: dict[str, Any], descriptors: Sequence[int] = ()) -> int:
    """Ask the process that forks; its answer."""
    line = _line()
    socket.send_fds(line, [json.dumps(request).encode()], list(descriptors))
    return int(line.recv(99))


@cache
def _line() -> socket.socket:
    """The line to the process that forks, which begins with the first request and ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.support.warm_program", str(theirs.fileno())]
    server = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=Path(__file__).parents[2])
    theirs.close()

    def end() -> None:
        ours.close()
        server.wait()

    atexit.register(end)
    return ours


def serve(line: socket.socket) -> None:
    """Fork for each request, and give the pid; tell how those ended that are asked for. Returns in a child only."""
    for name in LOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # what is loaded stays shared with children, and they end without looking through it
    ended: dict[int, int] = {}
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
    while True:
        content, descriptors, _, _ = socket.recv_fds(line, LONGEST, 3)
        if not content:
            os._exit(0)
        request = json.loads(content)
        if (pid := request.get("wait")) is not None:
            if pid not in ended:
                found, status = os.waitpid(pid, os.WNOHANG)
                ended |= {pid: status} if found else {}
            line.send(str(ended.get(pid, -1)).encode())
        elif (child := os.fork()) == 0:
            line.close()
            _become(request, descriptors)
            return
        else:
            line.send(str(child).encode())
            for descriptor in descriptors:
                os.close(descriptor)


def _become(request: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Be as a new process with these arguments, environment, folder and standard streams."""
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
    for descriptor in descriptors:
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):  # the tests may run under nohup
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    sys.argv = request["argv"]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    from ecg_live.cli import main

    main()
