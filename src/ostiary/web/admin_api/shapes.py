"""The shapes of JSON that the operations take and give, made from the declarations when somebody reads them."""

from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS
from ostiary.declare import Dialect
from ostiary.declare.schemas import schema_of
from ostiary.web.admin_api.operations import Schema


def reference_to(schema: Schema) -> dict[str, str]:
    """Where the description keeps the shape."""
    return {"$ref": f"#/components/schemas/{schema.name}"}


def list_of(one: Schema) -> Schema:
    """``{"items": […]}``."""
    items = {"type": "array", "items": reference_to(one)}
    whole = {"type": "object", "properties": {"items": items}, "required": ["items"]}
    return Schema(f"{one.name}List", lambda: whole, one)


def array_of(one: Schema) -> Schema:
    """A bare list."""
    return Schema(f"{one.name}Array", lambda: {"type": "array", "items": reference_to(one)}, one)


def _client() -> dict[str, Any]:
    found = schema_of(CLIENT_SETTINGS, Dialect.ADMIN)
    needed = ("identity.client_id", "identity.name", "grants.allowed")  # V01
    return found | {"required": [CLIENT_SETTINGS.name_in(Dialect.ADMIN, path) for path in needed]}


CLIENT = Schema("Client", _client)


def _client_secret() -> dict[str, Any]:
    own = schema_of(CLIENT_SETTINGS, Dialect.ADMIN)["properties"]["clientAuth"]["properties"]
    return {"type": "object", "properties": {n: own[n] for n in ("secret", "encryptedSecret", "secondarySecrets")}}


CLIENT_SECRET = Schema("ClientSecret", _client_secret)
