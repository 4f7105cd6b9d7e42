"""What a check of a recording found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecg_live.recorded.verify.gap_audit import GapAudit
from ecg_live.xdf.decode import Stream
from ecg_live.xdf.encode import MAGIC

MAX_LISTED_PROBLEMS = 20  # problems that are named; a file that is damaged all over has as many as chunks
CLOSE_REMEDY = "ecg-live export FILE --to xdf closes it"


@dataclass(slots=True)
class StreamCount:
    """What a stream holds: samples, those that its footer counts (None without one), values that are no number.

    ``first`` and ``stop`` are raw counters, None where nobody counted.
    """

    stream: Stream
    samples: int = 0
    footer: int | None = None
    empty: int = 0
    first: int | None = None
    stop: int | None = None

    @property
    def key(self) -> str | None:
        """Which of our recorder's streams it is."""
        return self.stream.own.get("key")

    @property
    def missing(self) -> int:
        """Samples between the first and the last that never came."""
        return 0 if self.first is None or self.stop is None else self.stop - self.first - self.samples


@dataclass(slots=True)
class VerifyReport:
    """What was found: ``problems`` and ``warnings`` in words, ``digests`` that hold.

    A recording that was cut off, by ``kill -9`` or a power failure, is sound as far as it goes: that it has no footers,
    and ``torn`` bytes at the end that are no whole chunk, is a warning. ``whole`` is where the last whole chunk ends,
    ``reported`` the lost samples that the session told.
    """

    path: Path
    size: int
    counts: dict[int, StreamCount] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    torn: int = 0
    whole: int = len(MAGIC)
    digests: int = 0
    sealed: bool = False
    lost: GapAudit = field(default_factory=GapAudit)

    @property
    def sound(self) -> bool:
        """Nothing is wrong with what is there."""
        return not self.problems

    @property
    def closed(self) -> bool:
        """Every stream has its footer, and nothing is torn."""
        return bool(self.counts) and not self.torn and all(each.footer is not None for each in self.counts.values())

    @property
    def reported(self) -> int:
        """Lost samples that the session told."""
        return self.lost.told

    @property
    def silent(self) -> int:
        """Lost samples behind the last one that came."""
        return self.lost.silent

    def blame(self, problem: str) -> None:
        """Note what is wrong."""
        if len(self.problems) < MAX_LISTED_PROBLEMS:
            self.problems.append(problem)

    def lines(self) -> Iterator[str]:
        """For people."""
        seal = f"{self.digests} digests hold" if self.sealed else "no digests: damage inside a chunk cannot be seen"
        word = "NOT SOUND" if not self.sound else "sound" if self.closed else "sound as far as it goes, not closed"
        yield f"{self.path}: {word}, {self.size} bytes, {seal}"
        for count in self.counts.values():
            lost = f", {count.missing} missing between them" if count.first is not None else ""
            yield f"  {count.stream.name} [{count.stream.kind}]: {count.samples} samples{lost}"
            if count.key == "ecg":
                end = f", {self.silent} of them at the end" if self.silent else ""
                yield f"    {count.empty} of the samples are no numbers; the session told of {self.reported} lost{end}"
        yield from (f"  warning: {warning}" for warning in self.warnings)
        yield from (f"  problem: {problem}" for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        streams = [
            {
                "name": each.stream.name,
                "key": each.key,
                "samples": each.samples,
                "footer": each.footer,
                "missing": each.missing + (self.silent if each.key == "ecg" else 0),
                "not_numbers": each.empty,
            }
            for each in self.counts.values()
        ]
        names = (
            "size", "torn", "whole", "digests", "sealed", "reported", "silent", "sound", "closed", "problems",
            "warnings",
        )  # fmt: skip
        return {"path": str(self.path), **{name: getattr(self, name) for name in names}, "streams": streams}
