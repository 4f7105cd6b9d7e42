"""The whole program over a simulated day, with the dashboard open, watched from inside: ``SECONDS FILE``.

JSON lines go to standard output; what the process needed while it ran goes to standard error, a line a look.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

EVERY = 0.2  # s between two looks


def needs() -> dict[str, int]:
    """Resident memory (bytes), threads and open files of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    threads, files = (len(os.listdir(f"/proc/self/{name}")) for name in ("task", "fd"))  # noqa: PTH208 - listed as it is
    return {"rss": pages * os.sysconf("SC_PAGE_SIZE"), "threads": threads, "files": files}


def watched(reached: Callable[[], float], frames: Callable[[], int], over: Event) -> list[dict[str, Any]]:
    """Look until it is over."""
    looks: list[dict[str, Any]] = []
    while not over.wait(EVERY):
        looks.append({"at": reached(), "frames": frames()} | needs())
    return looks


def main(seconds: float, path: Path) -> int:
    import devices.uri
    from ecg_live.cli.live import live
    from ecg_live.results import Poll, Snapshot
    from ecg_live.session import Session
    from tests.emulators.simulated_day import Day

    source, over, polls = Day(seconds), Event(), [0]
    poll, looks = Session.poll, list[dict[str, Any]]()

    def counted(self: Session, since: Poll) -> tuple[Snapshot, Poll]:
        polls[0] += 1
        return poll(self, since)

    devices.uri.open_source = lambda *_: source
    Session.poll = counted  # type: ignore[method-assign]
    watcher = Thread(target=lambda: looks.extend(watched(lambda: source.reached, lambda: polls[0], over)))
    watcher.start()
    try:
        return live("day", {"json": True, "record": str(path), "seconds": 86400.0, "participant": "P01"})
    finally:
        over.set()
        watcher.join()
        print(*map(json.dumps, looks), sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), Path(sys.argv[2])))
