"""The door itself: one GET, guarded on every side. The HTTP library is loaded when somebody first goes through it.

Every address is judged where its socket is made, the last moment before it is dialled: what a name resolved to before,
and how the address was written, cannot matter then. Connections are not kept, so a judged address is used once.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from ostiary.declare.urls import url_objections
from ostiary.outbound.addresses import Network, objection
from ostiary.ports.outbound import DocumentKind, OutboundFailed

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

SECONDS = 5.0
"""For everything: name, connection, TLS, head and body."""
MOST_AT_ONCE = 32
MOST_AT_ONE_HOST = 4
MOST_NAMES_AT_ONCE = 8
MOST_URL_CHARACTERS = 2048
MOST_HEADERS = 64
MOST_HEADER_BYTES = 8190
CHUNK = 1 << 14

log = logging.getLogger("ostiary.outbound")
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a name to its addresses."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, and how long its server lets it be kept (None: it says nothing)."""

    body: bytes
    max_age_ms: int | None


class _AddressRefused(OSError):
    """An address that may not be dialled."""


@cache
def _names() -> ThreadPoolExecutor:
    """Threads of their own: a name server that does not answer holds up nobody but those who call others."""
    return ThreadPoolExecutor(max_workers=MOST_NAMES_AT_ONCE, thread_name_prefix="names")


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """What the system says; it reads every notation of an address too."""

    def ask() -> Sequence[str]:
        return [str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]

    return await asyncio.get_running_loop().run_in_executor(_names(), ask)


@dataclass(slots=True, kw_only=True)
class Door:
    """Fetches documents; knows nothing of caches."""

    allowed: Sequence[Network] = ()
    authorities: str = ""
    """A PEM file of authorities that are trusted beside those of the system."""
    seconds: float = SECONDS
    resolve: Resolve = system_resolver
    _sessions: "dict[str, ClientSession]" = field(default_factory=dict)
    _context: ssl.SSLContext | None = None

    async def fetch(self, url: str, kind: DocumentKind) -> Fetched:
        """Threat T-30: GET, no redirects, cookies, credentials, proxies or compression; raises `OutboundFailed`."""
        scheme = self._check_url(url)
        import aiohttp  # a server without outgoing calls does without its 20 MB
        from yarl import URL

        try:
            async with asyncio.timeout(self.seconds):
                async with self._session(scheme).get(URL(url, encoded=True), allow_redirects=False) as response:
                    return await _read(response, kind)
        except OutboundFailed:
            raise
        except TimeoutError:
            raise OutboundFailed(f"no {kind.name} within {self.seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            raise OutboundFailed(f"{type(problem).__name__}: {problem}") from None

    async def close(self) -> None:
        """Let go of what is open."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    def _check_url(self, url: str) -> str:
        """The scheme of a URL that may be tried; https, or http where an allowed network might hold its host."""
        schemes = frozenset({"https", "http"}) if self.allowed else frozenset({"https"})
        if len(url) > MOST_URL_CHARACTERS or not url.isascii():
            raise OutboundFailed("the URL is too long or not ASCII")
        for problem in url_objections(url, schemes=schemes):
            raise OutboundFailed(f"the URL {problem}")
        return url.partition(":")[0].lower()

    def _session(self, scheme: str) -> "ClientSession":
        found = self._sessions.get(scheme)
        if found is None:
            found = self._sessions[scheme] = self._new_session(encrypted=scheme == "https")
        return found

    def _new_session(self, *, encrypted: bool) -> "ClientSession":
        import aiohttp
        from aiohttp.abc import AbstractResolver, ResolveResult

        resolve = self.resolve

        class Resolver(AbstractResolver):
            async def resolve(
                self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
            ) -> list[ResolveResult]:
                addresses = dict.fromkeys(await resolve(host, port))
                return [_resolved(host, port, address) for address in addresses]

            async def close(self) -> None:
                pass

        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=Resolver(),
                socket_factory=lambda info: self._socket(info, encrypted=encrypted),
                ssl=self._tls(),
                use_dns_cache=False,
                force_close=True,
                limit=MOST_AT_ONCE,
                limit_per_host=MOST_AT_ONE_HOST,
                happy_eyeballs_delay=None,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Ostiary"},
            timeout=aiohttp.ClientTimeout(total=self.seconds),
            trust_env=False,
            auto_decompress=False,
            read_bufsize=CHUNK,
            max_line_size=MOST_HEADER_BYTES,
            max_field_size=MOST_HEADER_BYTES,
            max_headers=MOST_HEADERS,
        )

    def _socket(self, info: Any, *, encrypted: bool) -> socket.socket:
        """The last moment: this is the address that will be dialled."""
        family, kind, protocol, _, address = info
        refused = objection(str(address[0]), self.allowed, encrypted=encrypted)
        if refused is not None:
            raise _AddressRefused(f"the address {address[0]} {refused}")
        return socket.socket(family, kind, protocol)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.authorities:
                self._context.load_verify_locations(cafile=self.authorities)
        return self._context


def _resolved(host: str, port: int, address: str) -> Any:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}


async def _read(response: "ClientResponse", kind: DocumentKind) -> Fetched:
    """The body, when status, type, coding and size are as they should be; bytes beyond the limit are not waited for."""
    if response.status != 200:
        raise OutboundFailed(f"the answer was {response.status}")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    suffix = f"*+{content_type.rpartition('+')[2]}" if "+" in content_type else ""
    if not {content_type, suffix} & kind.content_types:
        raise OutboundFailed("the content type is not one of a document of this kind")
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise OutboundFailed("the answer is compressed, which was not asked for")
    body = bytearray()
    while chunk := await response.content.read(CHUNK):
        body += chunk
        if len(body) > kind.most_bytes:
            raise OutboundFailed(f"the answer has more than {kind.most_bytes} bytes")
    return Fetched(bytes(body), _max_age_ms(response.headers.getall("cache-control", [])))


def _max_age_ms(headers: Sequence[str]) -> int | None:
    """RFC 9111 §5.2.2: how long the answer may be kept; 0 when it must not be."""
    directives = [one.strip().lower() for header in headers for one in header.split(",")]
    if "no-store" in directives or "no-cache" in directives:
        return 0
    for one in directives:
        name, _, value = one.partition("=")
        seconds = value.strip('"')
        if name == "max-age" and seconds.isascii() and seconds.isdecimal() and len(seconds) < 10:
            return int(seconds) * 1000
    return None
