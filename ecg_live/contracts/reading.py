"""A source being read on a thread of its own, as a session does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Condition, Thread
from types import TracebackType
from typing import Self

from ecg_live.events import Chunk, Gap, State, StreamEvent
from ecg_live.protocols import Source


class SourceReader:
    """Enters a source and keeps what it gives, until it is left: then the iterator must wake within 0.5 s."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.items: list[Chunk | StreamEvent] = []
        self.error: Exception | None = None
        self._came = Condition()
        self._thread = Thread(target=self._read, name="reader")

    def __enter__(self) -> Self:
        self.source.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self.source.__exit__(kind, error, trace)

    def close(self) -> None:
        """Close the source; fails where its iterator does not wake within 0.5 s."""
        self.source.close()
        self._thread.join(0.5)
        assert not self._thread.is_alive(), "it did not wake within 0.5 s of close()"

    def until(self, condition: Callable[[Self], object], seconds: float = 60) -> None:
        """Wait until a condition on the items holds."""
        with self._came:
            satisfied = self._came.wait_for(lambda: self.error is not None or condition(self), seconds)
        assert satisfied, f"the condition was never met; {self.states}"
        if self.error is not None:
            raise self.error

    @property
    def chunks(self) -> list[Chunk]:
        """Chunks that hold samples."""
        return [item for item in self.items if isinstance(item, Chunk) and len(item.samples)]

    @property
    def gaps(self) -> list[Gap]:
        """Gaps by now."""
        return [item for item in self.items if isinstance(item, Gap)]

    @property
    def states(self) -> list[str]:
        """Names of the states by now."""
        return [item.state for item in self.items if isinstance(item, State)]

    @property
    def details(self) -> str:
        """Details of the states, a line each."""
        return "\n".join(item.detail for item in self.items if isinstance(item, State))

    @property
    def received(self) -> int:
        """Samples that came."""
        return sum(len(chunk.samples) for chunk in self.chunks)

    @property
    def stop(self) -> int:
        """Index after the last sample that came."""
        return self.chunks[-1].stop if self.chunks else 0

    def counter_steps(self) -> Iterator[Chunk | Gap]:
        """What moves the counter, in order; each must follow the last."""
        stop: int | None = None
        for item in self.items:
            if isinstance(item, Chunk | Gap):
                assert stop is None or item.start == stop
                stop = item.stop
                yield item

    def _read(self) -> None:
        try:
            for item in self.source:
                with self._came:
                    self.items.append(item)
                    self._came.notify_all()
        except Exception as error:  # noqa: BLE001 - for the test to look at
            with self._came:
                self.error = error
                self._came.notify_all()
