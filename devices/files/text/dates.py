"""Parse timestamps in text: dates with a time of day, or a time of day alone, to ms."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64

DAY_MS = 86_400_000.0
_TIME_OF_DAY = re.compile(
    r"(?:.*[\s\[])?(?:(\d{1,4}):)?(\d{1,2}):(\d{2})(?:[.,:](\d{1,9}))?\s*([AP])?\.?M?\.?(?:\s[\d./\-\s]*)?",
    re.IGNORECASE,
)
_DIGITS = b"0123456789"
_ISO_LETTERS = [
    *[_DIGITS] * 4, b"-", *[_DIGITS] * 2, b"-", *[_DIGITS] * 2, b"T ",
    *[_DIGITS] * 2, b":", *[_DIGITS] * 2, b":", *[_DIGITS] * 2,
]  # fmt: skip
_MAX_FRACTION_LETTERS = 13  # a point and the digits after it, down to ps
_DATE_START = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{8}T")


def parse_times_ms(cells: npt.NDArray[np.bytes_]) -> F64:
    """Parse timestamps (n,) such as ``2026-10-25T02:59:40.000Z``, ``2026/10/25 02:59:40`` or ``2:59:40.5 PM``.

    Returns
    -------
    array (n,)
        ms since 1970 where year, month and day come first (in UTC unless an offset from it is given), else ms since
        midnight: ``03/04/2026`` is ambiguous. NaN for an empty cell.

    Raises
    ------
    ValueError
        A cell is neither.
    """
    if len(cells) and _DATE_START.match(cells[0].decode("ascii", "replace")):
        plain = np.ascontiguousarray(np.char.rstrip(np.char.replace(cells, b"/", b"-"), b"Zz"))
        if _is_iso(plain):
            try:
                stamps = plain.astype("datetime64[us]")
            except ValueError:
                pass
            else:
                return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1000)
    return np.array([_parse_time_ms(cell.decode("utf-8", "replace")) for cell in cells], dtype=np.float64)


def _is_iso(cells: npt.NDArray[np.bytes_]) -> bool:
    """Whether all cells are ``yyyy-mm-dd hh:mm:ss`` with up to 12 more digits: of anything else numpy may warn."""
    letters = cells.view(np.uint8).reshape(len(cells), -1)
    if not len(_ISO_LETTERS) <= letters.shape[1] <= len(_ISO_LETTERS) + _MAX_FRACTION_LETTERS:
        return False
    ended = letters[:, len(_ISO_LETTERS) :] == 0
    fits = all(bool(np.isin(letters[:, i], list(allowed)).all()) for i, allowed in enumerate(_ISO_LETTERS))
    more = letters[:, len(_ISO_LETTERS) + 1 :]
    return (
        fits
        and bool(np.all(ended[:, :-1] <= ended[:, 1:]))
        and bool(np.all(ended[:, :1] | (letters[:, len(_ISO_LETTERS) : len(_ISO_LETTERS) + 1] == ord("."))))
        and bool(np.all((more == 0) | ((more >= ord("0")) & (more <= ord("9")))))
    )


def _parse_time_ms(cell: str) -> float:
    text = cell.strip(" []'\"")
    if not text:
        return float("nan")
    if not _DATE_START.match(text):
        return _time_of_day_ms(text)
    try:
        moment = datetime.fromisoformat(text.replace("/", "-").replace(",", "."))
    except ValueError:
        day, _, clock = text.replace("T", " ").partition(" ")
        year, month, number = (int(part) for part in re.split("[-/.]", day))
        if (passed := _time_of_day_ms(clock)) >= DAY_MS:
            raise ValueError(f"no time of day: {clock[:40]!r}") from None
        return datetime(year, month, number, tzinfo=UTC).timestamp() * 1000 + passed
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000


def _time_of_day_ms(text: str) -> float:
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise ValueError(f"no date or time of day: {text[:40]!r}")
    hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3))
    if found[5]:
        hours = hours % 12 + (12 if found[5] in "pP" else 0)
    return 1000 * (3600 * hours + 60 * minutes + seconds + float(f"0.{found[4] or 0}"))


class MidnightUnwrapper:
    """Adds a day to times of day at each midnight, so that they rise."""

    def __init__(self) -> None:
        self._last = float("nan")
        self._days = 0.0  # ms to add

    def push(self, times: F64) -> F64:
        """Return timestamps (n,) in ms, NaN among them, with a day added for each midnight so far."""
        known = np.flatnonzero(np.isfinite(times))
        if not len(known):
            return times
        of_day = times[known]
        before = np.concatenate(([self._last], of_day[:-1]))
        fell = (of_day - before < -DAY_MS / 2) & (before < DAY_MS)
        days = self._days + DAY_MS * np.cumsum(fell)
        self._last = float(of_day[-1])
        self._days = float(days[-1])
        risen = times.copy()
        risen[known] = of_day + days
        return risen
