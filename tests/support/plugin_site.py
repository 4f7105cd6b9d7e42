"""A folder of installed packages, with their modules and entry points as pip leaves them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pages" / "plugins.md").read_text(encoding="utf-8")


def page_example(title: str) -> str:
    """Code of an example in the manual's page on plug-ins."""
    return PAGE.split(f'```python title="{title}"\n', 1)[1].split("```", 1)[0]


class Site(NamedTuple):
    """A folder of installed packages, and a file in the plug-in's format."""

    path: Path
    file: Path

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        paths = [str(self.path), str(ROOT)]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "ecg_live", *words)


def install(path: Path, package: str, entries: str, **modules: str) -> None:
    """As pip leaves a package: its modules, and its metadata beside them."""
    (path / package).mkdir(parents=True)
    for name, code in {"__init__": "", **modules}.items():
        (path / package / f"{name}.py").write_text(code, encoding="utf-8")
    about = path / f"{package}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(entries, encoding="utf-8")
