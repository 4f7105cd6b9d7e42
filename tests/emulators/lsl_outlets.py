"""LSL outlets for tests, on loopback only, seen by nobody but this test run.

`isolate` is called once per run, before anything uses LSL; child processes inherit it. As a program, this file is an
outlet whose samples are their own index since ``--origin`` (s on LSL's clock), exactly stamped: whoever is started
with the same origin goes on where another one was killed. It reads ``pause`` and ``go`` from standard input.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

CONFIG = """
[ports]
IPv6 = disable
BasePort = {port}
PortRange = 256
[multicast]
ResolveScope = machine
ListenAddress = 127.0.0.1
AddressesOverride = {{127.0.0.1}}
Interfaces = {{127.0.0.1}}
[lab]
KnownPeers = {{127.0.0.1}}
SessionID = {session}
[tuning]
TimeProbeCount = 6
TimeProbeInterval = 0.005
TimeProbeMaxRTT = 0.05
TimeUpdateMinProbes = 1
TimeUpdateInterval = 0.5
ContinuousResolveInterval = 0.02
MulticastMinRTT = 0.05
MulticastMaxRTT = 0.1
UnicastMinRTT = 0.05
UnicastMaxRTT = 0.1
[log]
level = -2
"""
PORT = 16572 + 300 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])  # workers share no ports
STEP = 0.010  # s between pushes


def alone() -> str:
    """A configuration for liblsl, by ``LSLAPICFG``: loopback, and a session that nobody else is in."""
    path = Path(tempfile.mkdtemp(prefix="ecg-live-lsl-")) / "lsl.cfg"
    path.write_text(CONFIG.format(session=uuid.uuid4().hex, port=PORT))
    return str(path)


def isolate() -> None:
    """Keep liblsl, here and in child processes, on loopback and in a session of its own."""
    os.environ["LSLAPICFG"] = alone()


@contextlib.contextmanager
def outlet(*options: str) -> Iterator[subprocess.Popen[str]]:
    """An outlet in a process of its own, which may be killed; up when entered."""
    program = [sys.executable, __file__, *options]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


def send_word(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    import pylsl

    options = argparse.ArgumentParser()
    options.add_argument("--name", default="Counter")
    options.add_argument("--source-id", default="")
    options.add_argument("--rate", type=float, default=256.0)
    options.add_argument("--sends", type=float, default=0.0, help="samples a second, where they are not --rate")
    options.add_argument("--channels", type=int, default=1)
    options.add_argument("--unit", default="millivolts")
    options.add_argument("--origin", type=float, default=0.0)
    given = options.parse_args(arguments)
    info = pylsl.StreamInfo(given.name, "ECG", given.channels, given.rate, pylsl.cf_double64, given.source_id)
    info.set_channel_labels(["ECG", *(f"other {k}" for k in range(1, given.channels))])
    info.set_channel_types(["ECG", *["misc"] * (given.channels - 1)])
    info.set_channel_units([given.unit] * given.channels)
    made = pylsl.StreamOutlet(info, max_buffered=60)
    going = threading.Event()
    going.set()

    def listen() -> None:
        for line in sys.stdin:
            (going.set if line.strip() == "go" else going.clear)()

    threading.Thread(target=listen, daemon=True).start()
    print("up", flush=True)
    origin, sends = given.origin or pylsl.local_clock(), given.sends or given.rate
    following = math.ceil((pylsl.local_clock() - origin) * sends)
    while True:
        time.sleep(STEP)
        newest = math.floor((pylsl.local_clock() - origin) * sends)
        if going.is_set() and newest > following:
            rows = np.repeat(np.arange(following, newest, dtype=np.float64)[:, None], given.channels, axis=1)
            made.push_chunk(rows, origin + (newest - 1) / sends)
        following = max(following, newest)


if __name__ == "__main__":
    main()
