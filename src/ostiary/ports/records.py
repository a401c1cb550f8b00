"""What the stores keep: rows with the columns a query needs, and a document that only its own room can read.

Times are milliseconds since 1970-01-01 UTC. A `document` is JSON text that carries its own schema number.
"""

import msgspec


class ClientRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One client: the canonical document and, ready to be sent, its rendering for the client management service."""

    client_id: str
    version: int
    """1 for a new client, one more at every change."""
    name: str
    enabled: bool
    created_at: int
    modified_at: int
    document: bytes
    legacy: bytes
    """The client as `/pf-ws/rest/oauth/clients` writes it."""
    legacy_version: int
    """The version of the rendering code that made `legacy`; another one is made anew when read."""


class AppVersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an application, as the developer portal counts them; it may have a client."""

    id: str
    version: int
    """1 for a new one, one more at every change."""
    client_id: str
    """The client it was given; empty: none yet. The client may be gone since, or belong to another version."""
    created_at: int
    document: bytes


class ObjectRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration object (manager, policy, validator, settings …) of one kind."""

    kind: str
    id: str
    version: int
    document: bytes


class CodeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization code. `key` is the row key of the code (see `tokens.handles`), never the code."""

    key: bytes
    client_id: str
    grant_id: str
    """The grant that the code leads to, stored or not; a replay revokes it."""
    expires_at: int
    redeemed_at: int | None = None
    """When it was used, by whomever and with whatever success; None: not yet."""
    document: bytes


class AccessTokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A reference access token."""

    key: bytes
    client_id: str
    grant_id: str
    """The grant that made it, persistent or not; empty for client credentials."""
    expires_at: int
    document: bytes


class GrantRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A persistent grant (behaviour §9.1)."""

    grant_id: str
    client_id: str
    user_key: str
    grant_type: str
    created_at: int
    updated_at: int
    """Moves at every refresh and reuse; the idle timeout counts from here."""
    expires_at: int | None
    """None: no maximum lifetime."""
    revoked: bool
    document: bytes


class RefreshTokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh token of a persistent grant. Of one grant exactly one is not rolled."""

    key: bytes
    grant_id: str
    client_id: str
    issued_at: int
    expires_at: int | None
    predecessor: bytes | None
    """The key of the token this one replaced."""
    rolled_at: int | None = None
    grace_until: int | None = None
    """Until when a rolled token still returns the newest one; 0 after the newest was used."""
    successor: bytes | None = None
    """The newest token, sealed under a key that only the holder of this token can derive."""
    document: bytes


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-on person in one browser."""

    key: bytes
    user_key: str
    created_at: int
    last_used_at: int
    expires_at: int
    document: bytes


class ConsentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a person approved for a client, for S042."""

    user_key: str
    client_id: str
    updated_at: int
    expires_at: int | None
    document: bytes


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A name and a password: a person or service of a validator, or an administrator."""

    store: str
    """``admin``, or the id of the password credential validator that holds it."""
    username: str
    version: int
    password_hash: str
    """An argon2id hash in its usual text form."""
    failures: int
    locked_until: int
    """0: not locked."""
    document: bytes


class SigningKeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key pair of one issuer's key set."""

    kid: str
    issuer: str
    """Empty for the key set that all issuers share."""
    family: str
    """``RSA``, ``P-256``, ``P-384``, ``P-521`` or ``Ed25519``."""
    state: str
    """``pending``, ``active`` or ``retired``."""
    created_at: int
    changed_at: int
    public: bytes
    """The public JWK as JSON."""
    private: bytes
    """The private key, sealed by the vault."""


class RegistrationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a client that registered itself; the client is a `ClientRecord` like any other."""

    client_id: str
    created_at: int
    token: bytes
    """The digest of the registration access token; empty: there is none."""
    source: str
    """Where the registration came from."""
    vouched_by: str
    """The id of the initial access token that let it in, ``client:ID`` for an access token; empty: all may come."""
    document: bytes


class InitialTokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An initial access token (RFC 7591 §1.2). `key` is the row key of the token (see `tokens.handles`)."""

    key: bytes
    id: str
    created_at: int
    expires_at: int
    uses: int
    most_uses: int
    document: bytes


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An event kept as evidence."""

    id: str
    time: int
    name: str
    client_id: str
    subject: str
    document: bytes


class ChangeNotice(msgspec.Struct, frozen=True, kw_only=True):
    """One change of configuration that caches must obey: the kind (``client`` or an object kind) and the id."""

    generation: int
    kind: str
    id: str
