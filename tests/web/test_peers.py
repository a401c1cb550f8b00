"""Forwarded headers count from configured peers, and from nobody else."""

import ipaddress

import pytest

from ostiary.web.peers import Peers

PEERS = Peers([ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")])


def seen(peer: str, *headers: tuple[str, str]) -> tuple[str, str]:
    return PEERS.behind_proxy(peer, "http", [(name.encode(), value.encode()) for name, value in headers])


def test_a_stranger_cannot_say_who_it_is() -> None:
    assert seen("192.0.2.1", ("x-forwarded-for", "198.51.100.9"), ("x-forwarded-proto", "https")) == (
        "192.0.2.1",
        "http",
    )


def test_a_trusted_proxy_can() -> None:
    assert seen("10.0.0.1", ("x-forwarded-for", "198.51.100.9"), ("x-forwarded-proto", "https")) == (
        "198.51.100.9",
        "https",
    )


def test_what_the_caller_wrote_itself_is_not_believed() -> None:
    assert seen("10.0.0.1", ("x-forwarded-for", "203.0.113.5, 198.51.100.9, 10.0.0.2")) == ("198.51.100.9", "http")


def test_the_standard_header_wins_and_is_walked_from_its_trusted_end() -> None:
    value = 'for=203.0.113.5, for="[2001:db8::7]:4711";proto=https, for=10.1.1.1'
    assert seen("10.0.0.1", ("forwarded", value), ("x-forwarded-for", "192.0.2.66")) == ("2001:db8::7", "https")


@pytest.mark.parametrize("value", ["", "unknown", "_hidden", "not-an-address", ";;;=", "[::1", "for=", ","])
def test_nonsense_leaves_the_peer(value: str) -> None:
    assert seen("10.0.0.1", ("x-forwarded-for", value))[0] == "10.0.0.1"
    assert seen("10.0.0.1", ("forwarded", value))[0] == "10.0.0.1"
