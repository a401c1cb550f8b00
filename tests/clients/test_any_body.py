"""No body a client can be asked for in causes an accident (threat T-59), and what is accepted survives its journey."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import admin, legacy, portal, registration
from ostiary.clients.documents import document_of, load_client
from ostiary.clients.rules import check
from ostiary.declare import Dialect
from tests.clients.samples import FACTS, FULL, changed

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "true", "RS256", "OVERRIDE_SERVER_DEFAULT", "https://a.example/*", "\ud800", "\x00", "Default", "[" * 50]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, 1 << 70])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
BLANK = changed(FULL, authentication__secret=None)


def bodies(dialect: Dialect) -> st.SearchStrategy[Any]:
    """Objects with real names and any values, nested as the dialect nests them."""
    names = sorted({name for _, key in CLIENT_SETTINGS.in_dialect(dialect) for name in key.names})
    tops = sorted({name.partition(".")[0] for name in names})
    members = st.dictionaries(st.sampled_from(tops), JSON, max_size=8)
    nested = {
        top: st.dictionaries(st.sampled_from([n.partition(".")[2] for n in names if n.startswith(f"{top}.")]), JSON)
        for top in tops
        if f"{top}." in " ".join(names)
    }
    return (
        st.builds(
            lambda *parts: {k: v for p in parts for k, v in p.items()},
            members,
            st.fixed_dictionaries({}, optional=nested),
        )
        | JSON
    )


JUDGED_TWICE = {
    "redirection.redirect_uris",
    "redirection.post_logout_redirect_uris",
    "authentication.jwks",
}
"""Rules judge these when they are saved, and their kinds when they are loaded; here no rule has refused them."""


def survives(client: Client, *, accepted: bool) -> None:
    """Rules, documents and every rendering take it; an accepted one comes back from the store as it went."""
    check(client, FACTS)
    if not accepted:
        return
    stored = changed(client, authentication__secret=None, authentication__secondary_secrets=())
    _, problems = load_client(json.loads(document_of(stored)))
    assert {problem.field for problem in problems} <= JUDGED_TWICE
    for render in (legacy.write_client, registration.write_client, portal.write_client):
        msgspec.json.encode(render(stored))
    msgspec.json.encode(admin.write_client(stored, None, 0))


@pytest.mark.parametrize("dialect", Dialect)
def test_any_body_is_read_or_refused(dialect: Dialect) -> None:
    readers = {
        Dialect.ADMIN: lambda body: admin.read(body, BLANK, "c"),
        Dialect.LEGACY: lambda body: legacy.read_changed(body, BLANK),
        Dialect.REGISTRATION: lambda body: registration.read(body, BLANK, properties={"Contact"}),
        Dialect.PORTAL: lambda body: portal.read(body, BLANK.at_version(1)),
    }

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies(dialect))
    def judged(body: Any) -> None:
        draft = readers[dialect](body)
        survives(draft.value, accepted=not draft.problems)

    judged()


@settings(max_examples=30, deadline=None)
@given(bodies(Dialect.LEGACY))
def test_any_envelope_is_read_or_refused(body: Any) -> None:
    for envelope in (body, {"client": body}, {"client": [body]}):
        try:
            raws = legacy.clients_in(envelope)
        except legacy.NotClients:
            continue
        for raw in raws:
            legacy.id_in(raw)
            survives(legacy.read_new(raw).value, accepted=False)
