"""Metadata documents of the resource servers that are registered here, by the resource URIs of managers (RFC 9728).

A client that was turned away by an API reads there which authorization server it should go to. The document is public
configuration; it says nothing that depends on who asks or how.
"""

from typing import Any
from urllib.parse import urlsplit

from ostiary.server import Server

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def metadata(resource: str, server: Server) -> dict[str, Any] | None:
    """RFC 9728 §2: the document of exactly this resource; None when no manager has it."""
    for manager in server.objects.managers.values():
        if resource in manager.resource_uris:
            return {
                "resource": resource,
                "resource_name": manager.name,
                "authorization_servers": [server.issuer],
                "bearer_methods_supported": ["header"],
            }
    return None


def resource_at(rest: str, query: str, server: Server) -> str:
    """RFC 9728 §3.1: the resource on our own host whose well-known address was asked for: ``rest`` is its path."""
    parts = urlsplit(server.issuer)
    path = f"/{rest}" if rest else ""
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{query}" if query else "")
