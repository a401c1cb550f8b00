"""Which addresses may be dialled: public ones, and those the operator allowed (threat T-30)."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address; what lies behind it is what counts."""
_NEVER = (
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2002::/16"),  # 6to4 and Teredo carry an IPv4 address in a way nobody needs any more
    IPv6Network("2001::/32"),
    IPv6Network("64:ff9b:1::/48"),  # RFC 8215: NAT64 into somebody's own network
    IPv6Network("::/96"),  # IPv4-compatible
    IPv6Network("fec0::/10"),  # site-local
    IPv6Network("5f00::/16"),  # segment routing
)


def is_public(address: Address) -> bool:
    """Whether everybody may reach this address. One that carries another is as public as the one it carries."""
    if isinstance(address, IPv6Address):
        carried = address.ipv4_mapped
        if carried is None and address in _NAT64:
            carried = IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(carried)
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the operator named a network that holds the address (OSTIARY_OUTBOUND_ALLOW)."""
    plain = address.ipv4_mapped if isinstance(address, IPv6Address) and address.ipv4_mapped else address
    return any(plain in network for network in allowed if network.version == plain.version)


def objection(text: str, allowed: Sequence[Network], *, encrypted: bool) -> str | None:
    """Why this address, as it is about to be dialled, may not be; None when it may.

    Plain http is for allowed networks only.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return "is no address"
    if is_allowed(address, allowed):
        return None
    if not encrypted:
        return "may be called over https only"
    return None if is_public(address) else "is not public"
