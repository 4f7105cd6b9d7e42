"""What `verify` found in a recording, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecg_live.recorded.verify.gap_audit import GapAudit
from ecg_live.results import RR_FLAGS
from ecg_live.xdf.decode import StreamHeader
from ecg_live.xdf.encode import MAGIC

MAX_LISTED_PROBLEMS = 20  # a file that is damaged all over has as many as chunks
CLOSE_REMEDY = "ecg-live export FILE --to xdf closes it"


@dataclass(slots=True)
class StreamCount:
    """What a stream holds.

    Attributes
    ----------
    samples : int
        Samples in the file.
    footer_samples : int or None
        Samples that the footer states; None without a footer.
    invalid : int
        Samples without a valid value in the judged ECG channel.
    rr_flags : list of int
        RR intervals with each of `RR_FLAGS`, in the stream of RR intervals.
    start, stop : int or None
        Sample index of the first sample, and one past the last; None for streams without sample indices.
    """

    stream: StreamHeader
    samples: int = 0
    footer_samples: int | None = None
    invalid: int = 0
    start: int | None = None
    stop: int | None = None
    rr_flags: list[int] = field(default_factory=lambda: [0] * len(RR_FLAGS))

    @property
    def key(self) -> str | None:
        """Key of the stream in our recorder's layout; None for a stream of another program."""
        return self.stream.own.get("key")

    @property
    def missing(self) -> int:
        """Samples between the first and the last that are not in the file."""
        return 0 if self.start is None or self.stop is None else self.stop - self.start - self.samples


@dataclass(slots=True)
class VerifyReport:
    """What was found in a file.

    A recording that was cut off, by ``kill -9`` or a power failure, is sound as far as it goes: missing footers and
    torn bytes at the end are warnings.

    Attributes
    ----------
    size : int
        Bytes of the file.
    problems, warnings : list of str
        At most `MAX_LISTED_PROBLEMS` problems.
    torn_bytes : int
        Bytes at the end that are not a whole chunk.
    intact_bytes : int
        Where the last whole chunk ends.
    valid_digests : int
        Digests that match the bytes before them.
    has_digests : bool
        The writer sealed its chunks.
    """

    path: Path
    size: int
    counts: dict[int, StreamCount] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    torn_bytes: int = 0
    intact_bytes: int = len(MAGIC)
    valid_digests: int = 0
    has_digests: bool = False
    gap_audit: GapAudit = field(default_factory=GapAudit)

    @property
    def sound(self) -> bool:
        """No problem was found in what the file holds."""
        return not self.problems

    @property
    def closed(self) -> bool:
        """Every stream has its footer, and no bytes are torn."""
        if not self.counts or self.torn_bytes:
            return False
        return all(each.footer_samples is not None for each in self.counts.values())

    @property
    def reported_lost(self) -> int:
        """Lost samples that the session reported."""
        return self.gap_audit.reported_lost

    @property
    def trailing_lost(self) -> int:
        """Lost samples that the session reported after the last sample."""
        return self.gap_audit.trailing_lost

    def add_problem(self, problem: str) -> None:
        """Add a problem, unless the list is full."""
        if len(self.problems) < MAX_LISTED_PROBLEMS:
            self.problems.append(problem)

    def lines(self) -> Iterator[str]:
        """Lines to print."""
        unsealed = "no digests: damage inside a chunk cannot be seen"
        digests = f"{self.valid_digests} digests hold" if self.has_digests else unsealed
        verdict = "NOT SOUND" if not self.sound else "sound" if self.closed else "sound as far as it goes, not closed"
        yield f"{self.path}: {verdict}, {self.size} bytes, {digests}"
        for count in self.counts.values():
            missing = f", {count.missing} missing between them" if count.start is not None else ""
            yield f"  {count.stream.name} [{count.stream.kind}]: {count.samples} samples{missing}"
            if count.key == "ecg":
                end = f", {self.trailing_lost} of them at the end" if self.trailing_lost else ""
                yield f"    {count.invalid} invalid samples (NaN); the session reported {self.reported_lost} lost{end}"
            elif count.key == "rr_intervals":
                kinds = (f"{number} {flag}" for number, flag in zip(count.rr_flags, RR_FLAGS, strict=True))
                yield f"    RR intervals: {', '.join(kinds)}"
        yield from (f"  warning: {warning}" for warning in self.warnings)
        yield from (f"  problem: {problem}" for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        """All of it as a JSON object."""
        return {
            "path": str(self.path),
            "size": self.size,
            "torn": self.torn_bytes,
            "whole": self.intact_bytes,
            "digests": self.valid_digests,
            "sealed": self.has_digests,
            "reported": self.reported_lost,
            "silent": self.trailing_lost,
            "sound": self.sound,
            "closed": self.closed,
            "problems": self.problems,
            "warnings": self.warnings,
            "streams": [self._stream_json(count) for count in self.counts.values()],
        }

    def _stream_json(self, count: StreamCount) -> dict[str, Any]:
        return {
            "name": count.stream.name,
            "key": count.key,
            "samples": count.samples,
            "footer": count.footer_samples,
            "missing": count.missing + (self.trailing_lost if count.key == "ecg" else 0),
            "not_numbers": count.invalid,
            **({"flags": dict(zip(RR_FLAGS, count.rr_flags, strict=True))} if count.key == "rr_intervals" else {}),
        }
