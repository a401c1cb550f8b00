"""What both providers are asked, found through their discovery documents, and how right answers are told from wrong."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from bench.plan import Exchange, Plan, Step
from bench.processes import BenchFailed
from bench.web import Browser, ask, ask_form, basic

REDIRECT_URI = "https://app.bench.example/callback"
USERNAME = "ada"
PASSWORD = "Seven-Bright-Gates-71"
SECRETS = {
    client_id: hashlib.sha256(client_id.encode()).hexdigest()
    for client_id in ("bench-reference", "bench-es256", "bench-rs256", "bench-gateway", "bench-web")
}
"""The clients and their secrets: long ones, as a generator makes them."""

_TOKENS_TO_INTROSPECT = 256
_FLOWS_PER_LANE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An OpenID Provider that is up: what its discovery document says."""

    metadata: dict[str, str]
    port: int

    @classmethod
    def discover(cls, port: int) -> "Provider":
        """Fetch the discovery document."""
        answer = ask("GET", f"http://127.0.0.1:{port}/.well-known/openid-configuration").demand(200)
        return cls(metadata=answer.json(), port=port)

    @property
    def host(self) -> str:
        """The value of the Host header."""
        return f"127.0.0.1:{self.port}"

    def path(self, endpoint: str) -> str:
        """The path of an endpoint, named as in the discovery document."""
        return urlsplit(self.metadata[endpoint]).path

    def keys(self) -> KeySet:
        """The published keys."""
        return KeySet.import_key_set(ask("GET", self.metadata["jwks_uri"]).demand(200).json())


def discovery(provider: Provider, connections: int) -> Plan:
    """The discovery document."""
    step = Step.get(provider.host, "/.well-known/openid-configuration", contains='"token_endpoint":')
    return Plan.same(provider.port, connections, (step,))


def jwks(provider: Provider, connections: int) -> Plan:
    """The published keys."""
    _check(len(provider.keys().keys) > 0, "no keys are published")
    return Plan.same(
        provider.port, connections, (Step.get(provider.host, provider.path("jwks_uri"), contains='"keys":'),)
    )


def reference_token(provider: Provider, connections: int) -> Plan:
    """client_credentials for an access token that is only a reference, and stored."""
    _introspect(provider, _client_token(provider, "bench-reference"), "bench-reference")
    return _client_credentials(provider, connections, "bench-reference", '"access_token":"')


def es256_token(provider: Provider, connections: int) -> Plan:
    """client_credentials for an access token that is a JWT signed with P-256."""
    return _jwt_token(provider, connections, "bench-es256", "ES256")


def rs256_token(provider: Provider, connections: int) -> Plan:
    """client_credentials for an access token that is a JWT signed with RSA."""
    return _jwt_token(provider, connections, "bench-rs256", "RS256")


def introspection(provider: Provider, connections: int) -> Plan:
    """A gateway asks about one of many reference tokens after another."""
    tokens = [_client_token(provider, "bench-reference") for _ in range(_TOKENS_TO_INTROSPECT)]
    _introspect(provider, tokens[0], "bench-reference")
    headers = basic("bench-gateway", SECRETS["bench-gateway"])
    path = provider.path("introspection_endpoint")
    steps = (
        Step.post(provider.host, path, {"token": token}, contains='"active":true', headers=headers) for token in tokens
    )
    return Plan.same(provider.port, connections, *((step,) for step in steps))


def code_flow(provider: Provider, connections: int) -> Plan:
    """Authorization request in a live session, then code for tokens; each connection has a session of its own."""
    lanes = []
    for _ in range(connections):
        browser = Browser(USERNAME, PASSWORD)
        _check_code_flow(provider, browser)  # the first walk signs on, the lane then lives in that session
        lanes.append(tuple(_code_exchange(provider, browser) for _ in range(_FLOWS_PER_LANE)))
    return Plan(port=provider.port, lanes=tuple(lanes))


def _client_credentials(provider: Provider, connections: int, client_id: str, contains: str) -> Plan:
    step = Step.post(
        provider.host,
        provider.path("token_endpoint"),
        {"grant_type": "client_credentials"},
        contains=contains,
        headers=basic(client_id, SECRETS[client_id]),
    )
    return Plan.same(provider.port, connections, (step,))


def _client_token(provider: Provider, client_id: str) -> str:
    form = {"grant_type": "client_credentials"}
    answer = ask_form(provider.metadata["token_endpoint"], form, basic(client_id, SECRETS[client_id])).demand(200)
    _check(answer.json()["token_type"] == "Bearer", "token_type is not Bearer")
    return str(answer.json()["access_token"])


def _jwt_token(provider: Provider, connections: int, client_id: str, algorithm: str) -> Plan:
    claims = _verified(provider, _client_token(provider, client_id), algorithm)
    _check(claims["client_id"] == client_id, "the JWT names another client")
    return _client_credentials(provider, connections, client_id, '"access_token":"eyJ')


def _introspect(provider: Provider, token: str, client_id: str) -> None:
    _check("." not in token, "a reference token was expected, not a JWT")
    headers = basic("bench-gateway", SECRETS["bench-gateway"])
    answer = ask_form(provider.metadata["introspection_endpoint"], {"token": token}, headers).demand(200).json()
    _check(answer["active"] is True and answer["client_id"] == client_id, f"introspection says {answer}")


def _verified(provider: Provider, token: str, algorithm: str) -> dict[str, Any]:
    head = token.partition(".")[0]
    header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    _check(header["alg"] == algorithm, f"the JWT is signed with {header['alg']}, not {algorithm}")
    claims: dict[str, Any] = jwt.decode(token, provider.keys(), algorithms=[algorithm]).claims
    _check(claims["iss"] == provider.metadata["issuer"], "the JWT has another issuer")
    return claims


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """The random values of one authorization request."""

    verifier: str
    state: str
    nonce: str

    @classmethod
    def new(cls) -> "_Flow":
        return cls(verifier=secrets.token_urlsafe(32), state=secrets.token_urlsafe(16), nonce=secrets.token_urlsafe(16))

    def query(self) -> str:
        challenge = urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": "bench-web",
            "redirect_uri": REDIRECT_URI,
            "scope": "openid",
        }
        parameters |= {"state": self.state, "nonce": self.nonce}
        return urlencode(parameters | {"code_challenge": challenge, "code_challenge_method": "S256"})

    def token_form(self) -> dict[str, str]:
        """The token request, all but the code."""
        return {
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
        }


def _check_code_flow(provider: Provider, browser: Browser) -> None:
    flow = _Flow.new()
    callback = browser.walk(f"{provider.metadata['authorization_endpoint']}?{flow.query()}", REDIRECT_URI)
    reply = {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}
    _check("code" in reply and reply["state"] == flow.state, f"the authorization endpoint replied {reply}")
    headers = basic("bench-web", SECRETS["bench-web"])
    form = flow.token_form() | {"code": reply["code"]}
    answer = ask_form(provider.metadata["token_endpoint"], form, headers).demand(200).json()
    claims = _verified(provider, answer["id_token"], "RS256")
    _check(claims["nonce"] == flow.nonce, "the ID token has another nonce")
    _check("bench-web" in (claims["aud"], *claims["aud"]), "the ID token has another audience")
    _introspect(provider, answer["access_token"], "bench-web")


def _code_exchange(provider: Provider, browser: Browser) -> Exchange:
    flow = _Flow.new()
    authorize = Step(
        head=Step.get(
            provider.host,
            f"{provider.path('authorization_endpoint')}?{flow.query()}",
            contains="",
            headers={"Cookie": browser.cookie_header},
        ).head,
        statuses=(302, 303),
        contains=f"state={flow.state}",
        take_after="code=",
    )
    token = Step(
        head=Step.post(
            provider.host,
            provider.path("token_endpoint"),
            {},
            contains="",
            headers=basic("bench-web", SECRETS["bench-web"]),
        ).head,
        before=urlencode(flow.token_form()) + "&code=",
        fill=True,
        contains='"id_token":"eyJ',
    )
    return authorize, token


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BenchFailed(otherwise)
