"""Access tokens: opaque ones that stand for a row, and JWTs (RFC 9068). Prepared first, minted then.

Preparing decides everything that does not depend on the moment: the manager's mapping is carried out, and the row's
document or the lasting part of the claims is written. Minting adds a handle or a signature. What is the same for every
request of a client (client credentials) is prepared once per snapshot of settings.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace

from ostiary.clients.client import Client
from ostiary.errors import ServerError, Why
from ostiary.keys.jws import Signer
from ostiary.ports.changes import AddAccessToken, Change
from ostiary.ports.clock import MINUTE, SECOND
from ostiary.ports.records import AccessTokenRecord
from ostiary.server import Server
from ostiary.server_settings.fulfillment import fulfil
from ostiary.server_settings.managers import JwtConfiguration, ReferenceConfiguration
from ostiary.server_settings.scopes import OPENID, expand_groups
from ostiary.server_settings.token_objects import AccessTokenManager
from ostiary.tokens import claims_in_access_tokens
from ostiary.tokens.claims import SUBJECT, Release, sources_for
from ostiary.tokens.handles import key_of, new_handle
from ostiary.tokens.managers import Context, choose_manager, mapping_for
from ostiary.tokens.people import Person
from ostiary.tokens.subjects import subject_for
from ostiary.words import ASYMMETRIC_SIGNING, SigningAlgorithm, UserInfoOption

__all__ = ["AccessTokenRequest", "Minted", "Prepared", "StoredAccessToken", "choose_manager", "mint", "prepare"]

SCHEMA = 1
MANAGER_CLAIM = "pi.atm"
"""The manager of a JWT, said only where several managers sign with the same keys."""
SESSION_CLAIM = "pi.sri"
EXPIRY_ATTRIBUTE = "exp"
"""Behaviour §11.1: an attribute of this name is the token's lifetime in minutes."""
AT_JWT = "at+jwt"


class StoredAccessToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the row of an access token keeps. A member at its default takes no room."""

    v: int
    issuer: str
    manager: str
    lifetime: int
    """From issuing to expiry, in milliseconds."""
    grant_type: str = ""
    scope: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}
    """The attribute contract of the manager, fulfilled."""
    user_key: str = ""
    username: str = ""
    validator: str = ""
    session: str = ""
    userinfo_claims: tuple[str, ...] = ()
    grant_attributes: dict[str, Any] = {}
    persistent: bool = False
    """Whether the grant is a stored one."""
    jwt: bool = False
    """Whether this row only accompanies a JWT (see `jwt_key`)."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(StoredAccessToken).decode


class AccessTokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a new access token is to say."""

    client: Client
    manager: AccessTokenManager
    context: Context
    grant_type: str
    scope: tuple[str, ...]
    person: Person | None = None
    grant_id: str = ""
    """The grant that makes it, persistent or not; empty for client credentials."""
    persistent: bool = False
    session: str = ""
    resources: tuple[str, ...] = ()
    """RFC 8707: what the token was asked for; its audience where the manager has none of its own."""
    authenticated_at: int = 0
    acr: str = ""
    userinfo_claims: tuple[str, ...] = ()
    grant_attributes: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A token that lacks only the moment. Exactly one of `reference` and `jwt` is there."""

    client_id: str
    grant_id: str
    lifetime_ms: int
    document: bytes
    scope_text: str
    manager_id: str
    attributes: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What the manager's contract holds; an OpenID Connect policy may draw on it."""
    token_length: int = 0
    """Of a reference token, in characters; 0 for a JWT."""
    signer: Signer | None = None
    claims: Mapping[str, Any] | None = None
    jwt: JwtConfiguration | None = None
    has_row: bool = True


class Minted(msgspec.Struct, frozen=True, kw_only=True):
    """A new token, and what must be durable before it is given out."""

    text: str
    expires_in: int
    """Full seconds."""
    changes: tuple[Change, ...]


def prepare(request: AccessTokenRequest, server: Server) -> Prepared:
    """Decide what the token says. Raises `ServerError` for a manager whose settings this version cannot carry out."""
    manager, client, person = request.manager, request.client, request.person
    _check_sessions(manager)
    mapping = mapping_for(manager.id, request.context, server.objects)
    sources = sources_for(
        client, request.scope, request.grant_type, server, person, grant_attributes=request.grant_attributes
    )
    attributes = {} if mapping is None else _contract(manager, fulfil(mapping.fulfillment, sources))
    if SUBJECT in attributes and person is not None:
        attributes[SUBJECT] = subject_for(str(attributes[SUBJECT]), client, server)
    if request.session and manager.session_validation.include_session_id:
        attributes[SESSION_CLAIM] = request.session
    configuration = _configuration(manager)
    minutes = configuration.token_lifetime_minutes
    is_jwt = isinstance(configuration, JwtConfiguration)
    if is_jwt:
        minutes = _minutes(attributes.pop(EXPIRY_ATTRIBUTE, None)) or minutes
    lifetime_ms = _lifetime_ms(minutes, client)
    stored = StoredAccessToken(
        v=SCHEMA,
        issuer=server.issuer,
        manager=manager.id,
        lifetime=lifetime_ms,
        grant_type=request.grant_type,
        scope=request.scope,
        attributes=attributes,
        user_key="" if person is None else person.user_key,
        username="" if person is None else person.username,
        validator="" if person is None else person.validator,
        session=request.session,
        userinfo_claims=request.userinfo_claims,
        grant_attributes=dict(request.grant_attributes),
        persistent=request.persistent,
        jwt=is_jwt,
    )
    prepared = Prepared(
        client_id=client.client_id,
        grant_id=request.grant_id,
        lifetime_ms=lifetime_ms,
        document=_encode(stored),
        scope_text=" ".join(request.scope),
        manager_id=manager.id,
        attributes=attributes,
        token_length=0 if isinstance(configuration, JwtConfiguration) else configuration.token_length,
    )
    if isinstance(configuration, JwtConfiguration):
        return _with_claims(prepared, request, configuration, attributes, server)
    return prepared


def mint(prepared: Prepared, server: Server) -> Minted:
    """Make the token."""
    now = server.clock.now()
    if prepared.token_length:
        text = new_handle(prepared.token_length, now)
        key = key_of(text)
        expires_at = now + prepared.lifetime_ms
    else:
        text, expires_at = _sign(prepared, now)
        key = jwt_key(text, expires_at)
    changes: tuple[Change, ...] = ()
    if prepared.has_row:
        changes = (
            AddAccessToken(
                AccessTokenRecord(
                    key=key,
                    client_id=prepared.client_id,
                    grant_id=prepared.grant_id,
                    expires_at=expires_at,
                    document=prepared.document,
                )
            ),
        )
    return Minted(
        text=text,
        expires_in=(expires_at - now) // SECOND,
        changes=changes,
    )


def read(record: AccessTokenRecord) -> StoredAccessToken | None:
    """What a row says of its token; None when it cannot be read."""
    try:
        return _decode(record.document)
    except msgspec.DecodeError:
        return None


def jwt_key(text: str, expires_at: int) -> bytes:
    """The key of the row that accompanies a JWT: as for handles, a time (here of expiry) and a digest."""
    return (expires_at // 16 & 0xFFFFFFFFFFFF).to_bytes(6, "big") + sha256(text.encode("ascii")).digest()


def revocation_key(manager_id: str, jti: str) -> bytes:
    """The key under which a JWT is remembered as revoked."""
    return sha256(f"{manager_id}\0{jti}".encode("utf-8", "surrogatepass")).digest()


# JWTs ----------------------------------------------------------------------------------------------------------------


def _with_claims(
    prepared: Prepared,
    request: AccessTokenRequest,
    configuration: JwtConfiguration,
    attributes: Mapping[str, Any],
    server: Server,
) -> Prepared:
    """RFC 9068 §2.2, as the manager's settings have it. What the server says wins over an attribute of that name."""
    manager, client = request.manager, request.client
    algorithm = _check_can_sign(manager, configuration)
    claims = _of_the_person(request, attributes, server)
    claims.setdefault("sub", _subject(request, attributes, server))
    if configuration.client_id_claim:
        claims[configuration.client_id_claim] = client.client_id
    scope = (
        expand_groups(server.settings.scope_book, request.scope) if configuration.expand_scope_groups else request.scope
    )
    if configuration.scope_claim and scope:
        claims[configuration.scope_claim] = " ".join(scope) if configuration.space_delimit_scope else list(scope)
    claims["iss"] = configuration.issuer_claim or server.issuer
    claims["aud"] = configuration.audience_claim or _one_or_many(request.resources) or server.issuer
    if request.authenticated_at and configuration.type_header == AT_JWT:
        claims["auth_time"] = request.authenticated_at // SECOND  # RFC 9068 §2.2.1
        if request.acr:
            claims["acr"] = request.acr
    if configuration.grant_id_claim and request.persistent:
        claims[configuration.grant_id_claim] = request.grant_id
    if sum(isinstance(one.configuration, JwtConfiguration) for one in server.objects.managers.values()) > 1:
        claims[MANAGER_CLAIM] = manager.id
    return replace(
        prepared,
        claims=claims,
        jwt=configuration,
        signer=server.keys.signer(algorithm, setting=f"{manager.id}: JWS Algorithm"),
        # UserInfo needs to know the person behind the token, and that the grant still stands.
        has_row=OPENID in request.scope,
    )


def _of_the_person(request: AccessTokenRequest, attributes: Mapping[str, Any], server: Server) -> dict[str, Any]:
    """C120: the contract's attributes, and more or fewer where the client has it so."""
    if request.person is None or request.client.openid.user_info_in_access_token is UserInfoOption.GLOBAL:
        return dict(attributes)
    release = Release(
        client=request.client,
        person=request.person,
        scope=request.scope,
        grant_type=request.grant_type,
        requested=request.userinfo_claims,
        grant_attributes=request.grant_attributes,
        token_attributes=attributes,
    )
    return claims_in_access_tokens.with_option(attributes, release, request.manager, request.context, server)


def _sign(prepared: Prepared, now: int) -> tuple[str, int]:
    signer, configuration = prepared.signer, prepared.jwt
    assert signer is not None
    assert configuration is not None
    assert prepared.claims is not None
    issued = now // SECOND
    expires = (now + prepared.lifetime_ms) // SECOND
    claims = {**prepared.claims, "exp": expires}
    if configuration.include_issued_at or configuration.type_header == AT_JWT:  # RFC 9068 §2.2 requires it
        claims["iat"] = issued
    if configuration.not_before_offset_minutes is not None:
        claims["nbf"] = issued - configuration.not_before_offset_minutes * 60
    if configuration.jwt_id_length:
        claims["jti"] = _jti(configuration.jwt_id_length)
    text = signer.sign(claims, typ=configuration.type_header, with_kid=configuration.include_key_id)
    return text, expires * SECOND


def _subject(request: AccessTokenRequest, attributes: Mapping[str, Any], server: Server) -> Any:
    """RFC 9068 §2.2: the person, by the manager's subject attribute or the user key; without a person the client."""
    if request.person is None:
        return request.client.client_id
    mapped = attributes.get(request.manager.default_subject_attribute)
    return mapped or subject_for(request.person.user_key, request.client, server)


def _check_can_sign(manager: AccessTokenManager, configuration: JwtConfiguration) -> SigningAlgorithm:
    """What this version cannot do is refused by name instead of being left out in silence."""
    refused = (
        (configuration.encryption is not None, "JWE Algorithm", "encrypted access tokens"),
        (configuration.active_symmetric_key is not None, "Active Symmetric Key ID", "symmetric signing keys"),
        (not configuration.use_central_key, "Use Centralized Signing Key", "signing keys of a manager's own"),
        (configuration.include_thumbprint, "Include X.509 Thumbprint Header Parameter", "certificates of signing keys"),
    )
    for is_set, name, what in refused:
        if is_set:
            raise _not_built(manager, name, what)
    if configuration.algorithm not in ASYMMETRIC_SIGNING:
        raise _not_built(manager, "JWS Algorithm", "access tokens that are not signed with a key pair")
    assert configuration.algorithm is not None
    return configuration.algorithm


def _check_sessions(manager: AccessTokenManager) -> None:
    """Behaviour §11.3: a manager that insists on checking sessions must not issue tokens that nobody checks."""
    wanted = manager.session_validation
    if wanted.check_session or wanted.check_revocation or wanted.update_activity:
        raise _not_built(manager, "sessionValidationSettings", "session validation of access tokens")


def _not_built(manager: AccessTokenManager, setting: str, what: str) -> ServerError:
    why = Why(rule="behaviour §11.1", setting=f"{manager.id}: {setting}", level="server")
    return ServerError(f"the access token manager {manager.id} asks for what this version has not: {what}", why)


def _contract(manager: AccessTokenManager, values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the manager's contract that have a value."""
    contract: dict[str, Any] = {}
    for attribute in manager.attributes:
        value = values.get(attribute.name)
        if value is not None:
            many = attribute.multi_valued and not isinstance(value, (list, tuple))
            contract[attribute.name] = [value] if many else value
    return contract


def _configuration(manager: AccessTokenManager) -> ReferenceConfiguration | JwtConfiguration:
    if isinstance(manager.configuration, (ReferenceConfiguration, JwtConfiguration)):
        return manager.configuration
    raise _not_built(manager, "pluginDescriptorRef", f"managers of the kind {manager.kind}")


def _lifetime_ms(minutes: int, client: Client) -> int:
    """C107, else what the manager says."""
    own = client.access_tokens.lifetime
    return own.value * SECOND if own.overrides and own.value is not None else minutes * MINUTE


def _minutes(attribute: Any) -> int:
    try:
        return max(0, int(str(attribute)))
    except ValueError:
        return 0


def _jti(length: int) -> str:
    return urlsafe_b64encode(os.urandom((length * 3 + 3) // 4)).decode("ascii")[:length]


def _one_or_many(values: tuple[str, ...]) -> str | list[str]:
    return "" if not values else values[0] if len(values) == 1 else list(values)
