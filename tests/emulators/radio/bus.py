"""A D-Bus system bus of the test's own: Debian's dbus-daemon in a temporary directory."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

_CONFIGURATION = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true"/><allow receive_type="method_call"/>
<allow receive_type="signal"/><allow receive_requested_reply="true"/>{policy}</policy></busconfig>"""


class Bus(NamedTuple):
    address: str
    kill: Callable[[], None]


def need_dbus_daemon() -> str:
    """Path of dbus-daemon; without one the test is skipped, except on CI."""
    if sys.platform != "linux":
        pytest.skip("BlueZ is Linux's")
    found = shutil.which("dbus-daemon")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("dbus-daemon is missing: apt install dbus-daemon")
        pytest.skip("no dbus-daemon: apt install dbus-daemon")
    return found


@contextmanager
def private_bus(folder: Path, policy: str = "") -> Iterator[Bus]:
    """Run a system bus, with more rules of ``policy``."""
    daemon, configuration = need_dbus_daemon(), folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(socket=folder / "bus", policy=policy))
    command = [daemon, "--config-file", str(configuration), "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Bus(process.stdout.readline().strip().split(",")[0], process.kill)
        finally:
            process.kill()


@contextmanager
def dying_bus(folder: Path, bus: Bus, octets: int) -> Iterator[str]:
    """Address of a bus that dies once it has received its client so much."""
    with socket.socket(socket.AF_UNIX) as door:
        path = folder / f"dying-{octets}"
        door.bind(str(path))
        door.listen()

        def serve() -> None:
            client, _ = door.accept()
            with client, socket.socket(socket.AF_UNIX) as real:
                real.connect(bus.address.removeprefix("unix:path="))
                _relay(client, real, octets)

        thread = Thread(target=serve, name="dying bus")
        thread.start()
        yield f"unix:path={path}"
        thread.join()


def _relay(client: socket.socket, real: socket.socket, octets: int) -> None:
    while octets:
        for ready in select.select([client, real], [], [])[0]:
            if ready is client:
                real.sendall(client.recv(4096))
            else:
                received = real.recv(octets)
                client.sendall(received)
                octets -= len(received)
