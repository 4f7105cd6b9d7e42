"""The order of blocks: as in the file, or balanced over the participants."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.errors import ConfigError
from ecg_live.study.block_order import latin_square_row, order_blocks
from ecg_live.study.plan import Block, Study


@given(st.integers(1, 12))
def test_each_block_stands_at_each_place_and_follows_each_other_equally_often(size: int) -> None:
    rows = [latin_square_row(size, number) for number in range(size if size % 2 == 0 else 2 * size)]
    assert all(sorted(row) == list(range(size)) for row in rows)
    assert len(set(Counter((place, each) for row in rows for place, each in enumerate(row)).values())) == 1
    pairs = Counter(pair for row in rows for pair in pairwise(row))
    assert len(pairs) == size * (size - 1)
    assert len(set(pairs.values())) <= 1


def test_a_block_in_place_is_not_moved() -> None:
    blocks = (Block("rest", 60, in_place=True), *(Block(name, 60) for name in "abc"), Block("end", 60, in_place=True))
    study = Study("x", blocks, participants=tuple(f"P{k}" for k in range(6)), order="counterbalanced")
    orders = ["".join(block.name for block in order_blocks(study, each)) for each in study.participants]
    assert len(set(orders)) == 6
    assert all(order.startswith("rest") and order.endswith("end") for order in orders)


def test_a_fixed_order_needs_no_participants_and_an_unlisted_one_is_refused() -> None:
    study = Study("Lab", (Block("a", 1), Block("b", 1)))
    assert order_blocks(study, "whoever") == study.blocks
    listed = Study("Lab", study.blocks, participants=("P01",))
    with pytest.raises(ConfigError, match="'P1' is not one of the 1 participants of Lab"):
        order_blocks(listed, "P1")
