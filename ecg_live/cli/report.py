"""``ecg-live report``: a page about a recorded session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ecg_live.cli import complain, say
from ecg_live.text import sanitize


def report_session(files: Sequence[Path], out: Path | None, *, force: bool) -> int:
    """Write the page, say where it is, and give the exit code.

    Raises
    ------
    EcgLiveError
        If there is nothing to report, or the page cannot be written.
    """
    from ecg_live.recorded.report import write_report

    made = write_report(files, out, force=force)
    print(sanitize(str(made.path)))
    for remark in made.remarks:
        say(remark)
    if made.error is None:
        return 0
    complain(made.error)
    return made.error.exit_code
