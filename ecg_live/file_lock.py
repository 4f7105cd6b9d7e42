"""Lock an open file against other programs, without waiting."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import fcntl


def try_lock(file: int, *, alone: bool) -> bool:
    """Lock an open file until it is closed, by a kill as well; False if another program has it alone.

    Where the file system has no locks, and on Windows, which keeps an open file from others, it is True.
    """
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
