"""Remarks on what may happen a thousand times."""

from __future__ import annotations


class WarningCounter:
    """Count what happens again and again: it is worth a word the first time, then the 10th, the 100th and so on."""

    def __init__(self) -> None:
        self.count = 0
        self._next = 1

    def add(self, count: int = 1) -> str | None:
        """Count; what to put behind the message where it is time for one (nothing, the first time), else None."""
        self.count += count
        if self.count < self._next:
            return None
        while self._next <= self.count:
            self._next *= 10
        return f" ({self.count} times by now)" if self.count > 1 else ""
