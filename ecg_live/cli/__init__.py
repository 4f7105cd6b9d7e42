"""The command line: one short file per command."""

from __future__ import annotations

import sys
from time import monotonic

from ecg_live.plain import clean

BEGAN = monotonic()  # when the user gave the command, as near as this process can tell
INTERRUPTED = 130  # exit code after Ctrl-C


def main() -> None:
    """Run the command line; errors become one line and a remedy on standard error, and an exit code."""
    from ecg_live.cli.app import app
    from ecg_live.errors import EcgLiveError, RecordingError

    try:
        app()
    except EcgLiveError as error:
        if "--debug" in sys.argv:
            raise
        complain(error)
        sys.exit(error.exit_code)
    except OSError as error:  # of a path that nobody foresaw, such as one below a folder without permission
        if "--debug" in sys.argv:
            raise
        complain(RecordingError(f"{str(error.filename)[:200]}: {error.strerror}", "check the path"))
        sys.exit(RecordingError.exit_code)


def complain(error: Exception) -> None:
    """Print what is wrong and what to do, on standard error."""
    remedy = getattr(error, "remedy", "")
    say(getattr(error, "message", str(error)))
    if remedy:
        print(f"  what to do: {clean(remedy)}", file=sys.stderr)


def say(text: str) -> None:
    """Print a line for the user on standard error; file and device names in it cannot steer the terminal."""
    print(f"ecg-live: {clean(text)}", file=sys.stderr)
