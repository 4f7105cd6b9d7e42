"""Which state of a session is heard, and when: each has tones of its own. Independent of Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ecg_live.presentation.status import NO_USABLE_ECG

REPEAT_S = 30.0  # of an alarm that lasts
RECORDING_FAILED = "RECORDING FAILED"


@dataclass(frozen=True, slots=True)
class Alert:
    """``tones`` as pairs of Hz and seconds, 0 Hz for silence; an ``alarm`` is repeated while its state lasts."""

    tones: tuple[tuple[float, float], ...]
    alarm: bool = False


ALERTS: Mapping[str, Alert] = {  # by the word of a status line
    "LIVE": Alert(((523.0, 0.09), (784.0, 0.14))),
    "REPLAY": Alert(((784.0, 0.09), (659.0, 0.09), (784.0, 0.14))),
    "PAUSED": Alert(((392.0, 0.15),)),
    "DISCONNECTED": Alert(((880.0, 0.16), (622.0, 0.16), (440.0, 0.30)), alarm=True),
    "GAVE UP": Alert(((440.0, 0.30), (0.0, 0.06), (330.0, 0.50)), alarm=True),
    "NO DATA": Alert(((622.0, 0.16), (440.0, 0.24)), alarm=True),
    NO_USABLE_ECG: Alert(((988.0, 0.10), (0.0, 0.06), (988.0, 0.10)), alarm=True),
    "ERROR": Alert(((330.0, 0.30), (0.0, 0.06), (330.0, 0.50)), alarm=True),
    RECORDING_FAILED: Alert(((988.0, 0.12), (659.0, 0.12), (988.0, 0.12), (659.0, 0.20)), alarm=True),
}
BLOCK_ENDED = Alert(((659.0, 0.20), (523.0, 0.45)), alarm=True)  # of a study, where its file asks for it
QUIET_AT_FIRST = ("LIVE", "REPLAY")  # heard only as the return from a state that was heard


class AlertWatch:
    """Follows the words of a status line, and says what is to be heard."""

    def __init__(self) -> None:
        self._heard = ""  # word of the last alert
        self._word = ""
        self._since = -math.inf  # when the last alert was given

    def next(self, word: str, now: float) -> Alert | None:
        """Return the alert that is to be heard at ``now`` (s), if any.

        A state is heard as it begins, an alarm again every `REPEAT_S`. States without an alert between two that have
        one, such as a gap, change nothing.
        """
        began, self._word = word != self._word, word
        alert = ALERTS.get(word)
        if alert is None:
            return None
        fresh = began and (word not in QUIET_AT_FIRST or self._heard not in ("", word))
        again = alert.alarm and word == self._heard and now - self._since >= REPEAT_S
        if not (fresh or again):
            return None
        self._heard, self._since = word, now
        return alert
