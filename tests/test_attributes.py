"""No class makes up attributes later: what an object holds is bound while it is made, and always there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("ecg_live", "devices", "training")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def late(tree: ast.AST) -> Iterator[str]:
    """Attributes that are bound neither in ``__init__``, nor in a method that it calls, nor in the class's body."""
    for made in ast.walk(tree):
        if isinstance(made, ast.ClassDef):
            methods = {each.name: each for each in made.body if isinstance(each, Function)}
            known = _in_body(made).union(*(_bound(methods[name]) for name in _while_made(methods)))
            for name, method in methods.items():
                for attribute in sorted(_bound(method) - known):
                    yield f"{made.name}.{attribute} is first bound in {name}"


def _in_body(made: ast.ClassDef) -> set[str]:
    targets: list[ast.expr] = []
    for each in made.body:
        if isinstance(each, ast.Assign | ast.AnnAssign):
            targets += each.targets if isinstance(each, ast.Assign) else [each.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _of_self(node: ast.AST) -> str | None:
    of_self = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if of_self and isinstance(node, ast.Attribute) else None


def _bound(method: Function) -> set[str]:
    stored = (node for node in ast.walk(method) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return {name for node in stored if (name := _of_self(node))}


def _while_made(methods: dict[str, Function]) -> set[str]:
    """``__init__``, and what it calls as a statement or value; a generator's call alone runs nothing."""
    found: set[str] = set()
    ahead = ["__init__"]
    while ahead:
        name = ahead.pop()
        method = methods.get(name)
        if method is None or name in found or (name != "__init__" and _is_generator(method)):
            continue
        found.add(name)
        ahead += [called for node in ast.walk(method) if isinstance(node, ast.Call) and (called := _of_self(node.func))]
    return found


def _is_generator(method: Function) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(method))


def test_the_rule_finds_what_it_should() -> None:
    code = """
class A:
    z: int
    def __init__(self): self.a = 1; self._more()
    def _more(self): self.b = 2
    def fit(self): self.a = self.b = self.c = self.z = 3
    async def go(self):
        with open('x') as self.d: pass
        (self.e, [self.f]) = 1, [2]
class B:
    def __enter__(self): self.g: int = 1
class C:
    def __init__(self): self._later()
    def _later(self):
        self.h = 1
        yield 1
"""
    assert [line.split(" ")[0] for line in late(ast.parse(code))] == ["A.c", "A.d", "A.e", "A.f", "B.g", "C.h"]


def test_no_attribute_is_first_bound_outside_init() -> None:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert len(files) > 100
    found = [f"{path.relative_to(ROOT)}: {line}" for path in files for line in late(ast.parse(path.read_text("utf-8")))]
    assert found == []
