"""Where a call comes from: the other end of the connection, or, where that is a proxy of ours, whom it speaks for."""

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fastapi import Request

Networks = tuple[IPv4Network | IPv6Network, ...]
IPV6_HOME = 64
"""Whoever has one IPv6 address has as many as so many bits leave free."""
FORWARDED = "x-forwarded-for"


def address_of(request: Request, trusted_proxies: str) -> str:
    """The caller's address; empty where the connection has none. What others than our own proxies say is not heard."""
    said = [one.strip() for line in request.headers.getlist(FORWARDED) for one in line.split(",")]
    return _real(request.client.host if request.client else "", said, networks(trusted_proxies))


def _real(address: str, said: Sequence[str], trusted: Networks) -> str:
    """Each proxy adds whom it heard at the end: as long as that is one of ours, the one before is asked for."""
    for before in reversed(said):
        if not _is_in(address, trusted):
            break
        address = before
    return address


def home_of(address: str) -> str:
    """The address as one customer has it: of IPv6 the network, for its addresses are as many as they like."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((int(found), IPV6_HOME), strict=False))
    return address


@cache
def networks(text: str) -> Networks:
    """The networks of a setting."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


def _is_in(address: str, trusted: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted)
