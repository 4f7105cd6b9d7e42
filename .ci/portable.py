"""The part of CI for Windows and macOS: ``python .ci/portable.py [--no-install]``.

Installs the project, runs the tests that need nothing of Unix, and plays the demo without a display. On Linux
``.ci/run`` does more.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = (  # no terminal signals, sockets of Unix, D-Bus, pseudo-terminals or file modes
    "tests/ecg_live/signal",
    "tests/ecg_live/model",
    "tests/ecg_live/test_config.py",
    "tests/ecg_live/test_errors.py",
    "tests/devices/files",
    "tests/contracts/test_readers.py",
    "tests/contracts/test_stages.py",
    "tests/training/datasets",
    "tests/docs/test_commands.py",
    "tests/docs/test_pages.py",
)


def run(*command: str) -> None:
    """Run a Python module in the checkout, and show what it prints."""
    print("==", *command, flush=True)
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


def demo() -> list[str]:
    """Lines of the demo, played in a folder elsewhere."""
    command = ["-m", "ecg_live", "demo", "--headless", "--json", "--speed", "max"]
    print("==", *command, flush=True)
    with tempfile.TemporaryDirectory() as away:
        done = subprocess.run([sys.executable, *command], cwd=away, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()


def main(*, install: bool) -> None:
    """Install, test, play."""
    os.environ["PYTHONUTF8"] = "1"
    if install:
        run("-m", "pip", "install", "-q", "-c", "constraints.txt", "-e", ".[test]")
    missing = [test for test in TESTS if not (ROOT / test).exists()]
    if missing:
        sys.exit(f"tests that have moved: {', '.join(missing)}; mend TESTS in .ci/portable.py")
    run("-m", "pytest", "-q", *TESTS)
    last = json.loads(demo()[-1])
    print(last)
    if last["type"] != "summary" or last["lost"] or not last["predictions"]:
        sys.exit(f"the demo ended with {last}")


if __name__ == "__main__":
    main(install="--no-install" not in sys.argv)
