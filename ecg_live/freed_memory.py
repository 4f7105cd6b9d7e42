"""An allocator setting that spares page faults where large arrays come and go."""

from __future__ import annotations

import ctypes
import platform

# glibc's malloc.h. A pass of training allocates and frees feature maps of up to 10 MB, the windows of 32 wearers take
# 0.8 MB: above the usual threshold (128 kB) each is a mapping of its own, whose pages the kernel clears anew each time.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MMAP_THRESHOLD_BYTES = 32 << 20  # the most that every version of glibc takes
TRIM_THRESHOLD_BYTES = 1 << 30  # of freed memory that stays with the process


def keep_freed_memory() -> bool:
    """Have malloc keep freed memory for the next pass; False where there is no glibc, which changes nothing."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    keeps_maps = mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
    return bool(mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES) and keeps_maps)
