"""`ostiary registration-tokens …`: initial access tokens, with which developers may register clients (RFC 7591)."""

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from ostiary.audit.events import InitialTokenChanged
from ostiary.audit.evidence import commit
from ostiary.cli.setup import data_option, with_server
from ostiary.ports.changes import AddInitialToken, Conflict, RemoveInitialToken
from ostiary.ports.clock import HOUR, SECOND
from ostiary.ports.records import InitialTokenRecord
from ostiary.registration.openings import new_initial_token, note_of, scope_of
from ostiary.secret import Secret
from ostiary.server import Server

BY = "command line"
LONGEST_HOURS = 366 * 24
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


@click.group("registration-tokens")
def registration_tokens() -> None:
    """Initial access tokens: who has one may register clients at /as/clients.oauth2."""


@registration_tokens.command("add")
@click.option(
    "--uses", type=click.IntRange(1, 1_000_000), default=1, show_default=True, help="Registrations it is for."
)
@click.option(
    "--hours", type=click.IntRange(1, LONGEST_HOURS), default=24, show_default=True, help="How long it lives."
)
@click.option("--scope", default=None, help="What it holds, separated by spaces (default: what registration asks for).")
@click.option("--note", default="", help="Whom it is for; shown in the list.")
@data_option
def add_token(uses: int, hours: int, scope: str | None, note: str, data: Path | None) -> None:
    """Make a token and print it, this once; only a digest of it is kept."""
    if scope and not _SCOPE.fullmatch(scope):
        raise click.BadParameter("scopes are separated by single spaces", param_hint="--scope")
    if not note.isprintable() or len(note) > 200:
        raise click.BadParameter("must be printable, and not longer than 200 characters", param_hint="--note")

    async def run(server: Server) -> tuple[Secret, InitialTokenRecord]:
        wanted = server.settings.registration.initial_access_token_scope
        held = tuple(scope.split()) if scope is not None else (wanted,) if wanted else ()
        token, record = new_initial_token(
            secrets.token_hex(4), now=server.clock.now(), lifetime_ms=hours * HOUR, uses=uses, scope=held, note=note
        )
        await commit(server, AddInitialToken(record), InitialTokenChanged(by=BY, token=record.id, what="made"))
        if not server.settings.registration.on:
            click.echo("Registration is off on this server, so the token opens nothing yet.", err=True)
        return token, record

    made, record = with_server(data, run, sets_up=True)
    click.echo(f"Token {record.id}, for {uses} registrations until {_time(record.expires_at)} (shown once):", err=True)
    click.echo(made.reveal())


@registration_tokens.command("list")
@data_option
def list_tokens(data: Path | None) -> None:
    """One line a token: id, uses left, end, scope, note. Never the token."""

    async def run(server: Server) -> list[str]:
        now = server.clock.now()
        return [_line(record, now) for record in await server.stores.initial_tokens()]

    for line in with_server(data, run):
        click.echo(line)


@registration_tokens.command("revoke")
@click.argument("token_id")
@data_option
def revoke_token(token_id: str, data: Path | None) -> None:
    """Remove a token by its id. Clients that were registered with it stay."""

    async def run(server: Server) -> None:
        event = InitialTokenChanged(by=BY, token=token_id, what="revoked")
        try:
            await commit(server, RemoveInitialToken(token_id), event)
        except Conflict:
            raise click.ClickException(f"there is no token {token_id}") from None

    with_server(data, run)
    click.echo(f"{token_id} was revoked.")


def _line(record: InitialTokenRecord, now: int) -> str:
    left = 0 if record.expires_at <= now else record.most_uses - record.uses
    fields = (record.id, f"{left} of {record.most_uses}", _time(record.expires_at), " ".join(scope_of(record)))
    return "\t".join((*fields, note_of(record)))


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")
