"""Make the manual's picture of a report: ``python docs/pictures.py``. Needs Chromium or Chrome.

The bundled recording runs through the bundled model with a resting baseline, is recorded, and reported.
``python -m tests.golden.picture`` makes the picture of the dashboard.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ecg_live.resources import demo_recording

PICTURE = Path(__file__).with_name("pages") / "images" / "report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = "1000,1900"  # px


def main(out: Path = PICTURE) -> None:
    """Record, report, photograph."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copy(demo_recording(), here / "recording.h5")  # a page shows the source as it was given
        options = ["--speed", "max", "--headless", "--json", "--baseline", "60", "--session", "S1"]
        ecg_live(here, "run", "recording.h5", *options, "--record", "P01_S1.xdf")
        ecg_live(here, "report", "P01_S1.xdf")
        page = (here / "P01_S1.html").as_uri()
        headless = ["--headless=new", "--no-sandbox", "--hide-scrollbars", f"--window-size={SIZE}"]
        subprocess.run([browser, *headless, f"--screenshot={out}", page], check=True, capture_output=True)


def ecg_live(folder: Path, *words: str) -> None:
    """Run a command in a folder, without user settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ECG_LIVE_")}
    command = [sys.executable, "-m", "ecg_live", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=folder)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
