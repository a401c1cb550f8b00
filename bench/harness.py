"""Drives targets in turn and puts the server's CPU time beside what the generator saw."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import Popen
from typing import Any

import msgspec

from bench.plan import Plan, Run
from bench.processes import BenchFailed, cpu_seconds, resident_megabytes, running, tree

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long and how often to measure. A round ends when its seconds or its exchanges are used up."""

    rounds: int
    seconds: float
    count: int
    warm_up_seconds: float = 2.0
    connections: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that can be driven, and the heads of the process trees whose CPU time is its cost.

    The first of the roots is the server itself; only its tree counts as its memory, because the processes of
    PostgreSQL show the memory they share once each.
    """

    name: str
    plan: Plan
    roots: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one target showed in one scenario: medians over the rounds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    memory_mb: float
    cpu_us_of_rounds: tuple[float, ...]
    """CPU per exchange in each round, so that a reader sees how far they lie apart."""


class Generator:
    """The generator's process (bench/generator.py) as an object."""

    def __init__(self, process: Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextlib.contextmanager
    def started(cls, cores: frozenset[int]) -> Iterator["Generator"]:
        """Start it on its own core; it ends when its input ends."""
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.generator"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        try:
            yield cls(process)
        finally:
            with contextlib.suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(2)
            process.kill()
            process.wait()

    def prepare(self, plan: Plan, seconds: float) -> None:
        """Connect and warm up."""
        self._tell({"do": "prepare", "plan": msgspec.to_builtins(plan), "seconds": seconds})

    def run(self, seconds: float, count: int) -> Run:
        """Measure one stretch and hang up."""
        return Run.from_json(self._tell({"do": "run", "seconds": seconds, "count": count}))

    def _tell(self, command: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BenchFailed("the generator ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BenchFailed(answer["error"])
        return answer


def measure(
    targets: Sequence[Target], generator: Generator, effort: Effort, say: Callable[[str], None]
) -> dict[str, Figure]:
    """Drive the targets in turn, round after round, and return the medians by the target's name.

    Raises BenchFailed when any answer is wrong.
    """
    runs: dict[str, list[tuple[Run, float]]] = {target.name: [] for target in targets}
    memory: dict[str, float] = {}
    for turn in range(effort.rounds):
        for target in targets:
            try:
                # The first warm-up is for caches and compilers, the later ones only for new connections.
                generator.prepare(target.plan, effort.warm_up_seconds if turn == 0 else 0.2)
                before = cpu_seconds(*target.roots)
                run = generator.run(effort.seconds, effort.count)
                spent = cpu_seconds(*target.roots) - before
            except BenchFailed as problem:
                raise BenchFailed(f"{target.name}: {problem}") from problem
            runs[target.name].append((run, spent))
            memory[target.name] = sum(resident_megabytes(tree(target.roots[0])))
        say(".")
    return {name: _figure(found, memory[name]) for name, found in runs.items()}


def _figure(runs: Sequence[tuple[Run, float]], memory_mb: float) -> Figure:
    cpu = tuple(spent / run.exchanges * 1e6 for run, spent in runs)
    return Figure(
        per_second=median(run.exchanges / run.elapsed for run, _ in runs),
        p50_ms=median(run.p50 for run, _ in runs) * 1e3,
        p99_ms=median(run.p99 for run, _ in runs) * 1e3,
        cpu_us=median(cpu),
        memory_mb=memory_mb,
        cpu_us_of_rounds=cpu,
    )


@contextlib.contextmanager
def hello(port: int, cores: frozenset[int], log: Path) -> Iterator[Popen[bytes]]:
    """The bare ASGI application on uvicorn, as lean as uvicorn goes."""
    options = [
        "--http",
        "httptools",
        "--loop",
        "uvloop",
        "--lifespan",
        "off",
        "--no-access-log",
        "--log-level",
        "error",
    ]
    command = [sys.executable, "-m", "uvicorn", "bench.hello:application", "--port", str(port), *options]
    with running(command, cores=cores, log=log, cwd=ROOT) as process:
        yield process
