"""Sessions of a lab's own study, written by the recorder: blocks, baselines, answers, ratings and an ECG that beats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ecg_live.events import F64, AffectRating, Chunk, Marker, SelfReportAnswer, State
from ecg_live.results import Item
from ecg_live.study.marker_texts import block_text
from tests.support.synthetic_signals import ecg
from tests.support.xdf_recordings import BEGAN, RATE, TEXTS, record

SECOND = int(RATE)
SAM_SCALE = (1.0, 9.0)


def heart(seconds: float, seed: int, bpm: float = 66.0) -> F64:
    """Samples (n, 1) in mV at 256 Hz of a wearer of their own size and noise."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    samples = ecg(seconds * bpm / 72 + 1, RATE * 72 / bpm)[:count]
    return rng.uniform(0.7, 1.3) * samples + rng.normal(size=(count, 1)) * 0.02


def sam(
    shown: float, block: str, valence: float | None, arousal: float | None, report: str = "mood", asking: int = 1
) -> SelfReportAnswer:
    """An answer two seconds after its question, at seconds of stream time."""
    missing = "skipped" if None in {valence, arousal} else ""
    values = (("valence", valence), ("arousal", arousal))
    at = shown + 2
    return SelfReportAnswer(
        report, "sam", BEGAN + shown, BEGAN + at, values, "", SAM_SCALE, missing, block, asking, shown, at
    )  # fmt: skip


@dataclass(slots=True)
class OwnSession:
    """A session from ``first`` s of stream time on; what happens in it is added in any order."""

    seconds: int
    seed: int = 0
    first: int = 0
    events: list[tuple[float, Item]] = field(default_factory=list)

    def block(self, name: str, start: float, stop: float | None) -> None:
        """A block."""
        self.note(start, block_text(name, "start"))
        if stop is not None:
            self.note(stop, block_text(name, "stop"))

    def note(self, time: float, text: str) -> None:
        """A marker."""
        self.events.append((time, Marker(BEGAN + time, text, time)))

    def baseline(self, start: int, stop: int) -> None:
        """A resting baseline, with a state each second."""
        for second in range(start, stop + 1):
            text = f"resting baseline: {stop - second} s to go"
            self.events.append((second, State("baseline", text, BEGAN + second, stop - second)))

    def answer(self, answer: SelfReportAnswer) -> None:
        """An answer."""
        self.events.append((answer.time - BEGAN, answer))

    def rate(self, times: Iterable[float], valence: float, arousal: float) -> None:
        """Samples of a continuous rating."""
        for time in times:
            self.events.append((time, AffectRating(BEGAN + time, valence, arousal, time)))

    def items(self) -> Iterator[Item]:
        """All of it in order."""
        samples = heart(self.seconds, self.seed)
        waiting = sorted(self.events, key=lambda each: each[0])
        for second in range(self.seconds):
            start = (self.first + second) * SECOND
            yield Chunk(samples[second * SECOND : (second + 1) * SECOND], start, BEGAN + self.first + second)
            while waiting and waiting[0][0] < self.first + second + 1:
                yield waiting.pop(0)[1]
        yield from (item for _, item in waiting)

    def write(self, path: Path, participant: str = "P01") -> Path:
        """Record it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        record(path, self.items(), texts={**TEXTS, "participant": participant})
        return path


def two_blocks(seed: int, calm: float = 3.0, tense: float = 7.0, seconds: int = 40) -> OwnSession:
    """A calm and a tense block, each answered by a SAM that gives valence and arousal alike."""
    made = OwnSession(2 * seconds + 10, seed)
    for number, (name, value) in enumerate((("calm", calm), ("tense", tense))):
        start = number * (seconds + 4)
        made.block(name, start, start + seconds)
        made.answer(sam(start + seconds, name, value, value, asking=number + 1))
    return made


def write_all(folder: Path, sessions: Sequence[OwnSession]) -> Path:
    """Record a session for each of P01, P02, ... in a folder."""
    for number, session in enumerate(sessions, 1):
        session.write(folder / f"P{number:02d}.xdf", f"P{number:02d}")
    return folder
