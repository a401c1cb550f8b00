"""Many clients on SQLite: does a lookup by id stay as fast, and does the listing of all stream in constant memory?"""

import contextlib
import http.client
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import harness, report
from bench.harness import Effort, Generator, Target
from bench.ours import SERVICE, Ostiary, random_clients
from bench.plan import Plan, Step
from bench.processes import BenchFailed, Cores, cpu_seconds, forget_peaks, peak_megabytes, resident_megabytes, tree
from bench.web import basic

_PATH = "/pf-ws/rest/oauth/clients"
_A_CALL = 500
_LOOKUPS = 4_000
_CHUNK = 1 << 20
_MARK = b'"clientId":'
_EFFORT = Effort(rounds=3, seconds=2.0, count=20_000, connections=4)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One GET of all clients."""

    clients: int
    seconds: float
    megabytes: float
    cpu_us_a_client: float
    memory_before_mb: float
    memory_peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCount:
    """What was seen with this many clients."""

    clients: int
    created_per_second: float
    lookup: harness.Figure
    listing: Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleResults:
    """One run."""

    machine: tuple[str, ...]
    seen: tuple[AtCount, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        return asdict(self)

    def as_markdown(self) -> str:
        """The table."""
        head = (
            "clients",
            "created/s",
            "lookup p50 ms",
            "p99 ms",
            "CPU µs",
            "listed/s",
            "MB/s",
            "CPU µs a client",
            "MB before",
            "MB at most",
        )
        lines = "\n".join(f"- {line}" for line in self.machine)
        return f"{lines}\n\n{report.table(head, [_row(at) for at in self.seen])}"


def run(counts: Sequence[int], folder: Path | None, say: Say) -> ScaleResults:
    """Fill and measure.

    Raises BenchFailed when the server does not start, or answers wrongly, or leaves a client out.
    """
    cores = Cores()
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=folder)))
        generator = stack.enter_context(Generator.started(cores.generator))
        ostiary = Ostiary(place / "ostiary")
        process, _ = stack.enter_context(ostiary.serving(cores.server))
        seen: list[AtCount] = []
        there = 0
        for count in counts:
            say(f"\n{count:,} clients ")
            created_per_second = _fill(ostiary, there, count, say)
            there = count
            seen.append(_at_count(ostiary, process.pid, count, created_per_second, generator, say))
        say("\n")
        return ScaleResults(machine=report.machine(place), seen=tuple(seen))


def _fill(ostiary: Ostiary, there: int, count: int, say: Say) -> float:
    began = perf_counter()
    for first in range(there, count, _A_CALL):
        ostiary.create(random_clients(min(_A_CALL, count - first), first))
        if first % 50_000 == 0:
            say(".")
    return (count - there) / (perf_counter() - began)


def _at_count(
    ostiary: Ostiary, pid: int, count: int, created_per_second: float, generator: Generator, say: Say
) -> AtCount:
    target = Target(name=report.OURS, plan=_lookups(ostiary.port, count), roots=(pid,))
    lookup = harness.measure([target], generator, _EFFORT, say)[report.OURS]
    listing = _list_all(ostiary.port, pid)
    if listing.clients != count:
        raise BenchFailed(f"the listing has {listing.clients:,} clients of {count:,}")
    return AtCount(clients=count, created_per_second=created_per_second, lookup=lookup, listing=listing)


def _lookups(port: int, count: int) -> Plan:
    """GET of one client each, any of them."""
    chosen = random.Random(count).choices(range(count), k=_LOOKUPS)
    ids = [f"fleet-{number:08d}" for number in chosen]
    steps = (
        Step.get(f"127.0.0.1:{port}", f"{_PATH}/{name}", contains=f'"{name}"', headers=basic(*SERVICE)) for name in ids
    )
    return Plan.same(port, _EFFORT.connections, *((step,) for step in steps))


def _list_all(port: int, pid: int) -> Listing:
    pids = tree(pid)
    before = sum(resident_megabytes(pids))
    forget_peaks(pids)
    spent_before, began = cpu_seconds(pid), perf_counter()
    clients, size = _read_listing(port)
    seconds = perf_counter() - began
    return Listing(
        clients=clients,
        seconds=seconds,
        megabytes=size / 1e6,
        cpu_us_a_client=(cpu_seconds(pid) - spent_before) / max(clients, 1) * 1e6,
        memory_before_mb=before,
        memory_peak_mb=peak_megabytes(pids),
    )


def _read_listing(port: int) -> tuple[int, int]:
    """Count clients and bytes as they come, keeping none; a mark may lie across two pieces."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    with contextlib.closing(connection):
        connection.request("GET", _PATH, headers=basic(*SERVICE))
        response = connection.getresponse()
        if response.status != 200:
            raise BenchFailed(f"the listing was answered with {response.status}: {response.read(500)!r}")
        clients, size, rest = 0, 0, b""
        while piece := response.read1(_CHUNK):
            size += len(piece)
            window = rest + piece
            clients += window.count(_MARK)
            rest = window[-(len(_MARK) - 1) :]
    return clients, size


def _row(at: AtCount) -> tuple[str, ...]:
    return (
        f"{at.clients:,}",
        f"{at.created_per_second:,.0f}",
        f"{at.lookup.p50_ms:.2f}",
        f"{at.lookup.p99_ms:.2f}",
        f"{at.lookup.cpu_us:.0f}",
        f"{at.listing.clients / at.listing.seconds:,.0f}",
        f"{at.listing.megabytes / at.listing.seconds:.0f}",
        f"{at.listing.cpu_us_a_client:.1f}",
        f"{at.listing.memory_before_mb:.0f}",
        f"{at.listing.memory_peak_mb:.0f}",
    )
