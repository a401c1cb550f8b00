"""Registration policies: what each kind asks, and that all of them are asked, in order, at every change."""

import json
from asyncio import gather
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from ostiary.keys.jws import encode_segment
from ostiary.ports.outbound import DocumentKind, NoOutbound, OutboundFailed
from ostiary.server_settings.plugins import (
    AllowedHostsConfiguration,
    QuotaConfiguration,
    RequiredProofsConfiguration,
    ResponseTypesConfiguration,
    SoftwareStatementConfiguration,
    StatementIssuer,
)
from tests.house import clock_of, make_server
from tests.registration.desk import METADATA, Desk, desk_with

pytestmark = pytest.mark.anyio

ONLY_CODE = ResponseTypesConfiguration(
    code_id_token=False, code_id_token_token=False, code_token=False, id_token=False, id_token_token=False, token=False
)
BROWSER = {"grant_types": ["authorization_code", "implicit"]}


# Response types -------------------------------------------------------------------------------------------------------


async def test_response_types_that_are_not_open_are_taken_away() -> None:
    desk = desk_with(response_types=ONLY_CODE)
    body = await desk.registered(**BROWSER, response_types=["code", "code id_token", "token"])
    assert body["response_types"] == ["code"]
    assert (await desk.registered(grant_types=["client_credentials"], redirect_uris=None))["client_id"]


async def test_when_no_response_type_is_left_the_registration_is_refused() -> None:
    desk = desk_with(response_types=ONLY_CODE)
    answer = await desk.register(**BROWSER, response_types=["token"])
    assert answer.error == "invalid_client_metadata"
    assert "response_types" in answer.description


# Required proofs ------------------------------------------------------------------------------------------------------


async def test_required_proofs_are_turned_on_and_cannot_be_declined() -> None:
    desk = desk_with(required_proofs=RequiredProofsConfiguration(pkce=True, dpop=True, pushed=True))
    body = await desk.registered()
    members = (
        "require_proof_key_for_code_exchange",
        "dpop_bound_access_tokens",
        "require_pushed_authorization_requests",
    )
    assert [body[name] for name in members] == [True, True, True]
    for name in members:
        assert name in (await desk.register(**{name: False})).description
    put = await desk.manage("PUT", body, {**METADATA, "client_id": body["client_id"], members[1]: False})
    assert put.error == "invalid_client_metadata"


# Allowed hosts --------------------------------------------------------------------------------------------------------

HOSTS = AllowedHostsConfiguration(hosts="trusted.test, *.apps.test\n[::1]")


@pytest.mark.parametrize(
    ("uri", "is_allowed"),
    [
        ("https://trusted.test/cb", True),
        ("https://TRUSTED.test:8443/cb", True),
        ("https://trusted.test./cb", True),
        ("https://a.apps.test/cb", True),
        ("https://a.b.apps.test/cb", True),
        ("https://apps.test/cb", False),
        ("https://trusted.test.evil.test/cb", False),
        ("https://eviltrusted.test/cb", False),
        ("https://evilapps.test/cb", False),
        ("https://trusted.test:x@evil.test/cb", False),
        ("https://trusted.test%2eevil.test/cb", False),
        ("https://evil.test/trusted.test", False),
        ("https://evil.test?trusted.test", False),
        ("https://evil.test\\@trusted.test/", False),
        ("http://127.0.0.1/cb", True),
        ("http://[::1]:4000/cb", True),
        ("http://localhost/cb", True),
        ("https://127.0.0.1/cb", False),
        ("http://10.0.0.1/cb", False),
    ],
)
async def test_hosts_are_compared_as_parsed_and_anchored(uri: str, is_allowed: bool) -> None:
    """Threat T-36."""
    answer = await desk_with(allowed_hosts=HOSTS).register(redirect_uris=[uri])
    assert answer.status == (201 if is_allowed else 400), answer.body


@pytest.mark.parametrize(
    "member",
    [
        "logo_uri", "client_uri", "policy_uri", "tos_uri", "jwks_uri", "initiate_login_uri", "backchannel_logout_uri",
        "frontchannel_logout_uri",
    ],
)  # fmt: skip
async def test_every_uri_of_a_client_is_looked_at(member: str) -> None:
    desk = desk_with(allowed_hosts=HOSTS)
    sent = {"redirect_uris": ["https://trusted.test/"]}
    assert (await desk.register(**sent, **{member: "https://trusted.test/x"})).status == 201
    answer = await desk.register(**sent, **{member: "https://evil.test/x"})
    assert answer.status == 400
    assert member in answer.description
    for listed in ("post_logout_redirect_uris", "request_uris"):
        assert (await desk.register(**sent, **{listed: ["https://evil.test/"]})).status == 400


async def test_a_scheme_of_one_s_own_names_no_host_and_needs_to_be_allowed() -> None:
    native = {"redirect_uris": ["com.example.app:/cb"], "application_type": "native"}
    assert (await desk_with(allowed_hosts=HOSTS).register(**native)).status == 400
    assert (await desk_with(allowed_hosts=replace(HOSTS, private_schemes=True)).register(**native)).status == 201
    loopback = {"redirect_uris": ["http://127.0.0.1/"], "application_type": "native"}
    assert (await desk_with(allowed_hosts=replace(HOSTS, loopback=False)).register(**loopback)).status == 400


# Quota ----------------------------------------------------------------------------------------------------------------


async def test_a_quota_holds_per_source_under_parallel_load_and_ends_with_its_window() -> None:
    desk = desk_with(quota=QuotaConfiguration(per_source=3, window_minutes=10))
    answers = await gather(*(desk.register() for _ in range(20)))
    assert [answer.status for answer in answers].count(201) == 3
    refused = next(answer for answer in answers if answer.status == 400)
    assert "quota" in refused.description
    assert await desk.server.stores.count_clients() == 3
    assert (await desk.register(source="198.51.100.1")).status == 201
    clock_of(desk.server).advance(seconds=600)
    assert (await desk.register()).status == 201


async def test_a_quota_holds_per_token_wherever_it_is_used() -> None:
    desk = desk_with(quota=QuotaConfiguration(per_token=2))
    token = await desk.initial_token(uses=10)
    statuses = [(await desk.register(token=token, source=f"192.0.2.{n}")).status for n in range(4)]
    assert statuses == [201, 201, 400, 400]
    record = (await desk.server.stores.initial_tokens())[0]
    assert record.uses == 2  # what was not stored was not counted
    assert (await desk.register()).status == 201


async def test_a_registration_that_is_refused_and_a_replacement_take_nothing_of_a_quota() -> None:
    desk = desk_with(quota=QuotaConfiguration(per_source=1))
    assert (await desk.register(scope="nonsense")).status == 400
    body = await desk.registered()
    assert (await desk.manage("PUT", body, {**METADATA, "client_id": body["client_id"]})).status == 200


# Software statements --------------------------------------------------------------------------------------------------

SIGNER = ECKey.generate_key("P-256", {"kid": "s1"})
RSA = RSAKey.generate_key(2048, {"kid": "r1"})
STRANGER = ECKey.generate_key("P-256", {"kid": "s1"})
PUBLIC_KEY = SIGNER.as_dict(private=False)
PUBLIC = json.dumps({"keys": [PUBLIC_KEY, RSA.as_dict(private=False)]})
ISSUER = "https://directory.example"
TRUSTED = SoftwareStatementConfiguration(issuers=(StatementIssuer(issuer=ISSUER, jwks=PUBLIC),))


def statement(key: Any = SIGNER, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    body = {"iss": ISSUER, "software_id": "s-1", "client_name": "As the directory says", **claims}
    return jwt.encode({"alg": alg, "kid": "s1", **(header or {})}, body, key, algorithms=[alg])


async def test_what_a_trusted_statement_says_stands_above_what_was_sent() -> None:
    desk = desk_with(software_statement=TRUSTED)
    text = statement(redirect_uris=["https://stated.example/cb"])
    body = await desk.registered(software_statement=text, client_name="Mine", contacts=["me@app.example"])
    assert body["client_name"] == "As the directory says"
    assert body["redirect_uris"] == ["https://stated.example/cb"]
    assert body["contacts"] == ["me@app.example"]
    assert body["software_id"] == "s-1"
    assert body["software_statement"] == text
    put = await desk.manage("PUT", body, {**METADATA, "client_id": body["client_id"], "client_name": "Mine after all"})
    assert put.status == 200
    assert put.body["client_name"] == "As the directory says"


async def test_without_a_statement_nobody_registers_unless_it_is_optional() -> None:
    answer = await desk_with(software_statement=TRUSTED).register()
    assert (answer.status, answer.error) == (400, "invalid_software_statement")
    assert (await desk_with(software_statement=replace(TRUSTED, required=False)).register()).status == 201


NOW = make_server().clock.now() // 1000


def hostile() -> dict[str, tuple[Any, str]]:
    hmac = OctKey.import_key(PUBLIC)
    unsigned = ".".join([*statement().split(".")[:1], *statement().split(".")[1:2], ""])
    return {
        "of a stranger's key": (statement(STRANGER), "invalid_software_statement"),
        "of a stranger": (statement(iss="https://other.example"), "unapproved_software_statement"),
        "of nobody": (statement(iss=None), "unapproved_software_statement"),
        "expired": (statement(exp=NOW - 61), "invalid_software_statement"),
        "for tomorrow": (statement(nbf=NOW + 3600), "invalid_software_statement"),
        "with an end that is none": (statement(exp="never"), "invalid_software_statement"),
        "hmac with the public keys": (statement(hmac, "HS256"), "invalid_software_statement"),
        "unsigned": (unsigned, "invalid_software_statement"),
        "with a key of its own": (
            statement(header={"jwk": SIGNER.as_dict(private=False)}),
            "invalid_software_statement",
        ),
        "with another key id": (statement(header={"kid": "../../etc/passwd"}), "invalid_software_statement"),
        "cut": (statement()[:-2], "invalid_software_statement"),
        "too long": ("e30." + "a" * 20_000 + ".a", "invalid_software_statement"),
        "nonsense": ("nonsense", "invalid_software_statement"),
        "no text": (5, "invalid_software_statement"),
    }


@pytest.mark.parametrize("name", hostile())
async def test_a_statement_that_does_not_hold_is_refused(name: str) -> None:
    text, error = hostile()[name]
    answer = await desk_with(software_statement=TRUSTED).register(software_statement=text)
    assert (answer.status, answer.error) == (400, error)


@pytest.mark.parametrize("header", [{"zip": "DEF"}, {"crit": ["x"], "x": 1}, {"b64": False}, {"x5c": ["AA"]}])
async def test_a_header_that_changes_how_a_statement_is_read_is_refused(header: dict[str, Any]) -> None:
    """Threats T-23, T-24, T-26."""
    head, claims = ({"alg": "ES256", **header}, {"iss": ISSUER})
    signed = b".".join(encode_segment(json.dumps(part).encode()) for part in (head, claims))
    signature = jws.serialize_compact({"alg": "ES256"}, b"{}", SIGNER).rpartition(".")[2]
    text = f"{signed.decode()}.{signature}"
    assert (await desk_with(software_statement=TRUSTED).register(software_statement=text)).status == 400


@pytest.mark.parametrize("alg", ["RS256", "PS384"])
async def test_rsa_signs_statements_too(alg: str) -> None:
    text = statement(RSA, alg, {"kid": "r1"})
    assert (await desk_with(software_statement=TRUSTED).register(software_statement=text)).status == 201


async def test_only_approved_software_may_register_where_a_list_says_so() -> None:
    desk = desk_with(software_statement=replace(TRUSTED, software_ids="s-9 s-1"))
    assert (await desk.register(software_statement=statement())).status == 201
    answer = await desk.register(software_statement=statement(software_id="s-2"))
    assert answer.error == "unapproved_software_statement"


async def test_a_statement_gives_no_power_either() -> None:
    desk = desk_with(software_statement=TRUSTED)
    answer = await desk.register(software_statement=statement(bypassApprovalPage=True))
    assert answer.error == "invalid_client_metadata"
    body = await desk.registered(software_statement=statement(client_secret="x", client_id="y"))
    assert body["client_id"] != "y"


NONE = '{"keys":[]}'


class Directory(NoOutbound):
    """Publishes keys, and forgets one at first."""

    def __init__(self, *documents: str) -> None:
        self.documents = list(documents)
        self.asked = 0

    async def document(self, url: str, kind: DocumentKind) -> bytes:
        assert url == "https://directory.example/keys"
        self.asked += 1
        if not self.documents:
            raise OutboundFailed("away")
        return self.documents[0].encode()

    async def newer_document(self, url: str, kind: DocumentKind) -> bytes:
        self.documents.pop(0)
        return await self.document(url, kind)


@pytest.mark.parametrize(
    ("documents", "status"),
    [
        ((PUBLIC,), 201),
        (('{"keys":[]}', PUBLIC), 201),
        (('{"keys":[]}', "[]"), 400),
        (("nonsense", "x"), 400),
        ((), 400),
    ],
)
async def test_keys_at_a_url_are_fetched_through_the_door_and_once_more_when_one_is_missing(
    documents: tuple[str, ...], status: int
) -> None:
    row = StatementIssuer(issuer=ISSUER, jwks_url="https://directory.example/keys")
    desk = desk_with(software_statement=SoftwareStatementConfiguration(issuers=(row,)))
    desk.server = replace(desk.server, outbound=Directory(*documents))
    answer = await desk.register(software_statement=statement())
    assert answer.status == status
    assert "away" not in json.dumps(answer.body)


# All together ---------------------------------------------------------------------------------------------------------


async def test_all_policies_are_asked_and_all_objections_told() -> None:
    desk = desk_with(response_types=ONLY_CODE, allowed_hosts=HOSTS, required_proofs=RequiredProofsConfiguration())
    answer = await desk.register(**BROWSER, response_types=["token"], require_proof_key_for_code_exchange=False)
    for told in ("response_types", "redirect_uris", "require_proof_key_for_code_exchange"):
        assert told in answer.description


async def test_a_policy_that_cannot_be_asked_lets_nobody_in() -> None:
    """Threat T-63."""
    desk = Desk(make_server(registration__on=True, registration__registration_policies=("gone",)))
    answer = await desk.register()
    assert (answer.status, answer.error) == (500, "server_error")
    assert await desk.server.stores.count_clients() == 0


async def test_a_replacement_is_judged_as_a_registration_is() -> None:
    """Threat T-37."""
    desk = desk_with(allowed_hosts=HOSTS)
    body = await desk.registered(redirect_uris=["https://trusted.test/"])
    sent = {"client_id": body["client_id"], "redirect_uris": ["https://evil.test/"]}
    assert (await desk.manage("PUT", body, sent)).error == "invalid_redirect_uri"
