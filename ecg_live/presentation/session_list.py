"""What a list of recorded sessions shows of each. Independent of Qt."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ecg_live.presentation.formatting import NO_VALUE, clock_text, number_text


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A recorded session, as a folder's list has it.

    ``path`` is its first file, ``files`` their number, ``duration`` in s, ``usable`` the share of windows that are not
    unusable, ``lost`` samples, ``annotations`` what was noted or edited after it. ``problem``: why it cannot be opened,
    or what is damaged.
    """

    path: Path
    participant: str = ""
    session: str = ""
    study: str = ""
    began: dt.datetime | None = None
    duration: float = math.nan
    windows: int = 0
    usable: float = math.nan
    lost: int = 0
    annotations: int = 0
    files: int = 1
    problem: str = ""

    @property
    def date_text(self) -> str:
        """When it was recorded."""
        return NO_VALUE if self.began is None else self.began.strftime("%Y-%m-%d %H:%M")

    @property
    def length_text(self) -> str:
        """How long it is."""
        return clock_text(self.duration)

    @property
    def usable_text(self) -> str:
        """Share of its windows that are usable, in percent."""
        text = number_text(self.usable, factor=100)
        return text if text == NO_VALUE else f"{text} %"

    @property
    def lost_text(self) -> str:
        """Samples that were lost."""
        return f"{self.lost:,}" if self.windows else NO_VALUE

    @property
    def remark(self) -> str:
        """What else is to be known of it."""
        parts = [f"{self.files} files"] if self.files > 1 else []
        return "; ".join([*parts, *([self.problem] if self.problem else [])])

    def as_json(self) -> dict[str, Any]:
        """As a JSON object; what is not known is null."""
        return {
            "type": "session",
            "path": str(self.path),
            "participant": self.participant or None,
            "session": self.session or None,
            "study": self.study or None,
            "began": None if self.began is None else self.began.isoformat(),
            "duration": None if math.isnan(self.duration) else round(self.duration, 3),
            "windows": self.windows,
            "usable": None if math.isnan(self.usable) else round(self.usable, 6),
            "lost": self.lost,
            "annotations": self.annotations,
            "files": self.files,
            "problem": self.problem or None,
        }


class SessionLibrary(Protocol):
    """The recorded sessions of a folder, as a browser shows them; nothing here waits."""

    @property
    def folder(self) -> Path:
        """Where they lie."""
        ...

    def rescan(self) -> None:
        """Begin to read the folder again."""
        ...

    def poll(self) -> tuple[Sequence[SessionEntry], int, int, bool]:
        """Sessions found since the last call, how many were read, of how many, and whether that is all."""
        ...

    def message(self) -> str:
        """What was done or failed since the last call, in a line; empty if nothing."""
        ...

    def open(self, paths: Sequence[Path]) -> None:
        """Open one session, or two to be compared, in a window of their own."""
        ...

    def write_table(self, paths: Sequence[Path], out: Path) -> None:
        """Write the group table of these sessions in the background; `message` reports its end."""
        ...

    def stop(self) -> None:
        """End what still runs."""
        ...
