"""Where a callback may go: https to the open net, or anywhere if the agency's profile says `development`."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from schemas.reference import Callback

TRANSLATED, TRANSLATED_HERE = ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48")
"""IPv4 in IPv6's clothes: the well-known prefix, and the one for private use."""
DEFAULT_PORTS = {"http": 80, "https": 443}


class Forbidden(ValueError):
    """A callback may not go there; the text says why, for the agency's owner."""


def check(callback: Callback) -> None:
    """Raise Forbidden unless this address may be called now. A name is looked up anew each time it is asked."""
    if callback.development:
        return
    parts = urlsplit(callback.url)
    if parts.scheme != "https":
        raise Forbidden("the callback must be https; http is for profiles that say development = true")
    host = parts.hostname or ""
    for address in addresses(host, parts.port or DEFAULT_PORTS[parts.scheme]):
        if not is_open(address):
            raise Forbidden(f"{host} leads to {address}, which is not on the open net")


def addresses(host: str, port: int) -> set[IPv4Address | IPv6Address]:
    """Every address a host's name leads to. Raises Forbidden for none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Forbidden(f"{host} leads nowhere: the name is not known") from error
    return {ip_address(str(row[4][0]).partition("%")[0]) for row in found}


def is_open(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the open net: not private, loopback, link-local, multicast, nor so inside IPv6."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_open(inner)
        if address in TRANSLATED_HERE:
            return False
    return address.is_global and not address.is_multicast
