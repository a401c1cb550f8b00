"""Keycloak: the clients of a realm export."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from ostiary.as_code.documents import documents_of
from ostiary.as_code.importers.imported import (
    NO_COUNTERPART,
    Account,
    Here,
    Imported,
    Source,
    from_metadata,
    left_out,
    unreadable,
    with_secret,
    without_unknown_scopes,
)
from ostiary.clients.dialects.manners import ClientDraft, with_values
from ostiary.declare import Override, ResponseTypes
from ostiary.words import GrantType

_ITS_OWN = frozenset(
    {"account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"}
)
_METHODS = {
    "client-secret": "client_secret_basic",
    "client-secret-jwt": "client_secret_jwt",
    "client-jwt": "private_key_jwt",
    "client-x509": "tls_client_auth",
}
_FLOWS = (
    ("standardFlowEnabled", GrantType.AUTHORIZATION_CODE),
    ("implicitFlowEnabled", GrantType.IMPLICIT),
    ("directAccessGrantsEnabled", GrantType.PASSWORD),
    ("serviceAccountsEnabled", GrantType.CLIENT_CREDENTIALS),
    ("bearerOnly", GrantType.ACCESS_TOKEN_VALIDATION),
)
_FLOW_ATTRIBUTES = (
    ("oauth2.device.authorization.grant.enabled", GrantType.DEVICE_CODE),
    ("oidc.ciba.grant.enabled", GrantType.CIBA),
    ("standard.token.exchange.enabled", GrantType.TOKEN_EXCHANGE),
    ("oauth2.jwt.authorization.grant.enabled", GrantType.EXTENSION),
)
_ATTRIBUTES = {
    "logoUri": "logo_uri",
    "policyUri": "policy_uri",
    "tosUri": "tos_uri",
    "backchannel.logout.url": "backchannel_logout_uri",
    "frontchannel.logout.url": "frontchannel_logout_uri",
    "id.token.signed.response.alg": "id_token_signed_response_alg",
    "id.token.encrypted.response.alg": "id_token_encrypted_response_alg",
    "id.token.encrypted.response.enc": "id_token_encrypted_response_enc",
    "user.info.response.signature.alg": "userinfo_signed_response_alg",
    "user.info.encrypted.response.alg": "userinfo_encrypted_response_alg",
    "user.info.encrypted.response.enc": "userinfo_encrypted_response_enc",
    "request.object.signature.alg": "request_object_signing_alg",
    "request.object.encryption.alg": "request_object_encryption_alg",
    "request.object.encryption.enc": "request_object_encryption_enc",
    "authorization.signed.response.alg": "authorization_signed_response_alg",
    "authorization.encrypted.response.alg": "authorization_encrypted_response_alg",
    "authorization.encrypted.response.enc": "authorization_encrypted_response_enc",
    "token.endpoint.auth.signing.alg": "token_endpoint_auth_signing_alg",
    "x509.subjectdn": "tls_client_auth_subject_dn",
    "ciba.backchannel.token.delivery.mode": "backchannel_token_delivery_mode",
    "ciba.backchannel.client.notification.endpoint": "backchannel_client_notification_endpoint",
    "ciba.backchannel.auth.request.signing.alg": "backchannel_authentication_request_signing_alg",
}
"""Attribute → metadata of RFC 7591 that means the same."""
_FLAGS = {
    "backchannel.logout.session.required": "backchannel_logout_session_required",
    "frontchannel.logout.session.required": "frontchannel_logout_session_required",
    "require.pushed.authorization.requests": "require_pushed_authorization_requests",
    "tls.client.certificate.bound.access.tokens": "tls_client_certificate_bound_access_tokens",
    "dpop.bound.access.tokens": "dpop_bound_access_tokens",
}
_SILENT = frozenset({"any", "none", "not required", ""})
"""Values by which Keycloak says that nothing is asked for."""
_OF_NO_CONCERN = frozenset({
    "id", "clientId", "name", "description", "enabled", "protocol", "publicClient", "clientAuthenticatorType", "secret",
    "redirectUris", "rootUrl", "attributes", "defaultClientScopes", "optionalClientScopes", "consentRequired",
    *(member for member, _ in _FLOWS),
    "access", "nodeReRegistrationTimeout", "notBefore", "surrogateAuthRequired", "alwaysDisplayInConsole",
    "fullScopeAllowed", "frontchannelLogout", "registeredNodes",
})  # fmt: skip
_WHY = {
    "webOrigins": "origins are allowed for the whole server",
    "adminUrl": "a server that pushes to its clients is not this one",
    "baseUrl": "the home page is taken from it where it is a whole URL",
    "protocolMappers": "claims are those of OpenID Connect policies and access token mappings",
    "authenticationFlowBindingOverrides": "how people sign on is not a matter of the client",
    "authorizationServicesEnabled": "this server decides who gets a token, not what it opens",
    "authorizationSettings": "this server decides who gets a token, not what it opens",
}
_ATTRIBUTES_OF_NO_CONCERN = frozenset({
    "client.secret.creation.time", "realm_client", "display.on.consent.screen", "use.jwks.string", "use.jwks.url",
    "client_credentials.use_refresh_token", "saml.artifact.binding.url",
})  # fmt: skip
_SCOPES_FOR_CLAIMS = frozenset({"web-origins", "acr", "roles", "basic", "microprofile-jwt", "service_account"})
"""Client scopes by which Keycloak adds claims; nobody asks for them."""
_MASK = "**********"


def _clients(raw: bytes, name: str) -> Iterator[tuple[str, Any]]:
    for document in documents_of(raw, name):
        for holder in document if isinstance(document, list) else [document]:
            clients = holder.get("clients") if isinstance(holder, Mapping) else None
            if isinstance(clients, list):
                realm = str(holder.get("realm", ""))
                for number, client in enumerate(clients, 1):
                    yield f"realm {realm}, client {number}", client
            else:
                yield "client", holder


def _read(record: Any, place: str, here: Here) -> Imported:
    if not isinstance(record, Mapping):
        return unreadable(place, "", "is not an object")
    client_id = record.get("clientId")
    if not isinstance(client_id, str) or not client_id:
        return unreadable(place, "", "has no clientId")
    if client_id in _ITS_OWN or client_id.endswith("-realm"):
        return left_out(place, client_id, "is one of Keycloak's own")
    if record.get("protocol", "openid-connect") != "openid-connect":
        return left_out(place, client_id, f"speaks another protocol: {record.get('protocol')}")
    found = record.get("attributes")
    attributes = {name: str(value) for name, value in found.items()} if isinstance(found, Mapping) else {}
    account = Account()
    metadata, known = _metadata(record, attributes, account)
    draft = from_metadata(metadata, client_id, here, account, known)
    draft = _with_our_own(draft, record, attributes, here, account)
    draft = _with_secret(draft, record, here, account)
    _tell_the_rest(record, attributes, account)
    return account.imported(client_id, place, draft)


def _metadata(
    record: Mapping[str, Any], attributes: Mapping[str, str], account: Account
) -> tuple[dict[str, Any], dict[str, str]]:
    """What RFC 7591 has words for, and what Keycloak calls it."""
    metadata: dict[str, Any] = {"client_name": record.get("name") or record["clientId"]}
    known = {"client_name": "name"}

    def put(member: str, value: Any, source: str) -> None:
        metadata[member], known[member] = value, source

    if isinstance(description := record.get("description"), str) and description:
        put("client_description", description, "description")
    if str(record.get("baseUrl") or "").startswith(("https://", "http://")):
        put("client_uri", record["baseUrl"], "baseUrl")
    put("token_endpoint_auth_method", _method(record, account), "clientAuthenticatorType")
    put("grant_types", _grants(record, attributes), "standardFlowEnabled …")
    uris = [urljoin(_root(record), uri) for uri in record.get("redirectUris") or [] if isinstance(uri, str)]
    put("redirect_uris", uris, "redirectUris")
    put("post_logout_redirect_uris", _after_logout(attributes, uris), "post.logout.redirect.uris")
    for attribute, member in _ATTRIBUTES.items():
        if attributes.get(attribute, "").lower() not in _SILENT:
            put(member, attributes[attribute], attribute)
    for attribute, member in _FLAGS.items():
        if attribute in attributes:
            put(member, attributes[attribute] == "true", attribute)
    _put_keys(attributes, put, account)
    if attributes.get("pkce.code.challenge.method"):
        put("require_proof_key_for_code_exchange", True, "pkce.code.challenge.method")
    if attributes.get("request.object.required", "").startswith("request"):
        put("require_signed_request_object", True, "request.object.required")
    return metadata, known


def _method(record: Mapping[str, Any], account: Account) -> str:
    if record.get("publicClient") or (record.get("bearerOnly") and not record.get("secret")):
        return "none"
    kind = record.get("clientAuthenticatorType") or "client-secret"
    if kind not in _METHODS:
        account.refused.append(f"clientAuthenticatorType {kind} is not known here")
    return _METHODS.get(str(kind), "none")


def _grants(record: Mapping[str, Any], attributes: Mapping[str, str]) -> list[str]:
    flows = {grant for member, grant in _FLOWS if record.get(member, member == "standardFlowEnabled") is True}
    flows |= {grant for attribute, grant in _FLOW_ATTRIBUTES if attributes.get(attribute) == "true"}
    if record.get("bearerOnly"):
        flows = {GrantType.ACCESS_TOKEN_VALIDATION}
    refreshes = {GrantType.AUTHORIZATION_CODE, GrantType.PASSWORD, GrantType.DEVICE_CODE, GrantType.CIBA}
    if flows & refreshes and attributes.get("use.refresh.tokens") != "false":
        flows.add(GrantType.REFRESH_TOKEN)
    return [str(grant) for grant in GrantType if grant in flows]


def _root(record: Mapping[str, Any]) -> str:
    root = record.get("rootUrl")
    return root.rstrip("/") + "/" if isinstance(root, str) and root.startswith(("https://", "http://")) else ""


def _after_logout(attributes: Mapping[str, str], redirect_uris: list[str]) -> list[str]:
    """``##`` between them; ``+`` stands for the redirect URIs, ``-`` for none."""
    found: list[str] = []
    for uri in filter(None, attributes.get("post.logout.redirect.uris", "").split("##")):
        found += redirect_uris if uri == "+" else [] if uri == "-" else [uri]
    return list(dict.fromkeys(found))


def _put_keys(attributes: Mapping[str, str], put: Any, account: Account) -> None:
    if attributes.get("use.jwks.url") == "true" and attributes.get("jwks.url"):
        put("jwks_uri", attributes["jwks.url"], "jwks.url")
    elif attributes.get("jwks.string"):
        try:
            put("jwks", json.loads(attributes["jwks.string"]), "jwks.string")
        except (ValueError, RecursionError):
            account.refused.append("jwks.string is not JSON")
    elif attributes.get("jwt.credential.certificate"):
        account.refused.append("jwt.credential.certificate: keys are given as JWKS here")


def _with_our_own(
    draft: ClientDraft, record: Mapping[str, Any], attributes: Mapping[str, str], here: Here, account: Account
) -> ClientDraft:
    """What only this server's own words can say."""
    values: dict[str, Any] = {
        "identity.enabled": record.get("enabled", True) is True,
        "redirection.bypass_approval": record.get("consentRequired", False) is not True,
        # Keycloak takes every way of sending the secret, whatever its metadata says.
        "authentication.exact_methods": (),
        "grants.restricted_response_types": ResponseTypes(),
    }
    account.map("enabled", "identity.enabled")
    account.map("consentRequired", "redirection.bypass_approval")
    scopes = [
        scope
        for member in ("defaultClientScopes", "optionalClientScopes")
        for scope in record.get(member) or []
        if isinstance(scope, str) and scope not in _SCOPES_FOR_CLAIMS
    ]
    if "defaultClientScopes" in record:
        kept = without_unknown_scopes(["openid", *scopes], here, account, "defaultClientScopes, optionalClientScopes")
        values["scopes.restrict"] = True
        values["scopes.restricted"] = tuple(scope for scope in kept if scope in here.facts.common_scopes)
        values["scopes.exclusive"] = tuple(scope for scope in kept if scope in here.facts.exclusive_scopes)
        account.map("defaultClientScopes, optionalClientScopes", "scopes.restricted")
    lifespan = attributes.get("access.token.lifespan", "")
    if lifespan.isdecimal() and 0 < int(lifespan) < 2**31:
        values["access_tokens.lifetime"] = Override(overrides=True, value=int(lifespan))
        account.map("access.token.lifespan", "access_tokens.lifetime")
    return with_values(draft, values)


def _with_secret(draft: ClientDraft, record: Mapping[str, Any], here: Here, account: Account) -> ClientDraft:
    needs = record.get("clientAuthenticatorType", "client-secret") in ("client-secret", "client-secret-jwt")
    if draft.value.authentication.method == "none" or not needs:
        return draft
    secret = record.get("secret")
    if isinstance(secret, str) and secret and secret != _MASK:
        return with_secret(draft, secret, here, account, "secret")
    account.secret_lost = True
    return draft


def _tell_the_rest(record: Mapping[str, Any], attributes: Mapping[str, str], account: Account) -> None:
    mapped = {member for member, _ in account.mapped}
    for member, value in record.items():
        if member not in _OF_NO_CONCERN and member not in mapped and value not in (None, "", [], {}, False):
            account.lose(member, _WHY.get(member, NO_COUNTERPART))
    told = {*_ATTRIBUTES, *_FLAGS, *(name for name, _ in _FLOW_ATTRIBUTES), *_ATTRIBUTES_OF_NO_CONCERN, *mapped}
    told |= {"use.refresh.tokens", "jwks.url", "jwks.string", "post.logout.redirect.uris", "request.object.required"}
    for attribute, value in attributes.items():
        if attribute not in told and not attribute.startswith("saml") and value.lower() not in {*_SILENT, "false"}:
            account.lose(attribute)


KEYCLOAK = Source(_clients, _read)
"""A realm export (``{"realm": …, "clients": […]}``), a list of realms, or of clients."""
