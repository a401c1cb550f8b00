"""Authorization codes: what is bound to one, how it is given out, and how it is redeemed once (RFC 6749 §4.1.2)."""

import msgspec

from ostiary.audit.evidence import commit
from ostiary.ports.changes import AddCode, Change
from ostiary.ports.clock import SECOND
from ostiary.ports.events import Happening
from ostiary.ports.records import CodeRecord
from ostiary.proofs.pkce import Challenge
from ostiary.server import Server
from ostiary.tokens.handles import key_of, new_handle_of_entropy

SCHEMA = 1


class AuthorizationCode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything decided at the authorization endpoint (threat T-09). A member at its default takes no room."""

    v: int
    """The number of the schema, `SCHEMA`."""
    issuer: str
    """The issuer the request was made to; tokens of this flow keep it."""
    redirect_uri: str
    """Where the code was sent."""
    redirect_uri_sent: bool
    """Whether the request named it; then the token request must name it too."""
    scope: tuple[str, ...] = ()
    """What was granted, which may be less than what was asked for."""
    user_key: str
    username: str
    validator: str
    """The id of the password credential validator that holds the account."""
    authenticated_at: int
    """When the person signed on (ms)."""
    acr: str = ""
    session: str = ""
    """The session identifier (``sid``, ``pi.sri``), if there is a session."""
    nonce: str | None = None
    state: str | None = None
    """Kept for ``s_hash`` only."""
    challenge: Challenge | None = None
    manager: str = ""
    """The access token manager chosen at the authorization endpoint."""
    resources: tuple[str, ...] = ()
    """RFC 8707 §2: the resources asked for."""
    id_token_claims: tuple[str, ...] = ()
    """OpenID Connect Core §5.5: the claims asked for by name."""
    userinfo_claims: tuple[str, ...] = ()
    consent_prompted: bool = False
    """Whether the request said ``prompt=consent``, on which C106 may insist."""
    hybrid: bool = False
    """Whether an ID token came from the authorization endpoint already."""
    attributes: dict[str, str] = {}
    """Extended attributes of the grant contract (S031), ``PERSISTENT_GRANT_LIFETIME`` among them."""
    context: str = ""
    """The authentication context of the approval; a grant is reused only in the same one."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AuthorizationCode).decode


def new_code(code: AuthorizationCode, client_id: str, grant_id: str, server: Server) -> tuple[str, AddCode]:
    """A new code and the change that stores it. The caller commits it, with whatever belongs to the same unit.

    `grant_id` is the id of the grant that redeeming will make (`persistent_grants.new_grant_id`) or reuse
    (`persistent_grants.reusable`); a replay of the code revokes that grant.
    """
    now = server.clock.now()
    text = new_handle_of_entropy(server.settings.authorization.code_entropy_bytes, now)
    record = CodeRecord(
        key=key_of(text),
        client_id=client_id,
        grant_id=grant_id,
        expires_at=now + server.settings.authorization.code_timeout_seconds * SECOND,
        document=_encode(code),
    )
    return text, AddCode(record)


async def issue(
    code: AuthorizationCode, client_id: str, grant_id: str, server: Server, *with_it: Change | Happening
) -> str:
    """Give out a code: durable before it is returned, together with `with_it` (a consent and the evidence of it)."""
    text, change = new_code(code, client_id, grant_id, server)
    await commit(server, change, *with_it)
    return text


def read(record: CodeRecord) -> AuthorizationCode | None:
    """What is bound to the code of a row; None when it cannot be read."""
    try:
        return _decode(record.document)
    except msgspec.DecodeError:
        return None
