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


def run(*command: str, cwd: Path = ROOT) -> str:
    """Run a Python module, show its command, and give what it printed."""
    print("==", *command, flush=True)
    done = subprocess.run([sys.executable, *command], cwd=cwd, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    print(done.stdout[-4000:], flush=True)
    return done.stdout


def main(*, install: bool) -> None:
    """Install, test, play."""
    os.environ["PYTHONUTF8"] = "1"
    if install:
        run("-m", "pip", "install", "-q", "-c", "constraints.txt", "-e", ".[test]")
    missing = [test for test in TESTS if not (ROOT / test).exists()]
    if missing:
        sys.exit(f"tests that have moved: {', '.join(missing)}; mend TESTS in .ci/portable.py")
    run("-m", "pytest", "-q", *TESTS)
    with tempfile.TemporaryDirectory() as away:
        lines = run("-m", "ecg_live", "demo", "--headless", "--json", "--speed", "max", cwd=Path(away)).splitlines()
    last = json.loads(lines[-1])
    if last["type"] != "summary" or last["lost"] or not last["predictions"]:
        sys.exit(f"the demo ended with {last}")


if __name__ == "__main__":
    main(install="--no-install" not in sys.argv)
