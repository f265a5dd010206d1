"""Proves that the allocation counter counts."""

import os
import subprocess
from pathlib import Path

from .gateway import COUNTS
from .machine import RigError

ROUNDS = 1_000
# What a round of allocations/known.c does.
ALLOCATIONS = 8 * ROUNDS
FREES = 7 * ROUNDS
LIVE_BYTES = range(64 * ROUNDS, 80 * ROUNDS)  # glibc rounds 64 bytes up to 72, and at times a little more.


def _counted(folder: Path, rounds: int) -> tuple[int, int, int]:
    tools = Path(os.environ["BENCHMARK_TOOLS"])
    counts = folder / f"known-{rounds}"
    environment = os.environ | {"LD_PRELOAD": str(tools / "counter.so"), "ALLOCATION_COUNTS": str(counts)}
    subprocess.run([tools / "known", str(rounds)], env=environment, check=True)
    allocations, frees, live = COUNTS.unpack(counts.read_bytes())
    return allocations, frees, live


def check_counter(folder: Path) -> None:
    """A RigError where a known number of allocations is counted as another."""
    none, some = _counted(folder, 0), _counted(folder, ROUNDS)
    allocations, frees, live = (after - before for before, after in zip(none, some, strict=True))
    if (allocations, frees) != (ALLOCATIONS, FREES) or live not in LIVE_BYTES:
        raise RigError(
            f"the allocation counter counts {allocations} allocations, {frees} frees and {live} bytes; "
            f"there were {ALLOCATIONS}, {FREES} and about {LIVE_BYTES.start}"
        )
