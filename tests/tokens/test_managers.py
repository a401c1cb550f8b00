"""Which access token manager makes a token (behaviour §11.2)."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import pytest

from ostiary.errors import InvalidRequest, InvalidTarget, OAuthError, ServerError
from ostiary.parameters import Parameters
from ostiary.server import Server
from ostiary.server_settings.configuration import Plugin
from ostiary.server_settings.managers import ReferenceConfiguration
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.openid_policies import OpenIdPolicy
from ostiary.server_settings.token_objects import AccessTokenManager, AccessTokenMapping, MappingContext
from ostiary.tokens.managers import (
    CLIENT_CREDENTIALS,
    NOTHING,
    Context,
    Wanted,
    choose_manager,
    mapping_for,
    signed_on,
)
from tests.house import client_with, make_server

PEOPLE = signed_on("users")


def manager(id_: str, **values: Any) -> AccessTokenManager:
    return AccessTokenManager(id=id_, name=id_, plugin=Plugin("reference", ReferenceConfiguration()), **values)


def mapping(manager_id: str, context: MappingContext, context_id: str | None = None) -> AccessTokenMapping:
    made = AccessTokenMapping(context_type=context, context_id=context_id, manager_id=manager_id)
    return AccessTokenMapping(id=made.computed_id(), context_type=context, context_id=context_id, manager_id=manager_id)


def server_with(
    managers: Iterable[AccessTokenManager],
    mappings: Iterable[AccessTokenMapping] | None = None,
    default: str = "",
    policy_manager: str | None = None,
) -> Server:
    """Managers with a default mapping each, unless others are given."""
    managers = tuple(managers)
    if mappings is None:
        mappings = [mapping(one.id, MappingContext.DEFAULT) for one in managers]
    policy = OpenIdPolicy(id="p", name="p", manager_id=policy_manager)
    objects = Objects(
        managers=MappingProxyType({one.id: one for one in managers}),
        mappings=tuple(mappings),
        default_manager=default,
        policies=MappingProxyType({"p": policy}),
        default_policy="p",
    )
    return make_server(objects=objects)


def chosen(
    server: Server,
    *,
    context: Context = PEOPLE,
    openid: bool = False,
    before: str = "",
    wanted: Wanted = NOTHING,
    **client: Any,
) -> str:
    return choose_manager(wanted, context, client_with(**client), server, openid=openid, before=before).id


AB = (manager("a"), manager("b"))


def test_the_servers_default_is_taken_when_nobody_says_anything() -> None:
    assert chosen(server_with(AB, default="b")) == "b"


def test_the_clients_default_comes_before_the_servers() -> None:
    assert chosen(server_with(AB, default="b"), access_tokens__default_manager="a") == "a"


def test_with_openid_the_manager_of_the_policy_comes_first() -> None:
    server = server_with(AB, default="a", policy_manager="b")
    assert chosen(server, openid=True, access_tokens__default_manager="a") == "b"
    assert chosen(server, openid=False, access_tokens__default_manager="a") == "a"


def test_what_was_chosen_before_holds() -> None:
    assert chosen(server_with(AB, default="b"), before="a") == "a"


def test_the_only_eligible_manager_needs_no_default() -> None:
    assert chosen(server_with(AB[:1])) == "a"


def test_without_a_default_two_are_one_too_many() -> None:
    with pytest.raises(ServerError):
        chosen(server_with(AB))


def test_without_any_manager_the_server_is_to_blame() -> None:
    with pytest.raises(ServerError):
        chosen(server_with(()))


def test_a_manager_without_mapping_for_the_context_is_not_eligible() -> None:
    mappings = [mapping("a", MappingContext.PCV, "users"), mapping("b", MappingContext.CLIENT_CREDENTIALS)]
    server = server_with(AB, mappings, default="a")
    assert chosen(server) == "a"
    assert chosen(server, context=CLIENT_CREDENTIALS) == "b"
    with pytest.raises(ServerError):
        chosen(server, context=signed_on("others"))


def test_the_mapping_of_the_validator_comes_before_the_default_one() -> None:
    mappings = [mapping("a", MappingContext.DEFAULT), mapping("a", MappingContext.PCV, "users")]
    objects = server_with(AB, mappings).objects
    own = mapping_for("a", PEOPLE, objects)
    other = mapping_for("a", signed_on("others"), objects)
    assert own is not None
    assert other is not None
    assert own.context_type is MappingContext.PCV
    assert other.context_type is MappingContext.DEFAULT


def test_a_client_that_is_not_on_the_list_may_not_use_the_manager() -> None:
    managers = (manager("a", restrict_clients=True, allowed_clients=("app",)), manager("b"))
    server = server_with(managers, default="a")
    assert chosen(server) == "a"
    assert chosen(server, client_id="other") == "b"
    with pytest.raises(InvalidRequest):
        chosen(server, client_id="other", wanted=Wanted("a"))


def test_a_client_restricted_to_its_default_has_no_choice() -> None:
    server = server_with(AB, default="a")
    assert chosen(server, wanted=Wanted("b")) == "b"
    with pytest.raises(InvalidRequest):
        chosen(server, wanted=Wanted("b"), access_tokens__restrict_to_default=True)
    own = {"access_tokens__restrict_to_default": True, "access_tokens__default_manager": "b"}
    assert chosen(server, wanted=Wanted("b"), **own) == "b"
    assert chosen(server, **own) == "b"


API = (
    manager("a", resource_uris=("https://api.example",)),
    manager("b", resource_uris=("https://api.example/b", "https://b.example/")),
)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://api.example", "a"),
        ("https://api.example/x", "a"),
        ("https://api.example/b", "b"),
        ("https://api.example/b/c", "b"),
        ("https://api.example/bc", "a"),
        ("https://b.example/x", "b"),
    ],
)
def test_the_longest_base_at_a_path_boundary_wins(uri: str, expected: str) -> None:
    assert chosen(server_with(API, default="a"), wanted=Wanted(None, (uri,))) == expected


@pytest.mark.parametrize("uri", ["https://api.example.evil", "https://b.example", "https://API.example", "urn:x"])
def test_a_resource_that_no_manager_is_for_is_refused(uri: str) -> None:
    with pytest.raises(InvalidTarget):
        chosen(server_with(API, default="a"), wanted=Wanted(None, (uri,)))


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Wanted("nobody"), InvalidRequest),
        (Wanted("b", ("https://api.example",)), InvalidRequest),
        (Wanted(None, ("https://api.example", "https://b.example/x")), InvalidTarget),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(wanted: Wanted, error: type[OAuthError]) -> None:
    with pytest.raises(error):
        chosen(server_with(API, default="a"), wanted=wanted)


def test_several_resources_of_one_manager_are_fine() -> None:
    both = ("https://api.example/x", "https://api.example/y")
    assert chosen(server_with(API, default="b"), wanted=Wanted(None, both)) == "a"


def test_the_parameters_name_a_manager_or_resources() -> None:
    assert Wanted.parse(Parameters.of(scope="x")) is NOTHING
    wanted = Wanted.parse(
        Parameters({"resource": ["https://a", "https://b"], "aud": ["https://c"], "access_token_manager_id": ["m"]})
    )
    assert wanted == Wanted("m", ("https://a", "https://b", "https://c"))


@pytest.mark.parametrize("uri", ["/relative", "api", "https://a#fragment", "https://é", "https://["])
def test_a_resource_is_an_absolute_uri_without_fragment(uri: str) -> None:
    with pytest.raises(InvalidTarget):
        Wanted.parse(Parameters.of(resource=uri))
