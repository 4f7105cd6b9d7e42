"""Libraries of a live process take one thread: a window is too small to share, and the screen needs the other cores."""

from __future__ import annotations

import os

THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def use_one_thread() -> None:
    """Have NumPy's and PyTorch's libraries take one thread; call it before either is imported.

    With more, threads of a product of 128 x 128 wait for each other far longer than it takes, and sums are formed in
    another order.
    """
    os.environ.update(dict.fromkeys(THREAD_COUNTS, "1"))
