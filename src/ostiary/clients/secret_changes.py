"""What happens to a client's secrets when it is saved: the new one is kept, the old one lives on for its time."""

from dataclasses import dataclass, replace

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.rules.secrets import needs_clear_secret
from ostiary.clients.secret_keeping import SecretKeeper, UnknownEcho
from ostiary.declare import EchoedSecret, NewSecret, Problem, SecondarySecret, SecretValue, StoredSecret
from ostiary.ports.clock import MINUTE

MOST_SECONDARY_SECRETS = 10
"""Each of them may have to be tried when the client authenticates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretChange:
    """What is needed to judge a change."""

    keeper: SecretKeeper
    now: int
    retention_minutes: int
    recoverable: bool
    retains: bool = True
    """False: what is replaced dies at once."""


def resolved(client: Client, keeper: SecretKeeper) -> tuple[Client, tuple[Problem, ...]]:
    """The client with its echoed secrets replaced by what they stand for. One that is not ours is a problem."""
    problems: list[Problem] = []
    own = client.authentication
    changes: dict[str, object] = {}
    if isinstance(own.secret, EchoedSecret):
        changes["authentication.secret"] = _opened(own.secret, client, keeper, problems, "authentication.secret")
    if any(isinstance(one.secret, EchoedSecret) for one in own.secondary_secrets):
        field = "authentication.secondary_secrets"
        opened = [(_opened(one.secret, client, keeper, problems, field), one) for one in own.secondary_secrets]
        changes[field] = tuple(replace(one, secret=secret) for secret, one in opened if secret is not None)
    if len(own.secondary_secrets) > MOST_SECONDARY_SECRETS:
        message = f"must not be more than {MOST_SECONDARY_SECRETS}"
        problems.append(Problem("authentication.secondary_secrets", message))
    return (CLIENT_SETTINGS.with_values(client, changes) if changes else client), tuple(problems)


def _opened(
    secret: SecretValue, client: Client, keeper: SecretKeeper, problems: list[Problem], field: str
) -> SecretValue | None:
    if not isinstance(secret, EchoedSecret):
        return secret
    try:
        return keeper.echoed(secret.text, client.client_id)
    except UnknownEcho as unknown:
        problems.append(Problem(field, str(unknown)))
        return None


async def settle(client: Client, before: Client | None, change: SecretChange) -> Client:
    """The client with stored secrets only; the replaced secret becomes a secondary one until its time (C024-C027)."""
    recoverable = change.recoverable or needs_clear_secret(client)
    old = before.authentication.secret if before else None
    old = old if isinstance(old, StoredSecret) else None
    stored, changed = await _kept(client, old, change, recoverable)
    secondary = await _kept_secondary(client, change, recoverable)
    changed_at = before.authentication.secret_changed_at if before else 0
    if changed:
        changed_at = change.now if stored is not None else 0
        secondary = _after_change(client, old, secondary, change)
    return CLIENT_SETTINGS.with_values(
        client,
        {
            "authentication.secret": stored,
            "authentication.secondary_secrets": secondary,
            "authentication.secret_changed_at": changed_at,
        },
    )


async def _kept(
    client: Client, old: StoredSecret | None, change: SecretChange, recoverable: bool
) -> tuple[StoredSecret | None, bool]:
    """The secret to store, and whether it is another one. The same secret sent again is no change."""
    secret, keeper = client.authentication.secret, change.keeper
    if isinstance(secret, NewSecret):
        same = old is not None and await keeper.fits(old, secret.secret.reveal(), client.client_id)
        if same and old is not None and (old.is_recoverable or not recoverable):
            return keeper.trimmed(old, recoverable=recoverable), False
        return await keeper.keep(secret.secret, client.client_id, recoverable=recoverable), not same
    if isinstance(secret, StoredSecret):
        same = old is not None and (old.scheme, old.digest) == (secret.scheme, secret.digest)
        return keeper.trimmed(secret, recoverable=recoverable), not same
    return None, old is not None


async def _kept_secondary(client: Client, change: SecretChange, recoverable: bool) -> tuple[SecondarySecret, ...]:
    kept = []
    for one in client.authentication.secondary_secrets:
        secret = one.secret
        if isinstance(secret, NewSecret):
            secret = await change.keeper.keep(secret.secret, client.client_id, recoverable=recoverable)
        kept.append(replace(one, secret=secret))
    return tuple(kept)


def _after_change(
    client: Client, old: StoredSecret | None, secondary: tuple[SecondarySecret, ...], change: SecretChange
) -> tuple[SecondarySecret, ...]:
    """C025: without a retention period old secrets die at once, and with them all but those sent just now."""
    minutes = client.authentication.secret_retention.resolved(change.retention_minutes) if change.retains else 0
    sent = client.authentication.secondary_secrets
    if minutes <= 0:
        return tuple(kept for kept, one in zip(secondary, sent, strict=True) if isinstance(one.secret, NewSecret))
    alive = tuple(one for one in secondary if one.expires_at > change.now)
    if old is None or client.authentication.secret is None:
        return alive
    retained = SecondarySecret(old, change.now + minutes * MINUTE)
    return (retained, *alive)[:MOST_SECONDARY_SECRETS]
