"""Forwarded headers count from configured peers, and from nobody else."""

import ipaddress

import pytest

from ostiary.web.peers import UNKNOWN, Peers

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


def test_the_standard_header_is_walked_from_its_trusted_end() -> None:
    value = 'for=203.0.113.5, for="[2001:db8::7]:4711";proto=https, for=10.1.1.1'
    assert seen("10.0.0.1", ("forwarded", value)) == ("2001:db8::7", "https")


def test_a_caller_cannot_outvote_its_proxy_with_the_other_header() -> None:
    told = seen("10.0.0.1", ("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.77"))
    assert told[0] == "203.0.113.9"


@pytest.mark.parametrize("value", ["unknown", "_hidden", "not-an-address", ";;;=", "[::1", "for=", ",x"])
def test_a_hop_that_is_no_address_makes_the_caller_unknown_and_never_the_proxy(value: str) -> None:
    assert seen("10.0.0.1", ("x-forwarded-for", value))[0] == UNKNOWN
    assert seen("10.0.0.1", ("x-forwarded-for", f"203.0.113.9, {value}"))[0] == UNKNOWN
    assert seen("10.0.0.1", ("forwarded", value))[0] == UNKNOWN


def test_a_proxy_that_says_nothing_speaks_for_itself() -> None:
    assert seen("10.0.0.1") == ("10.0.0.1", "http")
    assert seen("10.0.0.1", ("x-forwarded-for", ""))[0] == "10.0.0.1"
