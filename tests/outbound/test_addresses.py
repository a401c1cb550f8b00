"""Which addresses may be dialled."""

from ipaddress import ip_address, ip_network

import pytest

from ostiary.outbound.addresses import is_allowed, is_public, objection

PRIVATE = (
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "192.88.99.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
    "fec0::1", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2001:0:4136::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "::127.0.0.1", "::808:808",
    "100::1", "5f00::1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_everybody_s_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    assert objection(address, (), encrypted=True) == "is not public"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called_over_https_only(address: str) -> None:
    assert is_public(ip_address(address))
    assert objection(address, (), encrypted=True) is None
    assert objection(address, (), encrypted=False) == "may be called over https only"


def test_an_allowed_network_opens_itself_and_nothing_else() -> None:
    allowed = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    for address in ("10.1.2.3", "fd00::1", "::ffff:10.1.2.3"):
        assert objection(address, allowed, encrypted=True) is None
        assert objection(address, allowed, encrypted=False) is None
    for address in ("127.0.0.1", "11.0.0.1%x", "::1", "64:ff9b::a00:1"):
        assert objection(address, allowed, encrypted=True)
    assert not is_allowed(ip_address("127.0.0.1"), allowed)


def test_what_is_no_address_is_not_dialled() -> None:
    assert objection("localhost", (), encrypted=True) == "is no address"
