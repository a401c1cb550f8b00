"""What commands share: the configuration, a log on the screen, and stores to work on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from ostiary.app import Node, open_for_command
from ostiary.config import Config, ConfigError, load
from ostiary.first_start import FirstAccount
from ostiary.ports.stores import StoreUnavailable
from ostiary.server import Server

T = TypeVar("T")


def configured(data: Path | None, *, demo: bool = False) -> Config:
    """The configuration, or an error that says what to mend."""
    try:
        return load({"OSTIARY_DATA": str(data)} if data is not None else {}, demo=demo)
    except ConfigError as problem:
        raise click.ClickException(str(problem)) from None


def log_to_stderr() -> None:
    """Technical messages go to the screen; events have their own files."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).propagate = False


def with_server(data: Path | None, work: Callable[[Server], Awaitable[T]]) -> T:
    """Do `work` with the snapshot of an installation, whether or not its server runs."""
    config = configured(data)

    async def run() -> T:
        node: Node = await open_for_command(config, _show_new)
        try:
            assert node.house is not None
            return await work(await node.house.current())
        finally:
            await node.close()

    try:
        return asyncio.run(run())
    except (ConfigError, StoreUnavailable) as problem:
        raise click.ClickException(str(problem)) from None


def _show_new(accounts: tuple[FirstAccount, ...]) -> None:
    for account in accounts:
        click.echo(
            f"New {account.what} {account.username}, password {account.password.reveal()} (shown once)", err=True
        )


data_option = click.option(
    "--data", type=click.Path(path_type=Path), default=None, help="Data folder (OSTIARY_DATA, default ./var)."
)
