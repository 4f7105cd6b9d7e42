"""Parallel work in processes of this machine or on Ray; results do not depend on where it runs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar

from ecg_live.errors import ConfigError, EcgLiveError

T = TypeVar("T")
R = TypeVar("R")
RAY_ITEMS_PER_CPU = 2  # submitted at a time
PRELOADED = (
    "training.parallel",
    "torch",
    "lightning_fabric",
    "scipy.signal",
    "sklearn.linear_model",
    "training.stage_two",
)


class Engine(Protocol):
    """Applies a function to items."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Results as they finish, in any order; items are taken when they are needed. Closing it ends what still runs.

        An exception of the function is raised again.
        """


def open_engine(name: str, processes: int | None = None) -> Engine:
    """The engine ``local`` or ``ray``; ``processes`` at a time, one a core without it.

    Raises
    ------
    ConfigError
        If the name is unknown, or Ray is not installed.
    """
    known: dict[str, Callable[[int | None], Engine]] = {"local": local_engine, "ray": ray_engine}
    if name not in known:
        raise ConfigError(f"the engine is {name!r}; known are {', '.join(known)}", "choose one of them")
    return known[name](processes)


def local_engine(processes: int | None = None) -> Engine:
    """Processes of this machine."""
    return _LocalEngine(processes or os.cpu_count() or 1)


def ray_engine(processes: int | None = None) -> Engine:
    """The Ray cluster that is configured, or one of this machine.

    Raises
    ------
    ConfigError
        If Ray is not installed.
    """
    try:
        import ray  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError("Ray is not installed", "run: python -m pip install 'ecg-live[ray]'") from error
    return _RayEngine(processes)


def single_threaded(function: Callable[[T], R], item: T) -> R:
    """Call a function with one thread: the last bit of a sum depends on the number of threads."""
    torch: Any = sys.modules.get("torch")  # what does not use it shall not wait for its import
    threads = torch.get_num_threads() if torch else 1
    if torch:
        torch.set_num_threads(1)
    try:
        with _one_library_thread():
            return function(item)
    finally:
        if torch:
            torch.set_num_threads(threads)


def _one_library_thread() -> AbstractContextManager[object]:
    """One thread for the libraries of NumPy; as the environment has it where threadpoolctl is not installed."""
    if find_spec("threadpoolctl") is None:
        return nullcontext()
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - of an extra

    return threadpool_limits(1)


@dataclass(frozen=True, slots=True)
class _LocalEngine:
    processes: int

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        if self.processes == 1:
            yield from (single_threaded(function, item) for item in items)
            return
        workers: dict[Connection, BaseProcess] = {}
        busy: set[Connection] = set()
        try:
            for item in items:
                if len(busy) == self.processes:
                    yield from _collect(busy)
                free = next((each for each in workers if each not in busy), None) or _spawn_worker(function, workers)
                with _report_killed_worker():
                    free.send(item)
                busy.add(free)
            while busy:
                yield from _collect(busy)
        finally:
            for connection, process in workers.items():
                process.terminate()
                process.join()
                connection.close()


def clean_processes() -> SpawnContext | ForkServerContext:
    """How processes start that inherit nothing: torch's threads do not survive a fork of this process.

    On Linux they are forked from a server that has loaded the libraries and done nothing else, as loading them takes
    seconds. Apple's libraries forbid a fork, and Windows has none.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


@contextmanager
def block_sigint() -> Iterator[None]:
    """Processes that start within never get Ctrl-C, not even during imports; here it arrives after the block."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _spawn_worker(function: Callable[[Any], object], workers: dict[Connection, BaseProcess]) -> Connection:
    """Start one more worker process.

    `ProcessPoolExecutor` cannot end running processes, and was seen to hang when they were killed.
    """
    context = clean_processes()
    parent_end, worker_end = context.Pipe()
    process = context.Process(target=_serve, args=(worker_end, function), daemon=True)
    with block_sigint():
        process.start()
    worker_end.close()
    workers[parent_end] = process
    return parent_end


def _serve(connection: Connection, function: Callable[[Any], object]) -> None:
    """Serve items until the parent closes the connection; Ctrl-C is left to the parent, which ends its processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):  # the parent was killed
        while True:
            item = connection.recv()
            try:
                answer: tuple[object, Exception | None] = single_threaded(function, item), None
            except Exception as error:  # noqa: BLE001 - the parent raises it again
                answer = None, error
            connection.send(answer)


def _collect(busy: set[Connection]) -> Iterator[Any]:
    """The results that are ready, at least one."""
    ready = wait(list(busy))
    for connection in [each for each in busy if each in ready]:
        busy.remove(connection)
        with _report_killed_worker():
            result, error = connection.recv()
        if error is not None:
            raise error
        yield result


@contextmanager
def _report_killed_worker() -> Iterator[None]:
    """Raise an error if the process at the other end was killed."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise EcgLiveError(
            "a worker process was killed", "give fewer processes if memory is short, and run it again"
        ) from error


@dataclass(frozen=True, slots=True)
class _RayEngine:
    processes: int | None

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        import ray  # noqa: PLC0415 - an extra

        started_here = not ray.is_initialized()
        if started_here:
            ray.init(log_to_driver=False, include_dashboard=False)
        try:
            run, remaining = ray.remote(single_threaded), iter(items)
            ahead = self.processes or RAY_ITEMS_PER_CPU * max(1, int(ray.cluster_resources().get("CPU", 1)))
            running: list[Any] = []
            while True:
                running += [run.remote(function, item) for item in islice(remaining, ahead - len(running))]
                if not running:
                    return
                done, running = ray.wait(running)
                yield from ray.get(done)
        finally:
            if started_here:
                ray.shutdown()
