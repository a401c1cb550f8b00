"""The canonical document of a client, and back."""

from dataclasses import replace
from typing import Any

import msgspec

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.declare import Problem, load, store
from ostiary.ports.records import ClientRecord

SCHEMA = 1
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()


def document_of(client: Client) -> bytes:
    """The client as JSON by our own names; only what differs from the defaults."""
    return _ENCODER.encode({"v": SCHEMA, **store(CLIENT_SETTINGS, client)})


def load_client(document: dict[str, Any]) -> tuple[Client, tuple[Problem, ...]]:
    """The client of a document, and what of it could not be read (threat T-64)."""
    client, problems = load(CLIENT_SETTINGS, document)
    if any(problem.field == "authentication.method" for problem in problems):
        # Without knowing how it proves who it is, serving it would let everybody be it.
        client = CLIENT_SETTINGS.with_values(client, {"identity.enabled": False})
    return client, problems


def client_of(record: ClientRecord) -> tuple[Client, tuple[Problem, ...]]:
    """The client of a stored record. A record that is no document at all gives a client that is not enabled."""
    try:
        document = _DECODER.decode(record.document)
        if not isinstance(document, dict):
            raise ValueError("not an object")
    except ValueError as error:  # msgspec's errors are ValueErrors
        problem = Problem("identity", f"the stored document cannot be read: {error}", malformed=True)
        return _named(Client(), record, enabled=False), (problem,)
    client, problems = load_client(document)
    return _named(client, record, enabled=client.identity.enabled), problems


def _named(client: Client, record: ClientRecord, *, enabled: bool) -> Client:
    """The columns say who it is, whatever the document says."""
    identity = replace(client.identity, client_id=record.client_id, enabled=enabled)
    return replace(client, identity=identity, version=record.version)
