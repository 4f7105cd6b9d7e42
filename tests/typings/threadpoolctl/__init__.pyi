"""What we use of threadpoolctl, which ships no types."""

from types import TracebackType

class threadpool_limits:  # noqa: N801 - theirs
    def __init__(self, limits: int) -> None: ...
    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
