"""Where a webhook may be sent: an address on the public internet, and nothing behind it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

LONGEST_URL = 500
# Addresses of version 6 that hold one of version 4: those count by what they hold.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")
# All that is given out to the public (IANA, 2024), and what within it is for documents; older
# versions of Python do not know all the rest.
_GIVEN_OUT, _DOCUMENTS = IPv6Network("2000::/3"), IPv6Network("3fff::/20")


def fault_in(url: str, ports: Collection[int], local: bool) -> str | None:
    """What is wrong with an address, in a sentence; None if it may be used.

    ``local`` allows, for development and tests, plain HTTP, this machine, and any port.
    A name is looked up when something is sent, and what it leads to is judged then.
    """
    if len(url) > LONGEST_URL:
        return f"Use at most {LONGEST_URL} characters."
    if not url.isascii() or any(character <= " " or character == "\\" for character in url):
        return "Write the address in plain letters, without blanks."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "This is no address."
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        return "Use an address that begins with https://."
    if not host:
        return "This is no address."
    if parts.username is not None or parts.password is not None:
        return "Leave out the name and password."
    if parts.fragment:
        return "Leave out what follows the #."
    if not local and (port or 443) not in ports:
        return f"Use one of these ports: {', '.join(str(each) for each in sorted(ports))}."
    return None if _may_be_named(host, local) else "Use an address on the public internet."


def is_allowed(address: str, local: bool) -> bool:
    """Whether something may be sent to an IP address. ``local`` allows this machine, too."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return is_public(found) or (local and found.is_loopback)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an IP address is one of the public internet.

    Not so are private, loopback, link-local (where clouds keep their metadata), shared (RFC 6598),
    multicast and reserved addresses, and those of version 6 that hold such a one of version 4.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _held_in(address)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address not in _GIVEN_OUT or address in _DOCUMENTS:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _held_in(address: IPv6Address) -> IPv4Address | None:
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        return IPv4Address(address.packed[-4:])
    return None


def _may_be_named(host: str, local: bool) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # Names of one word, and those that mean this machine or this network.
        inward = host.endswith((".localhost", ".local", ".internal", ".localdomain"))
        return local or ("." in host.rstrip(".") and not inward and not _is_number(host))
    return is_allowed(host, local)


def _is_number(host: str) -> bool:
    # Resolvers read 127.1, 0x7f.1 and 017700000001 as addresses.
    last = host.rstrip(".").rpartition(".")[2]
    return last[:1].isdigit()
