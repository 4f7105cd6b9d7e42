"""Feed the paths of many wearers: hold what came until a second of it is complete, then advance all of those at once.

A path sees the same samples and events in the same order as alone, so that its output is the same, to the bit and in
its order; only a trace comes a second at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ecg_live.errors import EcgLiveError
from ecg_live.events import Chunk, Gap, LeadOff, StreamEvent, StreamInfo
from ecg_live.signal.batch.assessment import EnvelopeMemory
from ecg_live.signal.batch.step import Step, run_alone, run_steps, samples_to_next_second
from ecg_live.signal.pipeline import PathOutput, SignalPath


class PathFeed:
    """One wearer's path, and the items that wait for it.

    Parameters
    ----------
    path : SignalPath
    info : StreamInfo
        The path's stream.
    """

    def __init__(self, path: SignalPath, info: StreamInfo) -> None:
        self.path = path
        self._seconds_per_sample = 1 / info.rate / info.speed  # on the session clock
        self._memory = EnvelopeMemory(path.hop)
        self._items: deque[Chunk | StreamEvent] = deque()
        self._samples = 0  # of the chunks at the head of the queue, up to the first event
        self._events = 0  # in the queue
        self._jumps = 0  # of the counter, before chunks in the queue
        self._added: int | None = None  # index after the last sample that was added,
        self._taken: int | None = None  # and after the last that went to the path
        self._continued = False  # the first chunk is the rest of one
        self.error: EcgLiveError | None = None  # why the path cannot go on

    def add(self, item: Chunk | StreamEvent) -> None:
        """Add the next item of the stream; those that a path does not look at are left out."""
        if not isinstance(item, Chunk | Gap | LeadOff):
            return
        if isinstance(item, Chunk):
            if not len(item.samples):
                return
            self._samples += 0 if self._events else len(item.samples)
            self._jumps += self._added not in (None, item.start)
            self._added = item.stop
        else:
            self._events += 1
        self._items.append(item)

    @property
    def due(self) -> bool:
        """Whether the path can go on: a second is complete, or something happened that shall be reported at once."""
        if self.error is not None:
            return False
        enough = 1 if self.path.segment is None else samples_to_next_second(self.path)
        return self._events > 0 or self._jumps > 0 or self._samples >= enough

    def next_step(self) -> Step:
        """The next step, of as many samples as complete a second, or as there are before an event or a jump."""
        room, chunks, taken = samples_to_next_second(self.path), list[Chunk](), 0
        continued = self._continued
        while self._items and taken < room:
            chunk = self._items[0]
            if not isinstance(chunk, Chunk) or (chunks and chunk.start != chunks[-1].stop):
                break
            self._items.popleft()
            self._jumps -= self._taken not in (None, chunk.start)
            piece = self._head(chunk, room - taken)
            self._taken = piece.stop
            chunks.append(piece)
            taken += len(piece.samples)
        self._samples -= taken
        return Step(self.path, self._memory, chunks, continued)

    def next_event(self) -> StreamEvent | None:
        """The next item, if it is an event."""
        if not self._items or isinstance(event := self._items[0], Chunk):
            return None
        self._items.popleft()
        self._events -= 1
        if not self._events:
            self._samples = sum(len(item.samples) for item in self._items if isinstance(item, Chunk))
        return event

    def push_event(self, event: StreamEvent) -> list[PathOutput]:
        """Take an event that was the next; one that the path cannot take is its ``error``, and no other path's."""
        try:
            return list(self.path.push(event))
        except EcgLiveError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - it came from elsewhere, such as a bridge of another version
            self.error = EcgLiveError(f"unexpected {type(error).__name__}: {error}", "look at what sent it")
        return []

    def rest(self) -> Step:
        """All chunks that wait; of a stream that has ended."""
        chunks = [item for item in self._items if isinstance(item, Chunk)]
        step = Step(self.path, self._memory, chunks, self._continued)
        self._items.clear()
        self._samples, self._jumps, self._continued = 0, 0, False
        return step

    def _head(self, chunk: Chunk, room: int) -> Chunk:
        """The first samples of a chunk that was taken; the rest goes back."""
        self._continued = len(chunk.samples) > room
        if not self._continued:
            return chunk
        time = chunk.time + room * self._seconds_per_sample
        self._items.appendleft(Chunk(chunk.samples[room:], chunk.start + room, time, chunk.arrived))
        return Chunk(chunk.samples[:room], chunk.start, chunk.time, chunk.arrived)


def advance(feeds: Sequence[PathFeed]) -> list[list[PathOutput]]:
    """Advance all paths as far as they can go; return each one's output, in its order. See their ``error``."""
    outputs: list[list[PathOutput]] = [[] for _ in feeds]
    active = [k for k, feed in enumerate(feeds) if feed.due]
    while active:
        steps: list[tuple[int, Step]] = []
        for k in active:
            event = feeds[k].next_event()
            if event is not None:
                outputs[k] += feeds[k].push_event(event)
            else:
                steps.append((k, feeds[k].next_step()))
        run_steps([step for _, step in steps])
        for k, step in steps:
            outputs[k] += step.outputs
            feeds[k].error = step.error
        active = [k for k in active if feeds[k].due]
    return outputs


def finish(feed: PathFeed) -> list[PathOutput]:
    """End of a stream: its path's remaining output. See the feed's ``error``."""
    made = advance([feed])[0]
    if feed.error is None:
        step = feed.rest()
        run_alone(step)
        feed.error = step.error
        made += step.outputs
    return [*made, *feed.path.flush()]
