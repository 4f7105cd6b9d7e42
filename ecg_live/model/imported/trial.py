"""A graph's first run, in a process of its own with limits on memory and time: it may be anything."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.errors import ModelError
from ecg_live.model.imported.card import MAX_SIZE, ImportedCard

MAX_MEMORY_BYTES = 4 * 2**30  # address space of the process; Python and ONNX Runtime take 1 GB of it
MAX_WINDOW_CPU_S = 0.5  # of a window: half of the second until the next one
MAX_TRIAL_S = 120.0  # wall time
TRIAL_WINDOWS = 4


def try_encoder(graph: bytes, card: ImportedCard, timeout: float = MAX_TRIAL_S) -> int:
    """Numbers in the embedding of a graph that runs, is repeatable, finite, and fast enough to run live.

    Raises
    ------
    ModelError
        It is not, or it takes more memory or time than it may.
    """
    call = [sys.executable, "-m", "ecg_live.model.imported.trial"]
    sent = json.dumps(asdict(card)).encode() + b"\n" + graph
    try:
        done = subprocess.run(  # noqa: S603 - this program's own module
            call,
            input=sent,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"the encoder {card.name} does not embed {TRIAL_WINDOWS} windows in {timeout:g} s", "take a smaller one"
        ) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise ModelError(
            f"the encoder {card.name} ends its process ({done.returncode}); it may take {MAX_MEMORY_BYTES >> 30} GiB",
            "take a smaller one",
        ) from None
    if "error" in answer:
        raise ModelError(answer["error"], answer["remedy"])
    return int(answer["size"])


def trial_windows() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Windows (4, 2560) that a wearer's may be: noise, a flat line, peaks once a second, and a loud artefact."""
    noise = np.random.default_rng(0).standard_normal((TRIAL_WINDOWS, WINDOW_SAMPLES)).astype(np.float32)
    noise[1] = 0
    noise[2, 128::256] += 8
    noise[3] *= 50
    return noise


def run_trial(graph: bytes, card: ImportedCard) -> int:
    """As `try_encoder`, in this process."""
    from ecg_live.model.imported.engine import ImportedEngine  # noqa: PLC0415 - after the limits
    from ecg_live.model.imported.window_input import make_input  # noqa: PLC0415 - likewise

    first, second = ImportedEngine(graph, card), ImportedEngine(graph, card)
    inputs = [make_input(window, card) for window in trial_windows()]
    found = [first.raw(x) for x in inputs]  # also opens the session
    begun = time.process_time()
    again = [first.raw(x) for x in inputs]
    seconds = (time.process_time() - begun) / len(inputs)
    shape = found[0].shape
    if len(shape) != 2 or shape[0] != 1 or not 2 <= shape[1] <= MAX_SIZE or any(x.shape != shape for x in found):
        raise ModelError(
            f"the encoder {card.name} gives {shape} for one window, expected (1, d) with d from 2 to {MAX_SIZE}",
            "pool over time inside the graph",
        )
    if not all(np.isfinite(x).all() for x in found):
        raise ModelError(f"the encoder {card.name} gives NaN or infinite numbers", "check its export, and its scale")
    repeated = (second.raw(x) for x in inputs)
    if any(
        a.tobytes() != b.tobytes() or a.tobytes() != c.tobytes() for a, b, c in zip(found, again, repeated, strict=True)
    ):
        raise ModelError(
            f"the encoder {card.name} gives other numbers for the same window", "export it in evaluation mode"
        )
    if seconds > MAX_WINDOW_CPU_S:
        raise ModelError(
            f"the encoder {card.name} takes {seconds:.1f} s of a CPU a window; live it may {MAX_WINDOW_CPU_S:g} s",
            "take a smaller one",
        )
    return int(shape[1])


def main() -> None:
    """Read card and graph from the standard input; write the answer as JSON."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # no limits on Windows
        import resource  # noqa: PLC0415 - not everywhere

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    header, graph = sys.stdin.buffer.readline(), sys.stdin.buffer.read()
    try:
        answer: dict[str, Any] = {"size": run_trial(graph, ImportedCard(**json.loads(header)))}
    except ModelError as error:
        answer = {"error": error.message, "remedy": error.remedy}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
