"""The protocol endpoints of the runtime port. A handler translates, nothing more."""

from collections.abc import Mapping

from ostiary import discovery
from ostiary.client_auth import Knock, authenticate
from ostiary.clients.client import Client
from ostiary.errors import InvalidToken, OAuthError
from ostiary.keys.rotation import JWKS_MAX_AGE_SECONDS
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.token_endpoint import endpoint
from ostiary.tokens import introspection, revocation, userinfo
from ostiary.web.app import Published, Routes, refusal
from ostiary.web.call import NO_STORE, Call, Refused, Reply

HEARTBEAT = "/pf/heartbeat.ping"
USER_INFO = "/idp/userinfo.openid"
METADATA_MAX_AGE_SECONDS = 60
_OPEN = (b"access-control-allow-origin", b"*")
_METADATA = ((b"cache-control", b"public, max-age=%d" % METADATA_MAX_AGE_SECONDS), _OPEN)
_KEYS = ((b"cache-control", b"public, max-age=%d" % JWKS_MAX_AGE_SECONDS), _OPEN)


async def token(call: Call, server: Server) -> Reply:
    """POST /as/token.oauth2"""
    parameters = Parameters.from_form(await call.form())
    client = await authenticate(knock(call, parameters), server)
    try:
        answer = await endpoint.answer(parameters, client, server)
    except OAuthError as error:
        return _refused(error, call, server, client)
    return Reply.json(answer.as_json(), headers=NO_STORE)


async def introspect(call: Call, server: Server) -> Reply:
    """POST /as/introspect.oauth2"""
    parameters = Parameters.from_form(await call.form())
    client = await authenticate(knock(call, parameters), server)
    accept = call.header(b"accept")
    if accept and not _accepts_json(accept):
        raise Refused(406, "introspection answers in application/json")
    try:
        answer = await introspection.introspect(parameters, client, server)
    except OAuthError as error:
        return _refused(error, call, server, client)
    return Reply.json(answer, headers=NO_STORE)


async def revoke(call: Call, server: Server) -> Reply:
    """POST /as/revoke_token.oauth2"""
    parameters = Parameters.from_form(await call.form())
    client = await authenticate(knock(call, parameters), server)
    try:
        await revocation.revoke(parameters, client, server)
    except OAuthError as error:
        return _refused(error, call, server, client)
    return Reply(200, b"", b"", NO_STORE)


async def user_info(call: Call, server: Server) -> Reply:
    """GET, POST /idp/userinfo.openid"""
    try:
        bearer = await _bearer(call)
        answer = await userinfo.userinfo(bearer, server)
    except InvalidToken as error:
        challenge = b'Bearer realm="Ostiary"'
        if error.description:
            challenge += b', error="invalid_token", error_description="%s"' % error.description.encode(
                "ascii", "replace"
            )
        return _challenged(error, challenge)
    except OAuthError as error:
        return _challenged(error, b'Bearer error="%s"' % error.code.encode())
    if isinstance(answer, str):
        return Reply(200, answer.encode(), b"application/jwt", NO_STORE)
    return Reply.json(answer, headers=NO_STORE)


async def jwks(call: Call, server: Server) -> Reply:
    """GET /pf/JWKS"""
    return _unless_known(call, _published_jwks(server))


async def openid_configuration(call: Call, server: Server) -> Reply:
    """GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server"""
    policy_id = Parameters.from_form(call.query).get("policy_id") if call.query else None
    return _unless_known(call, _published_metadata(server, policy_id or ""))


async def heartbeat(_call: Call, server: Server) -> Reply:
    """GET /pf/heartbeat.ping"""
    await server.stores.ping()
    return Reply.text("OK", headers=NO_STORE)


def is_off(server: Server, path: str) -> bool:
    """S168, S169: without its roles the server serves no protocol; only load balancers are still answered."""
    roles = server.settings.roles
    if roles.oauth:
        return not roles.openid and path == USER_INFO
    return path != HEARTBEAT


def knock(call: Call, parameters: Parameters) -> Knock:
    """What the caller presents to prove who it is."""
    return Knock(
        authorization=call.header(b"authorization"),
        parameters=parameters,
        certificate=call.certificate,
        source=call.source,
    )


def _refused(error: OAuthError, call: Call, server: Server, client: Client) -> Reply:
    return refusal(error, call.path, server, client.identity.client_id)


def _unless_known(call: Call, reply: Reply) -> Reply:
    """RFC 9110 §13.1.2: a document that the caller has already is not sent again."""
    etag = dict(reply.headers)[b"etag"]
    if (b"if-none-match", etag) in call.headers:
        return Reply(304, b"", b"", reply.headers)
    return reply


async def _bearer(call: Call) -> str:
    """RFC 6750 §2: from the header, or from the form body of a POST; never from the query."""
    authorization = call.header(b"authorization")
    found: list[str] = []
    if authorization:
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer" and credentials.strip():
            found.append(credentials.strip())
    if call.method == "POST" and (call.header(b"content-type") or "").startswith("application/x-www-form-urlencoded"):
        sent = Parameters.from_form(await call.form()).get("access_token")
        if sent is not None:
            found.append(sent)
    if len(found) > 1:
        raise Refused(400, "the access token was sent in more than one place")
    if not found:
        raise InvalidToken("")
    return found[0]


def _challenged(error: OAuthError, challenge: bytes) -> Reply:
    headers = (*NO_STORE, (b"www-authenticate", challenge))
    if not error.description:
        return Reply(error.status, b"", b"", headers)
    return Reply.json({"error": error.code, "error_description": error.description}, error.status, headers)


def _accepts_json(accept: str) -> bool:
    if accept in {"*/*", "application/json"}:
        return True
    wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return bool(wanted & {"*/*", "application/*", "application/json"})


def _published_jwks(server: Server) -> Reply:
    return Reply(200, server.keys.jwks, b"application/json", (*_KEYS, (b"etag", server.keys.etag.encode())))


def _published_metadata(server: Server, policy_id: str = "") -> Reply:
    document = discovery.document(server, policy_id)
    return Reply(200, document.body, b"application/json", (*_METADATA, (b"etag", document.etag)))


PUBLISHED: Mapping[str, Published] = {
    "/pf/JWKS": _published_jwks,
    "/.well-known/openid-configuration": _published_metadata,
    "/.well-known/oauth-authorization-server": _published_metadata,
}


def beside(base_path: str) -> Mapping[str, str]:
    """What an issuer with a path also answers outside of it, and the routes that do.

    RFC 8414 §3.1: the path of the issuer stands behind the well-known name. The heartbeat is asked by load balancers,
    which know the port and nothing of issuers.
    """
    metadata = "/.well-known/oauth-authorization-server"
    return {HEARTBEAT: HEARTBEAT, metadata + base_path: metadata}


ROUTES: Routes = {
    "/as/token.oauth2": {"POST": token},
    "/as/introspect.oauth2": {"POST": introspect},
    "/as/revoke_token.oauth2": {"POST": revoke},
    USER_INFO: {"GET": user_info, "POST": user_info},
    "/pf/JWKS": {"GET": jwks},
    "/.well-known/openid-configuration": {"GET": openid_configuration},
    "/.well-known/oauth-authorization-server": {"GET": openid_configuration},
    HEARTBEAT: {"GET": heartbeat},
}
