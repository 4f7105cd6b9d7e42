"""Import every module, and use what differs there, without the parts of Python that Windows lacks.

Run as ``python -m tests.support.windows_program FOLDER``. Everything is imported once as it is, so that the libraries
are loaded; then our modules are forgotten, the Unix parts are masked, and our modules are imported again.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import pkgutil
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from types import ModuleType

import numpy as np

PACKAGES = ("ecg_live", "devices", "training")
OPTIONAL = ("bumble", "ray", "nats", "brainflow")  # libraries of extras that may not be installed
MISSING_MODULES = ("curses", "fcntl", "grp", "nis", "pty", "pwd", "resource", "spwd", "syslog", "termios", "tty")
MISSING_NAMES: dict[ModuleType, tuple[str, ...]] = {
    os: (
        "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg", "mkfifo",
        "nice", "openpty", "posix_fadvise", "posix_fallocate", "pread", "pwrite", "sched_getaffinity", "setsid",
        "ttyname", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK",
    ),
    select: ("epoll", "poll", "POLLHUP", "POLLIN"),
    signal: (
        "SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGTSTP", "SIGUSR1", "SIGUSR2",
        "SIG_BLOCK", "SIG_SETMASK", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait",
    ),
    socket: ("AF_UNIX", "SO_REUSEPORT", "recv_fds", "send_fds"),
}  # fmt: skip


def our_modules() -> Iterator[str]:
    """Names of all modules of the three packages, except those that run when they are imported."""
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        names = (found.name for found in pkgutil.walk_packages(path, f"{package}."))
        yield package
        yield from (name for name in names if not name.endswith(".__main__"))


def import_all(names: list[str]) -> dict[str, str]:
    """Import modules; give those that fail with their errors, except for a missing extra."""
    failures = {}
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever a module raises is a failure
            missing = str(getattr(error, "name", None) or "").partition(".")[0]
            if missing not in OPTIONAL:
                failures[name] = f"{type(error).__name__}: {error}"
    return failures


def mask_unix() -> None:
    """Forget our modules, and take away what Windows lacks."""
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    for name in MISSING_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # how an import is made to fail
    pair = partial(socket.socketpair, socket.AF_UNIX)  # it takes that by itself, and Windows has another way
    setattr(socket, "socketpair", pair)  # noqa: B010 - mypy takes it for a method
    for module, names in MISSING_NAMES.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    sys.platform = "win32"


def use_features(folder: Path) -> dict[str, object]:
    """Use what has a way of its own on Windows; give what came out."""
    from devices.simulate.serial_host import SerialHost
    from devices.simulate.shimmer import SimulatedShimmer
    from ecg_live.cli.log_file import log_to
    from ecg_live.cli.signals import session_signals
    from ecg_live.errors import DeviceError
    from ecg_live.events import Marker
    from ecg_live.markers.client import find_session, send_marker
    from ecg_live.markers.server import MarkerServer
    from ecg_live.sinks.xdf_file import XdfFile, being_written
    from training.parallel import block_sigint

    found: dict[str, object] = {"signals": [int(number) for number in session_signals()]}
    with block_sigint():
        found["blocked"] = True
    with log_to(str(folder / "a.log")):
        logging.getLogger("devices.test").warning("logged")
    found["log"] = "logged" in (folder / "a.log").read_text(encoding="utf-8")
    file = XdfFile(folder / "a.xdf")
    file.append(b"1" * 100)
    file.appear()
    copy, _ = file.copy_to(folder / "b.xdf")
    copy.appear()
    found["copied"] = (folder / "b.xdf").read_bytes() == (folder / "a.xdf").read_bytes()
    found["being written"] = being_written(folder / "a.xdf")
    file.close()
    copy.close()

    def mark(text: str, time: float | None, on_noted: Callable[[Marker], object] | None) -> None:
        if on_noted is not None:
            on_noted(Marker(time or 0.0, text, 1.5))

    with MarkerServer(mark, monotonic, lambda: False, "source", "S1"):
        found["marker"] = send_marker(find_session(None, None, None, "S1"), "text", monotonic())
    try:
        with SerialHost(SimulatedShimmer(np.zeros((1, 1)))):
            found["pseudo-terminal"] = "opened"
    except DeviceError as error:
        found["pseudo-terminal"] = str(error)
    return found


def main() -> None:
    """Print one JSON object: the failures, and what the features gave."""
    names = list(our_modules())
    before = import_all(names)
    mask_unix()
    found: dict[str, object] = {"modules": len(names), "unmasked": before, "masked": import_all(names)}
    found |= use_features(Path(sys.argv[1]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
