"""Many requests with one token at the same moment, from several connections to several processes (T-10, T-11)."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.journeys.person import Person
from tests.running import Running, running
from tests.scale import SCALE

AT_ONCE = min(200, 24 * SCALE)
ROUNDS = min(50, 3 * SCALE)
CALLBACK = "https://app.example.org/cb"
SECRET = "a-secret-that-nobody-guesses-1234"
CLIENT = {
    "grantTypes": ["authorization_code", "refresh_token"],
    "redirectUris": [CALLBACK],
    "bypassApprovalPage": True,
    "secret": SECRET,
}
TOKEN, REVOKE, INTROSPECT = "/as/token.oauth2", "/as/revoke_token.oauth2", "/as/introspect.oauth2"
PEOPLE = json.dumps([{"username": "joe", "password": "Password1", "claims": {}}])


@dataclass(frozen=True, slots=True)
class Post:
    """A form that a client sends."""

    path: str
    client_id: str
    form: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]


class House:
    """A running server with two workers, and a person who has signed on."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.person = Person()

    def at_once(self, posts: Sequence[Post]) -> list[Answer]:
        """Send all of them at the same moment, each from a thread and over a connection of its own."""
        if not posts:
            return []
        start = Barrier(len(posts))
        with ThreadPoolExecutor(len(posts)) as threads:
            return list(threads.map(lambda post: self._send(post, start), posts))

    def post(self, post: Post) -> Answer:
        """Send one alone."""
        return self._send(post, Barrier(1))

    def _send(self, post: Post, start: Barrier) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.server.runtime_port, timeout=30)
        try:
            connection.connect()
            start.wait(30)
            headers = {
                "host": f"localhost:{self.server.runtime_port}",
                "authorization": "Basic " + b64encode(f"{post.client_id}:{SECRET}".encode()).decode(),
                "content-type": "application/x-www-form-urlencoded",
            }
            connection.request("POST", post.path, urlencode(post.form), headers)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read() or b"{}"))
        finally:
            connection.close()

    def redemption(self, client_id: str, **more: str) -> Post:
        """The redemption of a new code."""
        asked = {"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
        back = self.person.authorize(f"{self.server.issuer}/as/authorization.oauth2?{urlencode(asked)}")
        form = {"grant_type": "authorization_code", "code": back.params["code"], "redirect_uri": CALLBACK, **more}
        return Post(TOKEN, client_id, form)

    def tokens(self, client_id: str) -> dict[str, Any]:
        """The tokens of a new code."""
        answer = self.post(self.redemption(client_id))
        assert answer.status == 200, answer
        return answer.body

    def active(self, *answers: dict[str, Any]) -> list[str]:
        """Which of the tokens in these answers are still good for something."""
        tokens = {answer[kind] for answer in answers for kind in ("access_token", "refresh_token") if kind in answer}
        posts = [Post(INTROSPECT, "rs", {"token": token}) for token in tokens]
        return [
            post.form["token"] for post, said in zip(posts, self.at_once(posts), strict=True) if said.body["active"]
        ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_url: str
) -> Iterator[House]:
    environment = {"OSTIARY_WORKERS": "2"}
    if request.param == "postgresql":
        environment["OSTIARY_DATABASE_URL"] = postgresql_url
    with running(tmp_path_factory.mktemp(request.param), environment=environment) as server:
        assert server.command("users", "import", "-", stdin=PEOPLE).returncode == 0
        rs = "urn:pingidentity.com:oauth2:grant_type:validate_bearer"
        server.create_client(clientId="rs", grantTypes=[rs], secret=SECRET, validateUsingAllEligibleAtms=True)
        server.create_client(clientId="patient", **CLIENT, **grace(60))
        server.create_client(clientId="strict", **CLIENT, **grace(0))
        server.create_client(clientId="once", **{**CLIENT, "grantTypes": ["authorization_code"]})
        server.create_client(clientId="signed", **CLIENT, defaultAccessTokenManagerId="jwt")
        yield House(server)


def grace(seconds: int) -> dict[str, Any]:
    return {
        "refreshRolling": True,
        "refreshTokenRollingGracePeriodType": "OVERRIDE_SERVER_DEFAULT",
        "refreshTokenRollingGracePeriod": seconds,
    }


def refresh(client_id: str, token: str) -> Post:
    return Post(TOKEN, client_id, {"grant_type": "refresh_token", "refresh_token": token})


def granted(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The answers with tokens. All the others are the one refusal that is due."""
    others = {(answer.status, answer.body.get("error")) for answer in answers if answer.status != 200}
    assert others <= {(400, "invalid_grant")}
    return [answer.body for answer in answers if answer.status == 200]


# A code -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_id", ["patient", "once", "signed"])
def test_of_many_redemptions_at_once_one_is_answered_and_nothing_of_it_is_left(house: House, client_id: str) -> None:
    """With a grant that is stored, with one that is not, and with tokens that carry their own facts."""
    for _ in range(ROUNDS):
        answers = granted(house.at_once([house.redemption(client_id)] * AT_ONCE))
        assert len(answers) == 1
        assert house.active(*answers) == []


def test_a_wrong_guess_among_many_redemptions_leaves_nothing_either(house: House) -> None:
    for _ in range(ROUNDS):
        right = house.redemption("patient")
        wrong = Post(TOKEN, "patient", {**right.form, "redirect_uri": CALLBACK + "/other"})
        answers = granted(house.at_once([right, wrong] * (AT_ONCE // 2)))
        assert len(answers) <= 1
        assert house.active(*answers) == []


def test_a_refresh_during_a_replay_saves_nothing(house: House) -> None:
    for _ in range(ROUNDS):
        redemption = house.redemption("patient")
        first = house.post(redemption).body
        refreshes = [refresh("patient", first["refresh_token"])] * (AT_ONCE // 2)
        answers = granted(house.at_once([*refreshes, redemption, *refreshes]))
        assert house.active(first, *answers) == []


# A refresh token ----------------------------------------------------------------------------------------------------


def test_many_refreshes_at_once_within_the_grace_end_with_one_current_token(house: House) -> None:
    for _ in range(ROUNDS):
        parent = house.tokens("patient")["refresh_token"]
        answers = granted(house.at_once([refresh("patient", parent)] * AT_ONCE))
        assert len(answers) == AT_ONCE
        (child,) = {answer["refresh_token"] for answer in answers}
        assert child != parent
        assert len(house.active(*answers)) == AT_ONCE + 1
        assert house.post(refresh("patient", child)).status == 200


def test_many_refreshes_at_once_without_grace_make_one_child_and_revoke_the_family(house: House) -> None:
    for _ in range(ROUNDS):
        first = house.tokens("strict")
        answers = granted(house.at_once([refresh("strict", first["refresh_token"])] * AT_ONCE))
        assert len(answers) == 1
        assert house.active(first, *answers) == []


@pytest.mark.parametrize("client_id", ["patient", "strict"])
def test_a_revocation_among_many_refreshes_leaves_nothing(house: House, client_id: str) -> None:
    for _ in range(ROUNDS):
        first = house.tokens(client_id)
        refreshes = [refresh(client_id, first["refresh_token"])] * (AT_ONCE // 2)
        revocation = Post(REVOKE, client_id, {"token": first["refresh_token"]})
        answers = house.at_once([*refreshes, revocation, *refreshes])
        assert answers[len(refreshes)].status == 200
        del answers[len(refreshes)]
        assert house.active(first, *granted(answers)) == []
