"""A serving site keeps the memory that large arrays leave."""

from __future__ import annotations

import subprocess
import sys

import pytest

_COUNT = """
import resource
from summand.site._allocator import keep_freed_memory
if not keep_freed_memory():
    raise SystemExit("none")
def touch():
    held = [bytearray(3 << 20) for _ in range(12)]
    for one in held:
        one[::4096] = b"x" * len(range(0, len(one), 4096))
touch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    touch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_freed_memory_is_used_again() -> None:
    """Of ninety thousand pages that ten rounds of arrays touch, almost none is asked from the kernel again."""
    done = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, text=True, check=False)
    if done.stderr.strip() == "none":
        pytest.skip("this C library has no mallopt")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 9_000
