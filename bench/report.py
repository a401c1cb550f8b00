"""The tables, as Markdown that also reads well in a terminal, and the machine they come from."""

import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.harness import Effort, Figure
from bench.scenarios import SCENARIOS, Scenario
from bench.start_up import StartUp

OURS, PEER, HELLO = "ostiary", "peer", "hello"
ONE, TWO, TWO_BUSY = "one worker", "two workers, same connections", "two workers, twice the connections"
START_UP_AT_MOST_SECONDS = 2.0
IDLE_AT_MOST_MB = 80.0
WORKERS_AT_MOST = 1.15


@dataclass(slots=True, kw_only=True)
class Results:
    """All that one run has seen."""

    machine: tuple[str, ...]
    effort: Effort
    start_up: dict[str, StartUp] = field(default_factory=dict)
    figures: dict[str, dict[str, Figure]] = field(default_factory=dict)
    """Scenario → target → figure."""
    workers: dict[str, Figure] = field(default_factory=dict)
    problem: str | None = None
    """Why the run ended early; what was seen before stands."""

    def as_json(self) -> dict[str, Any]:
        """Everything, with the ratios."""
        return asdict(self) | {
            "ratios": {
                name: {other: ratio for other in (PEER, HELLO) if (ratio := _ratio(figures, other)) is not None}
                for name, figures in self.figures.items()
            }
        }

    def as_markdown(self) -> str:
        """The tables."""
        parts = ["\n".join(f"- {line}" for line in (*self.machine, _effort(self.effort)))]
        scenarios = [scenario for scenario in SCENARIOS if scenario.name in self.figures]
        if scenarios:
            parts.append(_ratios_table([(scenario, self.figures[scenario.name]) for scenario in scenarios]))
            parts.append(_wall_table([(scenario, self.figures[scenario.name]) for scenario in scenarios]))
        if self.start_up:
            parts.append(_start_up_table(self.start_up))
        if self.workers:
            parts.append(_workers_table(self.workers))
        return "\n\n".join(parts)


def machine(folder: Path, *versions: str) -> tuple[str, ...]:
    """What the figures come from, without a name of a host or a path."""
    cores = len(os.sched_getaffinity(0))
    python = f"CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return (
        f"{_processor()}, {cores} cores, Linux {platform.release().partition('-')[0]}, data on {_file_system(folder)}",
        "; ".join((python, *versions)),
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with aligned columns, numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = (head, rule, *rows)
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )


def _effort(effort: Effort) -> str:
    return (
        f"{effort.rounds} rounds of {effort.seconds:g} s or {effort.count:,} exchanges for each target in turn, "
        f"{effort.connections} connections; medians"
    )


def _ratios_table(rows: Sequence[tuple[Scenario, Mapping[str, Figure]]]) -> str:
    head = ("CPU per exchange", "ours µs", "peer µs", "hello µs", "peer/ours", "target", "", "ours/hello")
    return table(head, [_ratios_row(scenario, figures) for scenario, figures in rows])


def _ratios_row(scenario: Scenario, figures: Mapping[str, Figure]) -> tuple[str, ...]:
    ratio, floor = _ratio(figures, PEER), _ratio(figures, HELLO)
    return (
        scenario.title,
        *(f"{figures[name].cpu_us:.0f}" if name in figures else "–" for name in (OURS, PEER, HELLO)),
        f"{ratio:.2f}" if ratio is not None else "–",
        f"≥ {scenario.at_least:g}",
        _verdict(None if ratio is None else ratio >= scenario.at_least),
        f"{1 / floor:.1f}" if floor is not None else "–",
    )


def _wall_table(rows: Sequence[tuple[Scenario, Mapping[str, Figure]]]) -> str:
    head = ("scenario, target", "per second", "p50 ms", "p99 ms", "CPU µs", "memory MB")
    return table(
        head,
        [
            (f"{scenario.name}, {name}", *_wall_cells(figure))
            for scenario, figures in rows
            for name, figure in figures.items()
        ],
    )


def _wall_cells(figure: Figure) -> tuple[str, ...]:
    return (
        f"{figure.per_second:,.0f}",
        f"{figure.p50_ms:.2f}",
        f"{figure.p99_ms:.2f}",
        f"{figure.cpu_us:.1f}",
        f"{figure.memory_mb:.0f}",
    )


def _start_up_table(start_up: Mapping[str, StartUp]) -> str:
    head = ("start-up", "first s", "later s", "idle MB a process", "")
    return table(head, [_start_up_row(name, seen) for name, seen in start_up.items()])


def _start_up_row(name: str, seen: StartUp) -> tuple[str, ...]:
    within = seen.seconds < START_UP_AT_MOST_SECONDS and max(seen.memory_mb) < IDLE_AT_MOST_MB
    return (
        name,
        "–" if seen.first_seconds is None else f"{seen.first_seconds:.2f}",
        f"{seen.seconds:.2f}",
        ", ".join(f"{size:.0f}" for size in seen.memory_mb),
        _verdict(within if name == OURS else None),
    )


def _workers_table(workers: Mapping[str, Figure]) -> str:
    head = ("reference token on PostgreSQL", "per second", "p50 ms", "p99 ms", "CPU µs", "memory MB", "")
    rows = [(name, *_wall_cells(figure), "") for name, figure in workers.items()]
    for name in (TWO, TWO_BUSY):
        ratio = workers[name].cpu_us / workers[ONE].cpu_us
        rows.append(
            (f"{name} / one", "", "", "", f"{ratio:.2f}", f"≤ {WORKERS_AT_MOST:g}", _verdict(ratio <= WORKERS_AT_MOST))
        )
    return table(head, rows)


def _ratio(figures: Mapping[str, Figure], other: str) -> float | None:
    if OURS not in figures or other not in figures:
        return None
    return figures[other].cpu_us / figures[OURS].cpu_us


def _verdict(reached: bool | None) -> str:
    return "" if reached is None else ("reached" if reached else "missed")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """The kind of file system under a folder: durable rows on tmpfs would be a lie."""
    best, kind = "", "?"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, found, *_ = line.split()
        if folder.resolve().is_relative_to(mount) and len(mount) > len(best):
            best, kind = mount, found
    return kind
