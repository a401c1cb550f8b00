"""Both metadata documents, computed from what is enabled and served by this version (behaviour §2.1).

OpenID Connect Discovery §3 and RFC 8414 §2 ask for the same members; one document answers both. It is made once per
snapshot of settings and kept as ready bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from ostiary.server import Server
from ostiary.server_settings.scopes import OPENID
from ostiary.words import SYMMETRIC_SIGNING, AuthMethod, GrantType, ResponseType, SigningAlgorithm

GRANT_TYPES = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.CLIENT_CREDENTIALS)
"""What the token endpoint of this version exchanges."""
RESPONSE_TYPES = (ResponseType.CODE,)
RESPONSE_MODES = ("query", "fragment", "form_post")
AUTH_METHODS = (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST, AuthMethod.NONE)
ENDPOINTS = {
    "authorization_endpoint": "/as/authorization.oauth2",
    "token_endpoint": "/as/token.oauth2",
    "revocation_endpoint": "/as/revoke_token.oauth2",
    "introspection_endpoint": "/as/introspect.oauth2",
    "jwks_uri": "/pf/JWKS",
}
REGISTRATION = "/as/clients.oauth2"
USERINFO = "/idp/userinfo.openid"
PROTOCOL_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr")
MOST_DOCUMENTS = 32
"""Documents kept ready: one per issuer and policy asked for. Policies that do not exist make none."""


@dataclass(frozen=True, slots=True)
class Document:
    """A metadata document, ready to send."""

    body: bytes
    etag: bytes
    """RFC 9110 §8.8.3: a strong validator of `body`."""


_ready: dict[tuple[int, str], tuple[Server, Document]] = {}


def document(server: Server, policy_id: str = "") -> Document:
    """The document of the issuer. `policy_id` chooses the policy whose claims are listed; unknown: the default."""
    if policy_id not in server.objects.policies:
        policy_id = server.objects.default_policy
    key = (id(server), policy_id)
    known = _ready.get(key)
    if known is not None and known[0] is server:
        return known[1]
    body = msgspec.json.encode(metadata(server, policy_id))
    made = Document(body, b'"%s"' % sha256(body).hexdigest()[:32].encode())
    if len(_ready) >= MOST_DOCUMENTS:
        _ready.clear()
    _ready[key] = (server, made)
    return made


def metadata(server: Server, policy_id: str = "") -> dict[str, Any]:
    """The members. What is off, empty or not served is left out (RFC 8414 §3.2)."""
    settings = server.settings
    members: dict[str, Any] = {"issuer": server.issuer}
    members |= {name: server.issuer + path for name, path in ENDPOINTS.items()}
    secrets = [str(method) for method in AUTH_METHODS if method is not AuthMethod.NONE]
    everybody = [str(method) for method in AUTH_METHODS]
    may_be_silent = settings.compatibility.unauthenticated_introspection
    methods = [] if settings.authorization.disallow_plain_pkce else ["plain"]
    members |= {
        "scopes_supported": list(_scopes(server)),
        "response_types_supported": [str(word) for word in RESPONSE_TYPES],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": [str(word) for word in GRANT_TYPES],
        "code_challenge_methods_supported": [*methods, "S256"],
        "token_endpoint_auth_methods_supported": everybody,
        "revocation_endpoint_auth_methods_supported": everybody,
        "introspection_endpoint_auth_methods_supported": everybody if may_be_silent else secrets,
        "authorization_response_iss_parameter_supported": settings.authorization.include_issuer,
    }
    if settings.registration.on:
        members["registration_endpoint"] = server.issuer + REGISTRATION
    if settings.client_documents.enabled:
        members["client_id_metadata_document_supported"] = True
    if settings.roles.openid:
        members |= _openid(server, policy_id)
    return members


def _openid(server: Server, policy_id: str) -> dict[str, Any]:
    """OpenID Connect Discovery §3. What has a meaning when absent is always stated."""
    signing = sorted(str(word) for word in server.keys.algorithms | SYMMETRIC_SIGNING)
    return {
        "userinfo_endpoint": server.issuer + USERINFO,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": [str(SigningAlgorithm.NONE), *signing],
        "userinfo_signing_alg_values_supported": [str(SigningAlgorithm.NONE), *signing],
        "claim_types_supported": ["normal"],
        "claims_supported": list(_claims(server, policy_id)),
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _scopes(server: Server) -> Iterator[str]:
    """Behaviour §2.1: static common scopes and groups; exclusive and dynamic ones are nobody else's business."""
    scopes = server.settings.scopes
    if server.settings.roles.openid:
        yield OPENID
    yield from (scope.name for scope in scopes.common if not scope.dynamic and scope.name != OPENID)
    yield from (group.name for group in scopes.common_groups)


def _claims(server: Server, policy_id: str) -> Iterator[str]:
    yield from PROTOCOL_CLAIMS
    policy = server.objects.policies.get(policy_id)
    if policy is not None:
        yield from (attribute.name for attribute in policy.attributes if attribute.name not in PROTOCOL_CLAIMS)
