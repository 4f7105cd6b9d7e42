"""``ecg-live export``: a recording in other formats."""

from __future__ import annotations

from pathlib import Path

from devices.read_options import ReadOptions
from ecg_live.cli import complain, say
from ecg_live.text import sanitize


def export_file(source: Path, form: str, out: Path | None, opening: ReadOptions, *, force: bool) -> int:
    """Write the files, say what they are, and give the exit code.

    Raises
    ------
    EcgLiveError
        If nothing can be exported.
    """
    from ecg_live.recorded.export import export

    done = export(source, form, out, opening, force=force)
    for path in done.files:
        print(sanitize(str(path)))
    for remark in done.remarks:
        say(remark)
    if done.error is None:
        return 0
    complain(done.error)
    return done.error.exit_code
