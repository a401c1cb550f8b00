"""Who is really calling: the peer of the connection, or who a trusted proxy says it is (threats T-18, T-49)."""

import ipaddress
from collections.abc import Sequence

from ostiary.config import Network

Headers = Sequence[tuple[bytes, bytes]]


UNKNOWN = "unknown"
"""RFC 7239 §6.2: the address of a caller that its proxy does not tell."""


class Peers:
    """Honours forwarded headers from configured peers, and nobody else's."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    @property
    def has_proxies(self) -> bool:
        """Whether anybody's forwarded headers count."""
        return bool(self._trusted)

    def is_trusted(self, address: str) -> bool:
        """Whether the address is one of the configured proxies."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)

    def behind_proxy(self, peer: str, scheme: str, headers: Headers) -> tuple[str, str]:
        """The caller's address and scheme, walking the forwarded chain from its trusted end.

        A proxy that writes ``X-Forwarded-For`` may pass on a ``Forwarded`` field that its caller invented, and the
        other way round; so when both came, the older and far more common one counts alone. A hop that is no address
        makes the caller `UNKNOWN`: never the proxy, which would give a stranger its standing.
        """
        if not self.is_trusted(peer):
            return peer, scheme
        values: dict[bytes, list[str]] = {}
        for name, value in headers:
            if name in (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto"):
                values.setdefault(name, []).append(value.decode("latin-1"))
        if b"forwarded" in values and b"x-forwarded-for" not in values:
            return _from_forwarded(self, peer, scheme, ",".join(values[b"forwarded"]))
        hops = [hop.strip() for hop in ",".join(values.get(b"x-forwarded-for", [])).split(",") if hop.strip()]
        protocols = [p.strip().lower() for p in ",".join(values.get(b"x-forwarded-proto", [])).split(",") if p.strip()]
        if protocols and protocols[-1] in {"http", "https"}:
            scheme = protocols[-1]
        return self._nearest_stranger(peer, hops), scheme

    def _nearest_stranger(self, peer: str, hops: Sequence[str]) -> str:
        source = peer
        for hop in reversed(hops):
            address = _address(hop)
            if address is None:
                return UNKNOWN
            source = address
            if not self.is_trusted(address):
                break
        return source


def _from_forwarded(peers: Peers, peer: str, scheme: str, text: str) -> tuple[str, str]:
    source = peer
    for element in reversed(text.split(",")):
        fields: dict[str, str] = {}
        for pair in element.split(";"):
            name, equals, value = pair.strip().partition("=")
            if equals:
                fields[name.lower()] = value.strip().strip('"')
        if fields.get("proto", "").lower() in {"http", "https"}:
            scheme = fields["proto"].lower()
        address = _address(fields.get("for", ""))
        if address is None:
            return UNKNOWN, scheme
        source = address
        if not peers.is_trusted(address):
            break
    return source, scheme


def _address(text: str) -> str | None:
    if text.startswith("["):
        text, bracket, _ = text[1:].partition("]")
        if not bracket:
            return None
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
