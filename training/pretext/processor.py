"""What the processor can do for training, and the allocator setting that spares it page faults."""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})  # instructions that multiply in bfloat16
# glibc's malloc.h. A pass allocates and frees feature maps of up to 10 MB: above the usual threshold (128 kB) each is a
# mapping of its own, whose pages the kernel clears anew every time.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MMAP_THRESHOLD_BYTES = 32 << 20  # the most that every version of glibc takes
TRIM_THRESHOLD_BYTES = 1 << 30  # of freed memory that stays with the process


@cache
def processor_flags(cpu_info: Path = CPU_INFO) -> frozenset[str]:
    """Instruction sets as Linux names them, such as ``avx2``; empty on other systems."""
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), ()))


def multiplies_bf16(flags: frozenset[str] | None = None) -> bool:
    """Whether the processor multiplies in bfloat16 itself: otherwise bf16 is slower than single precision."""
    return bool(BF16_FLAGS & (processor_flags() if flags is None else flags))


def keep_freed_memory() -> bool:
    """Have malloc keep freed memory for the next pass; False where there is no glibc, which changes nothing."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    keeps_maps = mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
    return bool(mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES) and keeps_maps)
