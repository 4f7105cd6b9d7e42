"""Tasks one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from ecg_live.recorded.score.task import ScoreTask


class HereEngine:
    """Applies a function to tasks in their order; see `ecg_live.recorded.score.table.TaskEngine`."""

    def map(
        self, function: Callable[[ScoreTask], dict[str, Any]], items: Iterable[ScoreTask]
    ) -> Generator[dict[str, Any], None, None]:
        """Results, one by one."""
        yield from map(function, items)
