"""A part of a list of recordings, for one of several machines: ``--shard 2/8``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ecg_live.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` shards, by its ``number`` from 1."""

    number: int = 1
    count: int = 1

    def of(self, items: Sequence[T]) -> list[T]:
        """Every ``count``-th item: neighbours, which are often alike in length, go to different shards."""
        return list(items[self.number - 1 :: self.count])


WHOLE = Shard()


def parse_shard(text: str) -> Shard:
    """Read ``i/n``.

    Raises
    ------
    ConfigError
        It is not a whole number from 1 to n, and n.
    """
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Shard(int(number), int(count))
    raise ConfigError(f"--shard is {text!r}; it is i/n with i from 1 to n", "for example --shard 1/8")
