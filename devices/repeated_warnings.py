"""Count repeated warnings, so that a frequent one is reported at the 1st, 10th, 100th ... time."""

from __future__ import annotations


class WarningCounter:
    """Count one kind of warning; it is to be reported the first time, then the 10th, the 100th and so on."""

    def __init__(self) -> None:
        self.count = 0
        self._next_report = 1

    def add(self, count: int = 1) -> str | None:
        """Count; return the suffix of the message if a report is due (empty the first time), else None."""
        self.count += count
        if self.count < self._next_report:
            return None
        while self._next_report <= self.count:
            self._next_report *= 10
        return f" ({self.count} times by now)" if self.count > 1 else ""
