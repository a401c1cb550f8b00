"""How long each target takes until it answers, and how much memory it holds before anybody asks."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median
from subprocess import Popen

from bench.processes import resident_megabytes, tree

STARTS = 3
_IDLE_SECONDS = 1.5

Serving = Callable[[], AbstractContextManager[tuple[Popen[bytes], float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUp:
    """Seconds until the first answer, and resident memory of each process (MB) when idle."""

    first_seconds: float | None
    """The very first start, which makes database and keys; None for a target that has none."""
    seconds: float
    memory_mb: tuple[float, ...]


def measure(serving: Serving, first_seconds: float | None = None) -> StartUp:
    """Start a target a few times; the median of the seconds, and the memory at the last time."""
    seconds = []
    for _ in range(STARTS):
        with serving() as (process, took):
            seconds.append(took)
            if len(seconds) == STARTS:
                time.sleep(_IDLE_SECONDS)
                memory = tuple(resident_megabytes(tree(process.pid)))
    return StartUp(first_seconds=first_seconds, seconds=median(seconds), memory_mb=memory)
