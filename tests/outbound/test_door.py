"""The door against servers that mean no good, over real sockets and TLS."""

import gzip
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import ip_network

import pytest

from ostiary.outbound.door import Door
from ostiary.ports.outbound import KEY_SET, SECTOR, DocumentKind, OutboundFailed
from tests.outside import Answer, Outside, answer, authorities, drips, endless_head, never_ends, outside, says_nothing

pytestmark = pytest.mark.anyio
LOOPBACK = (ip_network("127.0.0.0/8"),)
SMALL = DocumentKind(
    name="small", most_bytes=1000, content_types=frozenset({"application/json"}), least_ms=0, most_ms=0
)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> str:
    return authorities(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as there:
        yield there


@pytest.fixture
async def door(ca: str, anyio_backend: str) -> AsyncIterator[Door]:
    """A door that may go to loopback."""
    door = Door(allowed=LOOPBACK, authorities=ca, seconds=20)
    yield door
    await door.close()


@pytest.fixture
async def hasty(ca: str, anyio_backend: str) -> AsyncIterator[Door]:
    """The same with little patience."""
    door = Door(allowed=LOOPBACK, authorities=ca, seconds=0.5)
    yield door
    await door.close()


async def test_a_document_is_fetched_with_nothing_of_ours_sent_along(door: Door, there: Outside) -> None:
    url = there.serves("/keys?a=%2F", b'{"keys":[]}', content_type="application/jwk-set+json; charset=utf-8")
    assert (await door.fetch(url, KEY_SET)).body == b'{"keys":[]}'
    (head,) = there.requests
    assert head.startswith("GET /keys?a=%2F HTTP/1.1\r\n")
    assert sorted(line.partition(":")[0].lower() for line in head.split("\r\n")[1:-2]) == [
        "accept", "accept-encoding", "connection", "host", "user-agent",
    ]  # fmt: skip


async def test_cookies_are_neither_kept_nor_sent(door: Door, there: Outside) -> None:
    url = there.serves("/", b"{}", more="Set-Cookie: a=b; Path=/\r\n")
    for _ in range(2):
        await door.fetch(url, KEY_SET)
    assert not any("cookie" in head.lower() for head in there.requests)


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("", None),
        ("Cache-Control: max-age=7\r\n", 7000),
        ("Cache-Control: public\r\nCache-Control: Max-Age=5\r\n", 5000),
        ("Cache-Control: no-store\r\n", 0),
        ("Cache-Control: max-age=99, no-cache\r\n", 0),
        ("Cache-Control: max-age=x\r\n", None),
        ("Cache-Control: max-age=99999999999999999999\r\n", None),
    ],
)
async def test_the_time_a_server_gives_is_heard(door: Door, there: Outside, header: str, kept: int | None) -> None:
    assert (await door.fetch(there.serves("/", b"{}", more=header), KEY_SET)).max_age_ms == kept


HOSTILE: dict[str, Answer] = {
    "a redirect": answer(b"{}", status="302 Found", more="Location: /elsewhere\r\n"),
    "a permanent redirect": answer(b"{}", status="308 Permanent Redirect", more="Location: /elsewhere\r\n"),
    "an error with a body": answer(b'{"keys":[]}', status="500 No"),
    "created": answer(b"{}", status="201 Created"),
    "html": answer(b"{}", content_type="text/html"),
    "no type": answer(b"{}", content_type=""),
    "a type that begins alike": answer(b"{}", content_type="application/json5"),
    "too much, as announced": answer(b" " * 1001),
    "more than announced": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\n\r\n{}",
    "a bomb": answer(gzip.compress(b" " * 10_000_000)[:900], more="Content-Encoding: gzip\r\n"),
    "a huge header": answer(b"{}", more=f"X-Huge: {'x' * 20_000}\r\n"),
    "many headers": answer(b"{}", more="X-Many: x\r\n" * 500),
    "nonsense": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "two lengths": answer(b"{}", more="Content-Length: 3\r\n") + b" ",
    "a drip": drips,
    "no end": never_ends,
    "an endless head": endless_head,
    "silence": says_nothing,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_answer_is_no_document(hasty: Door, there: Outside, name: str) -> None:
    there.answers["/"] = HOSTILE[name]
    there.serves("/elsewhere", b"{}")
    with pytest.raises(OutboundFailed):
        await hasty.fetch(there.url("/"), SMALL)
    assert there.seen("/elsewhere") == 0


async def test_a_body_of_exactly_the_limit_is_taken(door: Door, there: Outside) -> None:
    assert len((await door.fetch(there.serves("/", b" " * 1000), SMALL)).body) == 1000


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "localhost.",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0", "0.0.0.0", "127.0.0.1.",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tls", [True, False])
async def test_a_listener_on_loopback_sees_nothing_in_any_notation(ca: str, host: str, tls: bool) -> None:
    with outside(tls=tls) as there:
        door = Door(authorities=ca, seconds=0.5)
        there.serves("/", b"{}")
        with pytest.raises(OutboundFailed):
            await door.fetch(there.url("/", host), KEY_SET)
        await door.close()
        assert there.connections == 0


async def test_what_a_name_means_at_the_moment_of_dialling_decides(ca: str) -> None:
    """DNS rebinding: whatever was said before, the address really dialled is judged."""
    with outside() as there:
        said: list[str] = []

        async def rebinding(host: str, port: int) -> Sequence[str]:
            said.append("127.0.0.1" if said else "192.0.2.1")
            return [said[-1]]

        door = Door(authorities=ca, seconds=0.5, resolve=rebinding)
        for _ in range(3):
            with pytest.raises(OutboundFailed):
                await door.fetch(there.url("/"), KEY_SET)
        await door.close()
        assert said[-1] == "127.0.0.1"
        assert there.connections == 0


async def test_of_several_addresses_only_those_that_may_be_are_dialled(ca: str) -> None:
    with outside() as there, outside() as other:
        there.serves("/", b"{}")

        async def mixed(host: str, port: int) -> Sequence[str]:
            return ["10.255.255.1", "169.254.169.254", "127.0.0.1"]

        door = Door(allowed=(ip_network("127.0.0.1/32"),), authorities=ca, resolve=mixed)
        assert (await door.fetch(there.url("/"), KEY_SET)).body == b"{}"
        await door.close()
        assert other.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "https://", "ftp://localhost/", "file:///etc/passwd", "https://a@localhost/",
        "https://lo calhost/",
        "https://localhost\\@evil.example/", "https://localhost:99999/", "https://l\u00f6calhost/", "//localhost/",
        "https://localhost/" + "a" * 2048, "https://localhost/\x00", "gopher://localhost/", "https://[::1/",
    ],
)  # fmt: skip
async def test_what_is_no_plain_url_is_not_tried(door: Door, url: str) -> None:
    with pytest.raises(OutboundFailed):
        await door.fetch(url, KEY_SET)


async def test_plain_http_goes_to_allowed_networks_only(ca: str) -> None:
    with outside(tls=False) as there:
        there.serves("/", b"{}")
        door = Door(allowed=LOOPBACK)
        assert (await door.fetch(there.url("/"), KEY_SET)).body == b"{}"
        await door.close()
        elsewhere = Door(allowed=(ip_network("10.0.0.0/8"),))
        with pytest.raises(OutboundFailed):
            await elsewhere.fetch(there.url("/"), KEY_SET)
        await elsewhere.close()
        assert there.connections == 1


async def test_a_certificate_must_be_of_a_known_authority_and_for_this_name(ca: str) -> None:
    with outside(names=("other.example",)) as there:
        there.serves("/", b"{}")
        for door in (Door(allowed=LOOPBACK, authorities=ca), Door(allowed=LOOPBACK)):
            with pytest.raises(OutboundFailed, match="ertificate"):
                await door.fetch(there.url("/"), KEY_SET)
            await door.close()
        assert there.requests == []


async def test_a_proxy_of_the_environment_is_not_used(
    door: Door, there: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    with outside(tls=False) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url())
        await door.fetch(there.serves("/", b"[]"), SECTOR)
        assert proxy.connections == 0


def test_a_server_without_outgoing_calls_does_not_load_the_library() -> None:
    """It would take a quarter of the memory that an idle server may have."""
    code = "import ostiary.app, sys; print(*{'aiohttp', 'yarl'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
