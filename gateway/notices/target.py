"""Where a webhook may go: to an address that is everybody's, and to the one that was looked at.

Whoever names a URL must not reach through us what only we can reach. Names are resolved here, every address they have
is looked at, and the connection is made to one of those: a name that resolves otherwise a moment later changes nothing.
"""

import asyncio
import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

LENGTH = 2000
RULE = "must be an https URL without user, password and fragment"


_UNICAST = ipaddress.IPv6Network("2000::/3")
_INNER = tuple(map(ipaddress.IPv6Network, ("2001::/32", "2002::/16")))  # Teredo, 6to4
_RELAY = ipaddress.IPv4Network("192.88.99.0/24")  # to 6to4


class TargetRefused(Exception):
    """The URL may not be used, or its name cannot be resolved; says why, in a word."""


class Target(NamedTuple):
    """A URL, and the address behind it that was looked at."""

    url: str  # with the address in place of the name
    host: str  # as it stands in the URL, with the port
    name: str  # for TLS


def fault(url: str, *, private: bool) -> str | None:
    """What is wrong with the form of a URL; None: nothing. ``private``: plain http will do."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return RULE
    secure = parts.scheme == "https" or (private and parts.scheme == "http")
    good = secure and parts.hostname and parts.username is None and not parts.fragment and port != 0
    return None if good and len(url) <= LENGTH and url.isascii() and url.isprintable() and " " not in url else RULE


async def resolve(url: str, *, private: bool) -> Target:
    """The address that may be posted to. Raises TargetRefused."""
    if fault(url, private=private) is not None:
        raise TargetRefused("FORM")
    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TargetRefused("NAME") from None
    addresses = [str(address[0]) for *_, address in found]
    if not addresses or not (private or all(map(_public, addresses))):
        raise TargetRefused("ADDRESS")
    chosen = addresses[0]
    place = f"[{chosen}]" if ":" in chosen else chosen
    return Target(parts._replace(netloc=f"{place}:{port}").geturl(), parts.netloc, name)


def _public(address: str) -> bool:
    """Whether everybody reaches it; of IPv6 only what was given out, and nothing that stands for an IPv4 address."""
    one = ipaddress.ip_address(address)
    if isinstance(one, ipaddress.IPv6Address):
        return one in _UNICAST and one.is_global and not any(one in place for place in _INNER)
    return one.is_global and not one.is_multicast and one not in _RELAY
