"""Every module can be imported, whatever was imported before it; without PyTorch, every one that does without."""

from importlib import import_module
from pathlib import Path

from tests.support.torch_free import INSTALLED, OWN, ROOT, needs_torch


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_module_is_imported() -> None:
    paths = [path for package in OWN[:3] for path in sorted((ROOT / package).rglob("*.py")) if path.stem != "__main__"]
    named = [dotted(path) for path in paths if INSTALLED or not needs_torch(path)]
    assert len(named) > 50
    for name in named:
        assert import_module(name).__name__ == name
