"""One stored client, four interfaces: what is set through one reads the same through all the others."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects import admin, legacy, portal, registration
from ostiary.clients.dialects.manners import ClientDraft
from ostiary.clients.documents import document_of, load_client
from ostiary.declare import Dialect, Lifetime
from ostiary.words import AuthMethod, ClientAuth, GrantType, LogoutMode, MethodsSetting, ThreeWay, TimeUnit
from tests.clients.samples import VALUES, changed

SCOPES = ("openid", "profile", "email")
PROPERTIES = tuple(VALUES["extended.parameters"])
WRITERS: dict[Dialect, Callable[[Client], dict[str, Any]]] = {
    Dialect.ADMIN: lambda client: admin.write_client(client, None, now=0),
    Dialect.LEGACY: legacy.write_client,
    Dialect.REGISTRATION: registration.write_client,
    Dialect.PORTAL: portal.write_client,
}
READERS: dict[Dialect, Callable[[Any, Client], ClientDraft]] = {
    Dialect.ADMIN: lambda body, base: admin.read(body, None),
    Dialect.LEGACY: lambda body, base: legacy.read_new(body),
    Dialect.REGISTRATION: lambda body, base: registration.read(body, base, properties=PROPERTIES),
    Dialect.PORTAL: lambda body, base: portal.read(body, base, common_scopes=SCOPES),
}
NOT_ALONE: dict[str, dict[str, Any]] = {
    "authentication.exact_methods": {
        "authentication.method": ClientAuth.PRIVATE_KEY_JWT,
        "authentication.methods_setting": MethodsSetting.LISTED,
    },
    "authentication.methods_setting": {
        "authentication.exact_methods": VALUES["authentication.exact_methods"],
        "authentication.method": ClientAuth.PRIVATE_KEY_JWT,
    },
    "authentication.assertion_algorithm": {"authentication.method": ClientAuth.PRIVATE_KEY_JWT},
    "scopes.restricted": {"scopes.restrict": True},
    "redirection.allow_authentication_api": {"redirection.bypass_approval": True, "scopes.restrict": True},
    "logout.uris": {"logout.mode": LogoutMode.OIDC_FRONT_CHANNEL},
    "logout.back_channel_uri": {"logout.mode": LogoutMode.OIDC_BACK_CHANNEL},
}
"""What has to be said beside a setting so that it means anything."""
CIBA_TOO = frozenset(GrantType)
NO_CIBA = CIBA_TOO - {GrantType.CIBA}


def client_with(path: str) -> Client:
    """A client that has this setting, and what belongs to it; all else is at its default."""
    allowed = CIBA_TOO if path.startswith("ciba.") else NO_CIBA
    start = {
        "identity.client_id": "full",
        "identity.name": "Full Client",
        "grants.allowed": allowed,
        "portal.client_type": VALUES["portal.client_type"],
    }
    value = NO_CIBA if path == "grants.allowed" else VALUES[path]
    return CLIENT_SETTINGS.with_values(Client(), {**start, **NOT_ALONE.get(path, {}), path: value})


def stored(draft: ClientDraft) -> Client:
    """The client that the store gives back after this draft was saved."""
    assert draft.problems == ()
    assert draft.unknown == ()
    found, problems = load_client(json.loads(document_of(draft.value)))
    assert problems == ()
    return found


def said_of(path: str, dialect: Dialect, client: Client) -> dict[str, Any]:
    """What the interface says of one setting."""
    body: Any = WRITERS[dialect](client)
    key = CLIENT_SETTINGS.by_path[path].key_in(dialect)
    assert key is not None
    found = {}
    for name in key.names:
        here = body
        for step in name.split("."):
            here = here.get(step) if isinstance(here, dict) else None
        is_key_set = isinstance(here, str) and path == "authentication.jwks"
        found[name] = json.loads(here) if is_key_set else here  # as text or as an object, as it came
    return found


def through(dialect: Dialect, client: Client) -> Client:
    """The client after it was sent to an interface and stored."""
    own = {"identity.client_id": client.client_id, "portal.runtime_id": client.portal.runtime_id}
    return stored(READERS[dialect](WRITERS[dialect](client), CLIENT_SETTINGS.with_values(Client(), own)))


EVERY = [
    pytest.param(dialect, declared.path, id=f"{dialect.value} {declared.path}")
    for dialect in Dialect
    for declared, key in CLIENT_SETTINGS.in_dialect(dialect)
    if key.read and declared.path in VALUES
]


@pytest.mark.parametrize(("dialect", "path"), EVERY)
def test_what_is_set_through_one_interface_reads_the_same_through_all_others(dialect: Dialect, path: str) -> None:
    wanted = client_with(path)
    found = through(dialect, wanted)
    setting = CLIENT_SETTINGS.by_path[path]
    assert setting.value_in(found) == setting.value_in(wanted)
    for other in Dialect:
        if setting.key_in(other) is not None:
            assert said_of(path, other, found) == said_of(path, other, wanted), other


def test_every_setting_can_be_set_somewhere() -> None:
    assert {str(one.values[1]) for one in EVERY} == set(VALUES)


PORTAL_ONLY = [
    declared.path
    for declared, _ in CLIENT_SETTINGS.in_dialect(Dialect.PORTAL)
    if declared.path in VALUES and all(declared.key_in(one) is None for one in Dialect if one is not Dialect.PORTAL)
]


@pytest.mark.parametrize("path", PORTAL_ONLY)
def test_what_only_the_portal_says_outlives_a_change_through_the_others(path: str) -> None:
    before = client_with(path)
    setting = CLIENT_SETTINGS.by_path[path]
    for found in (
        admin.read(WRITERS[Dialect.ADMIN](before), before).value,
        legacy.read_changed(WRITERS[Dialect.LEGACY](before), before).value,
        registration.read(WRITERS[Dialect.REGISTRATION](before), before).value,
    ):
        assert setting.value_in(found) == setting.value_in(before)


@pytest.mark.parametrize("path", VALUES)
def test_the_portal_changes_nothing_by_sending_back_what_it_was_shown(path: str) -> None:
    before = changed(client_with(path), portal__runtime_id="version-1").at_version(1)
    draft = portal.read(portal.write_client(before), before, common_scopes=SCOPES)
    assert draft.problems == ()
    assert CLIENT_SETTINGS.changed(draft.value, before) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("persistent_grants.max_lifetime", Lifetime(ThreeWay.OVERRIDE, 90, TimeUnit.MINUTES)),
        ("persistent_grants.max_lifetime", Lifetime(ThreeWay.OVERRIDE, 3, TimeUnit.DAYS)),
        ("scopes.restrict", True),
        ("scopes.restricted", ("email",)),
        ("authentication.method", ClientAuth.CERTIFICATE),
        ("authentication.method", ClientAuth.NONE),
        ("grants.allowed", frozenset({GrantType.DEVICE_CODE})),
    ],
)
def test_nor_where_it_is_shown_less_than_there_is(path: str, value: Any) -> None:
    before = CLIENT_SETTINGS.with_values(client_with("identity.name"), {path: value}).at_version(1)
    draft = portal.read(portal.write_client(before), before, common_scopes=SCOPES)
    assert CLIENT_SETTINGS.changed(draft.value, before) == ()
    shown = {
        **portal.write_client(before),
        "grant_expiration_hours": "7",
        "grant_expiration_setting": "grant_exp_in_hours",
    }
    assert portal.read(shown, before).value.persistent_grants.max_lifetime.amount == 7


TWO_WAYS = CLIENT_SETTINGS.with_values(
    client_with("identity.name"),
    {
        "authentication.method": ClientAuth.SECRET,
        "authentication.exact_methods": (AuthMethod.NONE, AuthMethod.CLIENT_SECRET_POST),
        "authentication.methods_setting": MethodsSetting.LISTED,
    },
)


@pytest.mark.parametrize(
    ("method", "left"),
    [
        (ClientAuth.SECRET, TWO_WAYS.authentication.exact_methods),
        (ClientAuth.NONE, (AuthMethod.NONE,)),
        (ClientAuth.PRIVATE_KEY_JWT, ()),
    ],
)
def test_another_authentication_leaves_none_of_the_methods_that_were_listed_for_the_old_one(
    method: ClientAuth, left: tuple[AuthMethod, ...]
) -> None:
    wanted = changed(TWO_WAYS, authentication__method=method)
    for found in (
        admin.read(WRITERS[Dialect.ADMIN](wanted), TWO_WAYS).value,
        legacy.read_changed(WRITERS[Dialect.LEGACY](wanted), TWO_WAYS).value,
    ):
        assert found.authentication.exact_methods == left
        assert (found.authentication.methods_setting is MethodsSetting.LISTED) is bool(left)
