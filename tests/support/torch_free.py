"""Which test files do without PyTorch: for Python versions that have no small build of it."""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = ("ecg_live", "devices", "training", "tests")
INSTALLED = find_spec("torch") is not None


@cache
def needs_torch(path: Path) -> bool:
    """Whether a file imports PyTorch, itself or through any file of ours, wherever in it the import stands."""
    return not _reached(path).isdisjoint({"torch", "lightning_fabric"})


@cache
def _reached(start: Path) -> frozenset[str]:
    seen, names, left = {start}, set[str](), [start]
    while left:
        path = left.pop()
        for name in _imported(path):
            names.add(name.split(".")[0])
            found = _file(name)
            if found is not None and found not in seen:
                seen.add(found)
                left.append(found)
    return frozenset(names)


@cache
def _imported(path: Path) -> frozenset[str]:
    """Dotted names that a file imports; of ``from a import b`` both ``a`` and ``a.b``."""
    names: set[str] = set()
    package = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _file(name: str) -> Path | None:
    """Our file of a dotted name."""
    parts = name.split(".")
    if parts[0] not in OWN:
        return None
    place = ROOT.joinpath(*parts)
    return next((each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()), None)
