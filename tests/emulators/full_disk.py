"""A disk without room, for one process: no file may grow beyond so many bytes."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Iterator

FULL = os.strerror(27)  # what writing then fails with


@contextlib.contextmanager
def full_disk(size: int = 0) -> Iterator[None]:
    """Let writing fail behind ``size`` bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
