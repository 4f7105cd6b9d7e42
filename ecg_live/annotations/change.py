"""One change of a recording's annotations, as a line of JSON.

=============  ====================================================================================================
field          content
=============  ====================================================================================================
``change``     number of the change in its file, from 1
``time``       when it was made, ISO 8601 in UTC
``author``     by whom
``action``     ``add``, ``move``, ``edit`` (its text), ``delete``, ``restore``
``target``     id of the annotation, ``a`` and a number
``marker``     in place of ``target``: ``onset`` (s) and ``text`` of a marker of the recording, as it was recorded
``kind``       of an added annotation: ``note``, ``interval``, ``excluded``, ``marker``
``onset``      s from the recording's first sample
``duration``   s
``text``       text; of an excluded stretch why it is excluded
``reason``     why the change was made
=============  ====================================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from ecg_live.text import sanitize

Kind = Literal["note", "interval", "excluded", "marker"]
Action = Literal["add", "move", "edit", "delete", "restore"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ACTIONS: tuple[Action, ...] = get_args(Action)
MAX_TEXT_CHARACTERS = 2000
MAX_SECONDS = 1e9  # thirty years
ONSET_DECIMALS = 6  # of seconds, so that a marker is found again by what JSON holds of its time

_Word = TypeVar("_Word", bound=str)


class MarkerKey(NamedTuple):
    """A marker of the recording, by its time (s) and text as they were recorded."""

    onset: float
    text: str

    @classmethod
    def of(cls, onset: float, text: str) -> MarkerKey:
        """Key of a marker, its time rounded as in the file."""
        return cls(round(onset, ONSET_DECIMALS), text)


Target = str | MarkerKey
"""What a change is about: the id of an annotation, or a marker of the recording."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change; fields that an action does not set are None."""

    number: int
    time: str
    author: str
    action: Action
    target: Target
    kind: Kind | None = None
    onset: float | None = None
    duration: float | None = None
    text: str | None = None
    reason: str = ""

    @property
    def summary(self) -> str:
        """The change in a line for readers: when, by whom, what and why."""
        about = self.target if isinstance(self.target, str) else f"marker {self.target.text!r}"
        details = [f"at {self.onset:.3f} s" if self.onset is not None else "", self.text or "", self.reason]
        shown = "; ".join(each for each in details if each)
        return f"{self.time[:19]}  {self.author:<12}  {self.action:<7}  {about}  {shown}".rstrip()

    def moved(self, seconds: float) -> Change:
        """The change on an axis on which all times are later by ``seconds``."""
        onset = None if self.onset is None else round(self.onset + seconds, ONSET_DECIMALS)
        about = self.target
        target = about if isinstance(about, str) else MarkerKey.of(about.onset + seconds, about.text)
        return replace(self, onset=onset, target=target)

    def line(self) -> bytes:
        """The change as a line of a file."""
        named: dict[str, Any] = {"change": self.number, "time": self.time, "author": self.author, "action": self.action}
        if isinstance(self.target, MarkerKey):
            named["marker"] = {"onset": self.target.onset, "text": self.target.text}
        else:
            named["target"] = self.target
        for name in ("kind", "onset", "duration", "text"):
            if getattr(self, name) is not None:
                named[name] = getattr(self, name)
        if self.reason:
            named["reason"] = self.reason
        return json_line(named)


def json_line(values: Mapping[str, Any]) -> bytes:
    """A line of JSON."""
    return (json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "backslashreplace")


def parse_change(values: Mapping[str, Any]) -> Change:
    """Read a change from the values of its line.

    Raises
    ------
    ValueError
        A field is missing, or is not what it should be.
    """
    marker = values.get("marker")
    target: Target = _text(values, "target")
    if isinstance(marker, dict):
        onset = _seconds(marker, "onset")
        if onset is None:
            raise ValueError("the marker has no onset")
        target = MarkerKey.of(onset, _text(marker, "text"))
    if not target:
        raise ValueError("neither target nor marker is given")
    number = values.get("change")
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError(f"change is {number!r}, expected its number")  # noqa: TRY004 - of a file, as all that is wrong
    return Change(
        number,
        _text(values, "time"),
        _text(values, "author"),
        _one_of(values.get("action"), ACTIONS, "action"),
        target,
        _one_of(values["kind"], KINDS, "kind") if "kind" in values else None,
        _seconds(values, "onset"),
        _seconds(values, "duration"),
        _text(values, "text") if "text" in values else None,
        _text(values, "reason"),
    )


def clean_text(text: str) -> str:
    """A text as it is kept: one line without control characters."""
    return " ".join(sanitize(text).split())


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}, expected a text")  # noqa: TRY004 - likewise
    return value


def _seconds(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_SECONDS:
        raise ValueError(f"{name} is {value!r}, expected seconds")
    return float(value)


def _one_of(value: object, known: tuple[_Word, ...], name: str) -> _Word:
    for each in known:
        if value == each:
            return each
    raise ValueError(f"{name} is {value!r}; known are {', '.join(known)}")
