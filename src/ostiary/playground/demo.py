"""People and clients to play with. Their passwords and secrets come from the key file, so none is stored in clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from ostiary.audit.events import AccountChanged
from ostiary.audit.evidence import commit
from ostiary.client_management import registry
from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import legacy
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.registry import ClientsRefused
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import Draft, StoredSecret
from ostiary.first_start import account_record
from ostiary.keys.vault import Vault
from ostiary.ports.changes import AddAccount, Conflict
from ostiary.ports.records import AccountRecord
from ostiary.secret import Secret
from ostiary.server import Server
from ostiary.server_settings.fresh import USERS
from ostiary.words import GrantType

BY = "demo"
CHANGED = "(changed since)"
_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that look alike."""

Row = tuple[str, str, str, str]
"""What, URL, user, password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    """A client of the playground, as the client management service would be told of it."""

    client_id: str
    name: str
    description: str
    """What people read on the consent page."""
    summary: str
    """What those read who choose it in the playground."""
    kind: str
    """``code``, ``client credentials`` or ``resource server``: what the playground does with it."""
    grant_types: tuple[GrantType, ...]
    has_secret: bool = True
    pkce: str = ""
    """The method that the playground begins with."""
    requires_pkce: bool = False
    scope: str = ""
    """What the playground asks for at first."""

    @property
    def has_redirect(self) -> bool:
        """Whether a browser is sent back to it."""
        return self.kind == "code"


CLIENTS = (
    DemoClient(
        client_id="ac_oic_client",
        name="Ostiary Playground",
        description="The demo of this server, acting as an application that wants to know who you are.",
        summary="OpenID Connect: public, with PKCE",
        kind="code",
        grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
        has_secret=False,
        pkce="S256",
        requires_pkce=True,
        scope="openid profile email",
    ),
    DemoClient(
        client_id="ac_client",
        name="Ostiary Playground (confidential)",
        description="The demo of this server, acting as an application.",
        summary="Authorization code: confidential, with a secret",
        kind="code",
        grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
        scope="profile",
    ),
    DemoClient(
        client_id="cc_client",
        name="Demo Service",
        description="A program that acts for itself.",
        summary="Client credentials: no person, only itself",
        kind="client credentials",
        grant_types=(GrantType.CLIENT_CREDENTIALS,),
    ),
    DemoClient(
        client_id="rs_client",
        name="Demo API",
        description="An API that is handed tokens and asks what they are worth.",
        summary="Resource server: introspects tokens",
        kind="resource server",
        grant_types=(GrantType.ACCESS_TOKEN_VALIDATION,),
    ),
)

PEOPLE: dict[str, dict[str, Any]] = {
    "alice": {
        "name": "Alice Marie Lindqvist",
        "given_name": "Alice",
        "middle_name": "Marie",
        "family_name": "Lindqvist",
        "nickname": "Ali",
        "preferred_username": "alice",
        "profile": "https://people.example.org/alice",
        "picture": "https://people.example.org/alice.png",
        "website": "https://alice.example.org",
        "email": "alice@example.org",
        "email_verified": True,
        "gender": "female",
        "birthdate": "1987-04-12",
        "zoneinfo": "Europe/Stockholm",
        "locale": "sv-SE",
        "phone_number": "+46 8 5550 0117",
        "phone_number_verified": True,
        "address": {
            "formatted": "Storgatan 5\n111 23 Stockholm\nSweden",
            "street_address": "Storgatan 5",
            "locality": "Stockholm",
            "region": "Stockholm",
            "postal_code": "111 23",
            "country": "SE",
        },
        "updated_at": 1_767_225_600,
    },
    "bob": {
        "name": "Bob Otieno Baker",
        "given_name": "Bob",
        "middle_name": "Otieno",
        "family_name": "Baker",
        "nickname": "Bobby",
        "preferred_username": "bob",
        "profile": "https://people.example.org/bob",
        "picture": "https://people.example.org/bob.png",
        "website": "https://bob.example.org",
        "email": "bob@example.org",
        "email_verified": False,
        "gender": "male",
        "birthdate": "1990-11-30",
        "zoneinfo": "Africa/Nairobi",
        "locale": "en-KE",
        "phone_number": "+254 20 555 0142",
        "phone_number_verified": False,
        "address": {
            "formatted": "12 Acacia Avenue\nNairobi 00100\nKenya",
            "street_address": "12 Acacia Avenue",
            "locality": "Nairobi",
            "region": "Nairobi County",
            "postal_code": "00100",
            "country": "KE",
        },
        "updated_at": 1_767_225_600,
    },
}


async def ensure(server: Server) -> list[Row]:
    """Make what is missing, and say what there is, with passwords: the lines of the table that `serve` prints."""
    rows = [("Playground", f"{server.issuer}/playground", "", "")]
    for username, claims in PEOPLE.items():
        rows.append(("Person", "", username, await _person(server, username, claims)))
    await _add_clients(server, [client for client in CLIENTS if await server.stores.client(client.client_id) is None])
    rows += [(_title(client), "", client.client_id, await _said_of(server, client)) for client in CLIENTS]
    return rows


def password_of(username: str, vault: Vault) -> Secret:
    """The password of a demo person: three groups of four, with a digit, an upper-case and a lower-case letter."""
    text = _readable(vault, f"demo password {username}", 12)
    return Secret("-".join((text[:4], text[4:8], text[8:])))


def secret_of(client: DemoClient, vault: Vault) -> Secret:
    """The secret of a demo client: too long to be guessed."""
    return Secret(_readable(vault, f"demo secret {client.client_id}", 32))


def _readable(vault: Vault, purpose: str, length: int) -> str:
    for attempt in count():
        derived = vault.derive(f"{purpose} {attempt}", length)
        text = "".join(_LETTERS[byte % len(_LETTERS)] for byte in derived)
        if all(any(is_one(letter) for letter in text) for is_one in (str.isdigit, str.isupper, str.islower)):
            return text
    raise AssertionError("count() has no end")  # pragma: no cover


async def _person(server: Server, username: str, claims: dict[str, Any]) -> str:
    """The password that opens the account, or a word that it was changed. A known account costs no hash."""
    password, key_id = password_of(username, server.vault), server.vault.current
    account = await server.stores.account(USERS, username)
    if account is None:
        members: dict[str, object] = {"claims": claims, BY: key_id}
        account = account_record(USERS, username, await server.passwords.hash(password), members)
        added = AccountChanged(subject=username, by=BY, store=USERS, what="added")
        try:
            await commit(server, AddAccount(account), added)
        except Conflict:
            return CHANGED
    return password.reveal() if _is_ours(account, key_id) else CHANGED


def _is_ours(account: AccountRecord, key_id: str) -> bool:
    return account.version == 1 and msgspec.json.decode(account.document).get(BY) == key_id


async def _add_clients(server: Server, missing: Sequence[DemoClient]) -> None:
    """Through the same door as the client management service, with all its checks."""
    if not missing:
        return
    drafts = [legacy.read_new(_body(client, server)) for client in missing]
    try:
        await registry(server).create_many(drafts, BY)
    except ClientsRefused as refused:
        if not all(problem.message == legacy.ID_IN_USE for _, problem in refused.problems):
            raise


def _body(client: DemoClient, server: Server) -> dict[str, Any]:
    body: dict[str, Any] = {
        "clientId": client.client_id,
        "name": client.name,
        "description": client.description,
        "grantTypes": list(client.grant_types),
    }
    if client.has_secret:
        body["secret"] = secret_of(client, server.vault).reveal()
    if client.has_redirect:
        body["redirectUris"] = [_callback(server)]
    if client.requires_pkce:
        body["requireProofKeyForCodeExchange"] = True
    return body


def _callback(server: Server) -> str:
    return f"{server.issuer}/playground/callback"


async def _said_of(server: Server, client: DemoClient) -> str:
    """The secret for the table; on the way, the playground of a moved server is let back in."""
    stored = await registry(server).get(client.client_id)
    if client.has_redirect and _callback(server) not in stored.redirection.redirect_uris:
        await registry(server).replace_many([(client.client_id, lambda current: _returning_here(current, server))], BY)
    if not client.has_secret:
        return ""
    secret, kept = secret_of(client, server.vault).reveal(), stored.authentication.secret
    keeper = SecretKeeper(server.vault, server.passwords)
    fits = isinstance(kept, StoredSecret) and await keeper.fits(kept, secret, client.client_id)
    return secret if fits else CHANGED


def _returning_here(current: Client, server: Server) -> ClientDraft:
    uris = (*current.redirection.redirect_uris, _callback(server))
    moved = CLIENT_SETTINGS.with_values(current, {"redirection.redirect_uris": uris})
    return Draft(moved, (), (), frozenset({"redirection.redirect_uris"}))


def _title(client: DemoClient) -> str:
    return "Resource server" if client.kind == "resource server" else "Client"
