"""How this process's C library keeps memory: what large arrays leave is used again, not given back and asked for anew."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # <malloc.h>
MAPPED_FROM_BYTES, KEPT_BYTES, STEP_BYTES = 32 << 20, 128 << 20, 8 << 20


def keep_freed_memory() -> bool:
    """Have glibc keep up to 128 MiB of freed memory, in the process that calls this.

    Without, every array of more than 128 KiB is mapped, written page by page by the kernel first, and unmapped again: a
    fifth of the work of reading a file and describing it. Where the C library has no such settings nothing happens.

    Returns:
        Whether it has them.

    Source: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    settings = {_MMAP_THRESHOLD: MAPPED_FROM_BYTES, _TRIM_THRESHOLD: KEPT_BYTES, _TOP_PAD: STEP_BYTES}
    taken = [mallopt(name, value) == 1 for name, value in settings.items()]  # every one is tried
    return all(taken)
