"""Instruction sets are read as Linux states them."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.pretext.processor import multiplies_bf16, processor_flags

ZEN_4 = "processor : 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\nbugs : none\n\nprocessor : 1\nflags : fpu\n"


def test_flags_are_those_of_the_first_processor(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(ZEN_4)
    assert processor_flags(file) == {"fpu", "avx2", "avx512f", "avx512_bf16"}


def test_a_system_without_them_has_none(tmp_path: Path) -> None:
    assert processor_flags(tmp_path / "missing") == frozenset()
    empty = tmp_path / "cpuinfo"
    empty.write_text("processor : 0\nFeatures : fp asimd\n")
    assert processor_flags(empty) == frozenset()


@pytest.mark.parametrize(
    ("flags", "can"), [({"avx512f"}, False), ({"avx512_bf16"}, True), ({"amx_bf16"}, True), (set(), False)]
)
def test_bf16_is_for_processors_that_multiply_in_it(flags: set[str], can: bool) -> None:
    assert multiplies_bf16(frozenset(flags)) is can
