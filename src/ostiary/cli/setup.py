"""What commands share: the configuration, a log on the screen, and stores to work on."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from ostiary.app import Node, open_for_command
from ostiary.config import Config, load
from ostiary.first_start import FirstAccount
from ostiary.server import Server

T = TypeVar("T")


def configured(data: Path | None, *, demo: bool = False) -> Config:
    """The configuration; raises `ConfigError`, which says what to mend."""
    return load({"OSTIARY_DATA": str(data)} if data is not None else {}, demo=demo)


def log_to_stderr() -> None:
    """Technical messages go to the screen; events have their own files."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).propagate = False


def with_server(data: Path | None, work: Callable[[Server], Awaitable[T]], *, sets_up: bool = False) -> T:
    """Do `work` with the snapshot of an installation, whether or not its server runs.

    `sets_up`: where there is none yet, one is made. Raises `ConfigError`, `StoreUnavailable`, `NotInstalled`.
    """
    config = configured(data)

    async def run() -> T:
        node: Node = await open_for_command(config, _show_new, sets_up=sets_up)
        try:
            assert node.house is not None
            return await work(await node.house.current())
        finally:
            await node.close()

    return asyncio.run(run())


def json_of(file: IO[bytes]) -> Any:
    """What a file of JSON says; raises `click.ClickException` when it is none."""
    try:
        return json.load(file)
    except (ValueError, RecursionError):
        raise click.ClickException("the file is not JSON") from None


def printable(text: str) -> str:
    """A text of a stranger as a terminal may have it, and on one line (threats T-39, T-60)."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _show_new(accounts: tuple[FirstAccount, ...]) -> None:
    for account in accounts:
        click.echo(f"New {account.what} {account.username}, password {account.shown_password} (shown once)", err=True)


data_option = click.option(
    "--data", type=click.Path(path_type=Path), default=None, help="Data folder (OSTIARY_DATA, default ./var)."
)
