"""The entry in the menu of a Linux desktop: a file for the program, and one for its icon.

As the freedesktop.org Desktop Entry Specification 1.0 and Icon Theme Specification 0.13 have it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ecg_live.atomic_write import write_whole
from ecg_live.errors import RecordingError

ENTRY_NAME, ICON_NAME = "ecg-live.desktop", "ecg-live.svg"
ICON = Path(__file__).parents[1] / "dashboard" / "desk" / ICON_NAME
PROGRAM = "ecg-live-desk"
CHECK_TIMEOUT_S = 20.0


def install(environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Write entry and icon; yield lines that state what was done.

    Raises
    ------
    RecordingError
        They cannot be written.
    """
    entry, icon = entry_paths(os.environ if environ is None else environ)
    try:
        for path, content in ((icon, ICON.read_bytes()), (entry, entry_text().encode())):
            write_whole(path, content)
    except OSError as error:
        raise RecordingError(f"{error.filename or entry}: {error.strerror}", "check the folder") from error
    yield f"installed: {entry}"
    yield f"icon: {icon}"
    if fault := fault_of(entry):
        yield f"desktop-file-validate: {fault}"
    _refresh(entry.parent)


def remove_entry(environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Delete entry and icon; yield lines that state what was done.

    Raises
    ------
    RecordingError
        They cannot be deleted.
    """
    found = [path for path in entry_paths(os.environ if environ is None else environ) if path.exists()]
    for path in found:
        try:
            path.unlink()
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}", "check the folder") from error
        yield f"removed: {path}"
    if not found:
        yield "there is no entry to remove"


def entry_paths(environ: Mapping[str, str]) -> tuple[Path, Path]:
    """Paths of entry and icon, in the user's data folder of XDG."""
    given = Path(environ.get("XDG_DATA_HOME", ""))
    data = given if given.is_absolute() else Path.home() / ".local" / "share"
    return data / "applications" / ENTRY_NAME, data / "icons" / "hicolor" / "scalable" / "apps" / ICON_NAME


def entry_text() -> str:
    """Text of the entry."""
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            "Version=1.0",
            "Name=ecg-live",
            "GenericName=ECG session",
            "Comment=Record a wearer's ECG, and see quality, heart rate and estimates live",
            f"Exec={' '.join(map(quoted, command()))}",
            "Icon=ecg-live",
            "Terminal=false",
            "Categories=Science;",
            "Keywords=ECG;LSL;physiology;heart;",
            "StartupWMClass=ecg-live",
            "",
        )
    )


def command() -> list[str]:
    """Command that shows the start page: the installed program, or this Python."""
    program = Path(sys.executable).with_name(PROGRAM)
    return [str(program)] if program.is_file() else [sys.executable, "-m", "ecg_live", "desk"]


def quoted(word: str) -> str:
    """A word of ``Exec``: quoted where it has to be, and escaped as a value of the file."""
    word = word.replace("%", "%%")
    if re.search(r"[\s\"'\\><~|&;$*?#()`]", word):
        word = '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"'
    return word.replace("\\", "\\\\")


def fault_of(entry: Path) -> str:
    """What desktop-file-validate finds wrong; empty without that program."""
    program = shutil.which("desktop-file-validate")
    if program is None:
        return ""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program, str(entry)], capture_output=True, text=True, timeout=CHECK_TIMEOUT_S, check=False
    )
    return " ".join((done.stdout + done.stderr).split()) if done.returncode else ""


def _refresh(folder: Path) -> None:
    """Have the desktop read its entries again; most do so by themselves."""
    program = shutil.which("update-desktop-database")
    if program is not None:
        subprocess.run([program, str(folder)], capture_output=True, timeout=CHECK_TIMEOUT_S, check=False)  # noqa: S603
