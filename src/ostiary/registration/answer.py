"""The client information response (RFC 7591 §3.2.1, RFC 7592 §3): what is registered, as it is stored."""

from typing import Any
from urllib.parse import quote

from ostiary.clients.dialects import registration as dialect
from ostiary.registration.endpoint import Registered
from ostiary.server import Server

PATH = "/as/clients.oauth2"


def as_json(registered: Registered, server: Server) -> dict[str, Any]:
    """Every member. A secret is in it only when it was made just now; of secrets and tokens only digests are kept."""
    client, document = registered.client, registered.document
    body = dialect.write_client(client)
    for name in ("software_id", "software_version", "software_statement"):
        value = getattr(document, name)
        if value is not None:
            body[name] = value
    if registered.secret is not None:
        body["client_secret"] = registered.secret.reveal()
        body["client_secret_expires_at"] = 0
    if registered.token is not None:
        body["registration_client_uri"] = f"{server.issuer}{PATH}/{quote(client.client_id, safe='')}"
        body["registration_access_token"] = registered.token.reveal()
    return body
