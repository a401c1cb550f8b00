"""One run of the bench: start the targets, drive them in turn, gather what was seen."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen
from time import perf_counter

from bench import harness, peer, postgres, report, start_up
from bench.harness import Effort, Generator, Target
from bench.ours import Ostiary
from bench.peer import Peer
from bench.plan import Plan
from bench.processes import BenchFailed, Cores, free_port, wait_until_open
from bench.provider import Provider, reference_token
from bench.report import HELLO, ONE, OURS, PEER, TWO, TWO_BUSY, Results
from bench.scenarios import SCENARIOS, START_UP, WORKERS, Scenario

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to measure, against what, and where the data may lie."""

    names: Sequence[str]
    targets: Sequence[str]
    folder: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Up:
    """A target that is up: how to plan a scenario for it."""

    name: str
    plan: Callable[[Scenario, int], Plan]
    root: int

    def target(self, scenario: Scenario, connections: int) -> Target:
        return Target(name=self.name, plan=self.plan(scenario, connections), roots=(self.root,))


def run(choice: Choice, effort: Effort, say: Say) -> Results:
    """Measure what was chosen; when a target does not start or answers wrongly, the results end with that problem.

    Raises BenchFailed when the peer cannot be installed.
    """
    if PEER in choice.targets:
        peer.install()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=choice.folder)))
        results = Results(machine=_machine(folder, choice), effort=effort)
        generator = stack.enter_context(Generator.started(Cores().generator))
        try:
            _drive_scenarios(choice, effort, results, folder, generator, say)
            if WORKERS in choice.names and OURS in choice.targets:
                say("\nworkers on PostgreSQL ")
                results.workers = _workers(folder / "workers", generator, effort, say)
        except BenchFailed as problem:
            results.problem = str(problem)
    say("\n")
    return results


def _drive_scenarios(
    choice: Choice, effort: Effort, results: Results, folder: Path, generator: Generator, say: Say
) -> None:
    scenarios = [scenario for scenario in SCENARIOS if scenario.name in choice.names]
    if not scenarios and START_UP not in choice.names:
        return
    openers = {OURS: _ours, PEER: _peer, HELLO: _hello}
    with contextlib.ExitStack() as stack:
        up: list[_Up] = []
        for name in choice.targets:
            say(f"\nstarting {name} ")
            up.append(stack.enter_context(openers[name](folder / name, results, START_UP in choice.names)))
        for scenario in scenarios:
            say(f"\n{scenario.name} ")
            targets = [target.target(scenario, effort.connections) for target in up]
            results.figures[scenario.name] = harness.measure(targets, generator, effort, say)


@contextlib.contextmanager
def _ours(folder: Path, results: Results, with_start_up: bool) -> Iterator[_Up]:
    cores = Cores().server
    ostiary = Ostiary(folder)
    with ostiary.serving(cores) as (_, first_seconds):
        pass
    ostiary.configure()
    if with_start_up:
        results.start_up[OURS] = start_up.measure(partial(ostiary.serving, cores), first_seconds)
    with ostiary.serving(cores) as (process, _):
        ostiary.create_clients()
        yield _up(OURS, Provider.discover(ostiary.port), process)


@contextlib.contextmanager
def _peer(folder: Path, results: Results, with_start_up: bool) -> Iterator[_Up]:
    cores = Cores().server
    other = Peer(folder)
    if with_start_up:
        results.start_up[PEER] = start_up.measure(partial(other.serving, cores))
    with other.serving(cores) as (process, _):
        yield _up(PEER, Provider.discover(other.port), process)


@contextlib.contextmanager
def _hello(folder: Path, results: Results, with_start_up: bool) -> Iterator[_Up]:
    folder.mkdir()
    port = free_port()
    if with_start_up:
        results.start_up[HELLO] = start_up.measure(partial(_serving_hello, folder, port))
    with _serving_hello(folder, port) as (process, _):
        yield _Up(name=HELLO, plan=lambda scenario, connections: scenario.floor(port, connections), root=process.pid)


@contextlib.contextmanager
def _serving_hello(folder: Path, port: int) -> Iterator[tuple[Popen[bytes], float]]:
    began = perf_counter()
    log = folder / "hello.log"
    with harness.hello(port, Cores().server, log) as process:
        wait_until_open(process, port, log, within=30)
        yield process, perf_counter() - began


def _up(name: str, provider: Provider, process: Popen[bytes]) -> _Up:
    return _Up(name=name, plan=lambda scenario, connections: scenario.plan(provider, connections), root=process.pid)


def _workers(folder: Path, generator: Generator, effort: Effort, say: Say) -> dict[str, harness.Figure]:
    """One worker and two on one PostgreSQL, with its CPU time; both may use all cores, as they would.

    Two are driven twice: with the connections of one, and with as many for each worker. A worker that is not busy wakes
    for fewer requests at a time and commits smaller groups, so the first ratio holds the price of idleness too.
    """
    everywhere = Cores().all
    connections = 2 * effort.connections
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(postgres.cluster(folder / "postgresql", everywhere))
        targets = []
        for workers, loads in ((1, {ONE: connections}), (2, {TWO: connections, TWO_BUSY: 2 * connections})):
            url = cluster.create_database(f"workers{workers}")
            ostiary = Ostiary(folder / f"workers{workers}", workers=workers, database_url=url)
            process, _ = stack.enter_context(ostiary.serving(everywhere))
            ostiary.wait_until_managed()
            ostiary.create_clients(only=("bench-reference", "bench-gateway"))
            for name, load in loads.items():
                plan = reference_token(Provider.discover(ostiary.port), load)
                targets.append(Target(name=name, plan=plan, roots=(process.pid, cluster.pid)))
        return harness.measure(targets, generator, effort, say)


def _machine(folder: Path, choice: Choice) -> tuple[str, ...]:
    with_database = postgres.version() if WORKERS in choice.names and OURS in choice.targets else None
    versions = (with_database, peer.versions() if PEER in choice.targets else None)
    return report.machine(folder, *(version for version in versions if version is not None))
