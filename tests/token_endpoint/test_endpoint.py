"""What all grants share."""

import pytest

from ostiary.errors import InvalidDpopProof, InvalidRequest, UnauthorizedClient, UnsupportedGrantType
from ostiary.token_endpoint.answer import TokenAnswer
from ostiary.words import GrantType
from tests.house import add_client, ask, make_server

pytestmark = pytest.mark.anyio


async def test_grant_type_is_required() -> None:
    server = make_server()
    await add_client(server)
    with pytest.raises(InvalidRequest, match="grant_type is required"):
        await ask(server)


@pytest.mark.parametrize("grant_type", ["password", "AUTHORIZATION_CODE", "implicit", "x", str(GrantType.DEVICE_CODE)])
async def test_a_grant_type_that_is_not_served_is_unsupported(grant_type: str) -> None:
    server = make_server()
    await add_client(server)
    with pytest.raises(UnsupportedGrantType):
        await ask(server, grant_type=grant_type)


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token", "client_credentials"])
async def test_a_grant_type_that_the_client_has_not_is_refused(grant_type: str) -> None:
    server = make_server()
    await add_client(server, grants__allowed=frozenset({GrantType.IMPLICIT}))
    with pytest.raises(UnauthorizedClient) as refusal:
        await ask(server, grant_type=grant_type)
    assert refusal.value.why.setting == "grants.allowed"


async def test_a_client_that_needs_dpop_gets_no_bearer_token() -> None:
    server = make_server()
    await add_client(server, requests__require_dpop=True)
    with pytest.raises(InvalidDpopProof):
        await ask(server, grant_type="client_credentials")


async def test_a_client_that_needs_certificate_bound_tokens_gets_no_other() -> None:
    server = make_server()
    await add_client(server, requests__certificate_bound_access_tokens=True)
    with pytest.raises(InvalidRequest):
        await ask(server, grant_type="client_credentials")


def test_only_the_members_that_apply_are_answered() -> None:
    assert TokenAnswer(access_token="a", expires_in=5).as_json() == {
        "access_token": "a",
        "token_type": "Bearer",
        "expires_in": 5,
    }
    whole = TokenAnswer(access_token="a", expires_in=5, scope="s", refresh_token="r", id_token="i").as_json()
    assert list(whole) == ["access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"]


def test_an_answer_prints_no_token() -> None:
    assert "secret" not in repr(TokenAnswer(access_token="secret", expires_in=5, refresh_token="secret"))
