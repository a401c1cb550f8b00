"""Documents of protected resources: `/.well-known/oauth-protected-resource` (RFC 9728)."""

from ostiary.parameters import Parameters
from ostiary.protected_resources import WELL_KNOWN, metadata, resource_at
from ostiary.server import Server
from ostiary.web.app import Routes, not_found
from ostiary.web.call import Call, Reply
from ostiary.web.runtime import METADATA_MAX_AGE_SECONDS

_HEADERS = (
    (b"cache-control", b"public, max-age=%d" % METADATA_MAX_AGE_SECONDS),
    (b"access-control-allow-origin", b"*"),
)


async def on_this_host(call: Call, server: Server) -> Reply:
    """GET /.well-known/oauth-protected-resource/PATH: of the resource at this path of the issuer's host."""
    return _document(resource_at(call.rest, call.query.decode("latin-1"), server), server)


async def named(call: Call, server: Server) -> Reply:
    """GET /.well-known/oauth-protected-resource?resource=URI: what a gateway in front of that resource can hand on."""
    resource = Parameters.from_form(call.query).get("resource") if call.query else None
    return _document(resource or resource_at("", "", server), server)


def _document(resource: str, server: Server) -> Reply:
    found = metadata(resource, server) if server.settings.roles.oauth else None
    return not_found() if found is None else Reply.json(found, headers=_HEADERS)


ROUTES: Routes = {WELL_KNOWN: {"GET": named}, f"{WELL_KNOWN}/*": {"GET": on_this_host}}
