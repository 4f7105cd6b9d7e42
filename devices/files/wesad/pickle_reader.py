"""Read pickles of named arrays without unpickling: nothing in them is called, and arrays stay on disk until needed.

A pickle is a program. Only the few instructions that write dictionaries of numpy's arrays are interpreted here, with
stand-ins for the functions that they call; anything else is refused by name. Source: Python's ``pickletools``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from devices.files.wesad.pickled_arrays import (
    PickledText,
    allow_call,
    apply_call,
    apply_state,
    forbidden_content,
    read_name,
)
from ecg_live.errors import TruncatedError

PICKLE_SIGNATURES = (b"(dp", b"}q", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # a dictionary's, by protocol
_MAX_INSTRUCTIONS = 100_000  # a file of WESAD has about a thousand
_MAX_LINE_BYTES = 256  # of any line except texts
_SCAN_BYTES = 1 << 20


def read_pickle(path: Path) -> object:
    """Interpret a pickle: dictionaries with names as keys, arrays, texts, numbers.

    Raises
    ------
    FormatError
        It names a function that does not make numpy's arrays of numbers, or its keys are not names.
    TruncatedError
        It ends too early.
    """
    with path.open("rb") as file:
        return _PickleMachine(path, file).run()


class _PickleMachine:
    """A pickle's stack and memo; each instruction makes at most one small object."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._size = path.stat().st_size
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> object:
        for _ in range(_MAX_INSTRUCTIONS):
            code = self._bytes(1)
            if code == b".":
                return self._stack.pop()
            if code not in _INSTRUCTIONS:
                raise forbidden_content(self._path, f"instruction {code!r} at byte {self._file.tell() - 1}")
            _INSTRUCTIONS[code](self)
        raise forbidden_content(self._path, f"more than {_MAX_INSTRUCTIONS} instructions")

    def _cut(self) -> TruncatedError:
        return TruncatedError(f"{self._path.name}: the pickle is cut at byte {self._size}", "copy the file again")

    def _bytes(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise self._cut()
        return data

    def read(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def read_line(self) -> str:
        line = self._file.readline(_MAX_LINE_BYTES)
        if line.endswith(b"\n"):
            return line[:-1].decode("latin-1")
        raise forbidden_content(self._path, "a long line") if len(line) == _MAX_LINE_BYTES else self._cut()

    def skip(self, count: int) -> None:
        self._bytes(count)

    def push(self, value: object) -> None:
        self._stack.append(value)

    def number(self, form: str) -> None:
        self.push(self.read(form))

    def line(self, kind: Callable[[str], object]) -> None:
        self.push(kind(self.read_line().removesuffix("L")))

    def long(self) -> None:
        self.push(int.from_bytes(self._bytes(self.read("<B")), "little", signed=True))

    def text(self, length: str, codec: str) -> None:
        """A text of a known length: only its position is kept."""
        size, at = self.read(length), self._file.tell()
        if not 0 <= size <= self._size - at:
            raise self._cut()
        self.push(PickledText(at, size, codec))
        self._file.seek(at + size)

    def spelt(self, codec: str, quotes: int) -> None:
        """A text up to the end of its line, of any length."""
        at = self._file.tell()
        while (end := (block := self._file.read(_SCAN_BYTES)).find(b"\n")) < 0:
            if not block:
                raise self._cut()
        stop = self._file.tell() - len(block) + end
        if stop - at < 2 * quotes:
            raise forbidden_content(self._path, "a text without quotes")
        self.push(PickledText(at + quotes, stop - at - 2 * quotes, codec))
        self._file.seek(stop + 1)

    def put(self, key: int | None = None) -> None:
        self._memo[len(self._memo) if key is None else key] = self._stack[-1]

    def get(self, key: int) -> None:
        self.push(self._memo[key])

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def _above(self) -> list[Any]:
        at = self._marks.pop()
        above = self._stack[at:]
        del self._stack[at:]
        return above

    def collect(self, count: int | None = None) -> None:
        self.push(tuple(self._above() if count is None else [self._stack.pop() for _ in range(count)][::-1]))

    def dictionary(self) -> None:
        pairs = self._above()
        self.push({})
        self._fill(pairs)

    def _fill(self, pairs: list[Any]) -> None:
        if not isinstance(self._stack[-1], dict):
            raise forbidden_content(self._path, "a key without a dictionary")
        names = [read_name(self._path, key) for key in pairs[::2]]
        self._stack[-1].update(zip(names, pairs[1::2], strict=True))

    def items(self) -> None:
        self._fill(self._above())

    def item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._fill([key, value])

    def name(self, module: str, name: str) -> None:
        self.push(allow_call(self._path, f"{module}.{name}"))

    def name_lines(self) -> None:
        self.name(self.read_line(), self.read_line())

    def name_stacked(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self.name(read_name(self._path, module), read_name(self._path, name))

    def reduce(self) -> None:
        args, function = self._stack.pop(), self._stack.pop()
        self.push(apply_call(self._path, function, args))

    def build(self) -> None:
        state, target = self._stack.pop(), self._stack.pop()
        self.push(apply_state(self._path, target, state))


_INSTRUCTIONS: dict[bytes, Callable[[_PickleMachine], None]] = {
    b"\x80": lambda m: m.skip(1),
    b"\x95": lambda m: m.skip(8),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"}": lambda m: m.push({}),
    b"I": lambda m: m.line(int),
    b"L": lambda m: m.line(int),
    b"F": lambda m: m.line(float),
    b"K": lambda m: m.number("<B"),
    b"M": lambda m: m.number("<H"),
    b"J": lambda m: m.number("<i"),
    b"G": lambda m: m.number(">d"),
    b"\x8a": _PickleMachine.long,
    b"S": lambda m: m.spelt("unicode_escape", quotes=1),
    b"V": lambda m: m.spelt("raw_unicode_escape", quotes=0),
    b"U": lambda m: m.text("<B", ""),
    b"T": lambda m: m.text("<i", ""),
    b"C": lambda m: m.text("<B", ""),
    b"B": lambda m: m.text("<I", ""),
    b"\x8e": lambda m: m.text("<Q", ""),
    b"\x96": lambda m: m.text("<Q", ""),
    b"\x8c": lambda m: m.text("<B", "utf-8"),
    b"X": lambda m: m.text("<I", "utf-8"),
    b"\x8d": lambda m: m.text("<Q", "utf-8"),
    b"(": _PickleMachine.mark,
    b")": lambda m: m.push(()),
    b"\x85": lambda m: m.collect(1),
    b"\x86": lambda m: m.collect(2),
    b"\x87": lambda m: m.collect(3),
    b"t": _PickleMachine.collect,
    b"d": _PickleMachine.dictionary,
    b"s": _PickleMachine.item,
    b"u": _PickleMachine.items,
    b"p": lambda m: m.put(int(m.read_line())),
    b"q": lambda m: m.put(m.read("<B")),
    b"r": lambda m: m.put(m.read("<I")),
    b"\x94": lambda m: m.put(),
    b"g": lambda m: m.get(int(m.read_line())),
    b"h": lambda m: m.get(m.read("<B")),
    b"j": lambda m: m.get(m.read("<I")),
    b"c": _PickleMachine.name_lines,
    b"i": _PickleMachine.name_lines,  # makes an instance: refused by name, as any unknown function
    b"\x93": _PickleMachine.name_stacked,
    b"R": _PickleMachine.reduce,
    b"b": _PickleMachine.build,
}
