"""What the processor can do for training."""

from __future__ import annotations

from functools import cache
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})  # instructions that multiply in bfloat16


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
