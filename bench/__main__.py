"""`python -m bench` measures and prints the tables; `python -m bench scale` looks at many clients."""

import json
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from bench import scale as at_scale
from bench.harness import Effort
from bench.processes import BenchFailed
from bench.report import HELLO, OURS, PEER
from bench.run import Choice, run
from bench.scenarios import NAMES


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--only", "names", multiple=True, type=click.Choice(NAMES), help="Measure this scenario; may be repeated."
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    type=click.Choice((OURS, PEER, HELLO)),
    help="Drive this target; may be repeated. All three when absent.",
)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1), help="Rounds for each target.")
@click.option("--seconds", default=1.5, show_default=True, type=click.FloatRange(min=0.05), help="Length of a round.")
@click.option("--count", default=50_000, show_default=True, help="Exchanges after which a round ends early.")
@click.option("--connections", default=16, show_default=True, type=click.IntRange(min=1), help="Connections kept busy.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Where data may lie.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of tables.")
@click.pass_context
def main(
    context: click.Context,
    names: tuple[str, ...],
    targets: tuple[str, ...],
    rounds: int,
    seconds: float,
    count: int,
    connections: int,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Measure Ostiary, node-oidc-provider and a bare ASGI application in turn, and print ratios."""
    if context.invoked_subcommand is not None:
        return
    effort = Effort(rounds=rounds, seconds=seconds, count=count, connections=connections)
    choice = Choice(names=names or NAMES, targets=targets or (OURS, PEER, HELLO), folder=folder)
    try:
        results = run(choice, effort, _say)
    except BenchFailed as problem:
        raise click.ClickException(str(problem)) from problem
    print(json.dumps(results.as_json(), indent=2) if as_json else results.as_markdown())
    if results.problem is not None:
        raise click.ClickException(results.problem)


@main.command()
@click.option(
    "--clients",
    "counts",
    multiple=True,
    type=click.IntRange(min=1),
    default=(1_000, 100_000, 1_000_000),
    show_default=True,
    help="Numbers of clients to stop and measure at; may be repeated.",
)
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Where data may lie.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of a table.")
def scale(counts: tuple[int, ...], folder: Path | None, as_json: bool) -> None:
    """Fill SQLite with clients, and measure lookups by id and the listing of all at each number."""
    try:
        results = at_scale.run(sorted(counts), folder, _say)
    except BenchFailed as problem:
        raise click.ClickException(str(problem)) from problem
    print(json.dumps(results.as_json(), indent=2) if as_json else results.as_markdown())


def _say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)  # unwinds, so that every process is stopped


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    main(prog_name="python -m bench")
