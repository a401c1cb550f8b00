"""`ostiary serve`: one process, or a parent with its workers."""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import click
import uvloop

from ostiary import app
from ostiary.cli.setup import configured, log_to_stderr
from ostiary.config import FILE, OPTIONS, Config, Option, check_demo, default_issuer
from ostiary.first_start import FirstAccount
from ostiary.metrics import Metrics
from ostiary.web.processes import Child, bind, inherited_sockets, keep_alive, this_command

WORKER_VARIABLE = "OSTIARY_WORKER_OF"


class WithVariables(click.Command):
    """A command whose help ends with the variables of the environment."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of `config.OPTIONS`."""
        with formatter.section(f"Environment (or {FILE} in the data folder, in lower case without OSTIARY_)"):
            formatter.write_dl([(one.name, f"{one.help}{_default(one)}") for one in OPTIONS])


def _default(option: Option) -> str:
    return f"  [default: {option.default}]" if option.default else ""


@click.command(cls=WithVariables)
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (OSTIARY_DATA, default ./var).")
@click.option("--demo", is_flag=True, help="With demo people, clients and the playground; only on loopback.")
def serve(data: Path | None, *, demo: bool) -> None:
    """Start the server; Ctrl-C or SIGTERM stops it.

    Everything else is read from the variables below. A flag wins over the environment, the environment over the file.
    """
    log_to_stderr()
    config = configured(data, demo=demo)
    with app.usable(config.data):
        Metrics.clear(config.data / "metrics")
    sys.exit(_serve_alone(config) if config.workers == 1 else _serve_with_workers(config))


@click.command(hidden=True)
@click.argument("name")
def worker(name: str) -> None:
    """One process of a server with several; started by `serve`."""
    log_to_stderr()
    if WORKER_VARIABLE not in os.environ:
        raise click.ClickException("workers are started by `ostiary serve`")
    told = json.loads(os.environ[WORKER_VARIABLE])
    config = configured(Path(told["data"]), demo=told["demo"])
    role = app.ADMINISTRATION if name == "administration" else app.RUNTIME
    uvloop.run(app.main(config, told["issuer"], role, inherited_sockets(), _tell))


def _serve_alone(config: Config) -> int:
    sockets = {"runtime": bind(config.runtime_bind), "admin": bind(config.admin_bind)}
    if config.mtls_bind is not None:
        sockets["mtls"] = bind(config.mtls_bind)
    issuer = _issuer(config, sockets["runtime"].getsockname()[1])
    uvloop.run(app.main(config, issuer, app.ALONE, sockets, _tell))
    return 0


def _serve_with_workers(config: Config) -> int:
    first = bind(config.runtime_bind, shared=True)
    port = first.getsockname()[1]
    issuer = _issuer(config, port)
    runtime_bind = config.runtime_bind.at(port)
    mtls_port = None
    children = [Child("administration", {"admin": bind(config.admin_bind)})]
    for number in range(config.workers):
        sockets = {"runtime": first if number == 0 else bind(runtime_bind, shared=True)}
        if config.mtls_bind is not None:
            sockets["mtls"] = bind(config.mtls_bind.at(mtls_port or config.mtls_bind.port), shared=True)
            mtls_port = sockets["mtls"].getsockname()[1]
        children.append(Child(f"runtime-{number + 1}", sockets))
    told = json.dumps({"data": str(config.data), "demo": config.demo, "issuer": issuer})
    environment = {**app.environment_of(config, issuer), WORKER_VARIABLE: told}
    return keep_alive(children, this_command("worker"), environment)


def _issuer(config: Config, port: int) -> str:
    issuer = config.issuer or default_issuer(config, port)
    if config.demo:
        check_demo(issuer)
    return issuer


async def _tell(node: app.Node, accounts: tuple[FirstAccount, ...]) -> None:
    """Say what there is and where to click."""
    if not node.role.administration:
        return
    rows = [("Issuer", node.issuer, "", "")]
    rows += [(f"New {account.what}", "", account.username, account.shown_password) for account in accounts]
    if node.config.demo:
        from ostiary.playground import demo

        assert node.house is not None
        rows += await demo.ensure(await node.house.current())
    await asyncio.to_thread(_print, rows, shown_once=bool(accounts))
    logging.getLogger("ostiary").info("ready")


def _print(rows: list[tuple[str, str, str, str]], *, shown_once: bool) -> None:
    titles = ("What", "URL", "User", "Password")
    used = [i for i in range(4) if any(row[i] for row in rows)]
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(4)]
    for row in [titles, *rows]:
        click.echo("  ".join(row[i].ljust(widths[i]) for i in used).rstrip())
    if shown_once:
        click.echo("The passwords of new accounts are shown this once and are kept nowhere in clear.")
    sys.stdout.flush()
