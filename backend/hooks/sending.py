"""Sends one request to an endpoint: once, soon over, and never to where it must not go.

The address is judged when the socket is made, for the very address that the socket then connects
to: what a name leads to cannot change in between. Redirects are not followed, environment proxies
and cookies not used, answers not unpacked, and read only as far as they are kept.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import aiohttp

from backend.hooks import targets

# The whole of it: finding the name, connecting, sending, and the answer.
TIMEOUT_SECONDS = 15.0
KEPT_CHARACTERS = 500
TIMED_OUT, NO_TARGET, NO_CONNECTION, NO_TLS = "timeout", "no-target", "no-connection", "no-tls"


@dataclass(frozen=True)
class Answer:
    """What came back: a status with the beginning of its body, or why nothing came."""

    http_status: int | None
    error: str | None
    response: str | None
    milliseconds: int


class _Forbidden(OSError):
    """The name leads to an address that nothing may be sent to."""


def client(local: bool) -> aiohttp.ClientSession:
    """A client for some requests to one endpoint; close it afterwards."""

    def make(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if not targets.is_allowed(str(address[0]), local):
            raise _Forbidden(errno.EACCES, "no target")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            socket_factory=make, resolver=aiohttp.ThreadedResolver(), ssl=_tls(), limit=1
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trust_env=False,
    )


async def send(
    session: aiohttp.ClientSession, url: str, body: str, headers: Mapping[str, str]
) -> Answer:
    """Send a body and say what came of it; never raises for what the other side does."""
    began = time.monotonic()
    status, error, response = None, None, None
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
            response = await _beginning(answer)
    except TimeoutError:
        error = TIMED_OUT
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
        error = NO_TLS
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        error = NO_TARGET if _is_about_the_target(fault) else NO_CONNECTION
    return Answer(status, None if status else error, response, _milliseconds(began))


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    kept = b""
    while len(kept) < KEPT_CHARACTERS:
        chunk = await answer.content.read(KEPT_CHARACTERS - len(kept))
        if not chunk:
            break
        kept += chunk
    return kept.decode(errors="replace").replace("\0", "\ufffd")


def _is_about_the_target(fault: BaseException) -> bool:
    # A name that is not found and one that leads inside look the same, so that nobody learns
    # names of our own network.
    causes = {fault, getattr(fault, "os_error", None), fault.__cause__}
    kinds = (_Forbidden, socket.gaierror, aiohttp.ClientConnectorDNSError, aiohttp.InvalidURL)
    return any(isinstance(cause, kinds) for cause in causes)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _milliseconds(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
