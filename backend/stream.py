"""The whole application for an ASGI server: the alert stream stays open, all else is WSGI.

An open stream costs a task, not a thread: a thousand idle readers are a few megabytes. One
connection of the process listens to PostgreSQL (``LISTEN``); a commit that moved a practice's feed
wakes that practice's readers, and each reads on by the route itself, so that who may read, what is
written down and what an event looks like are decided in one place.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from a2wsgi import WSGIMiddleware
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from backend.alerts.routes import FEED, MORE, PLACE
from backend.alerts.writing import CHANNEL
from backend.app import create_app
from backend.core.notices import listen

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# The console has one of its own, for whom its cookie speaks.
ADDRESSES = ("/v1/alerts/stream", "/console/alerts/stream")
# A comment keeps proxies from closing a quiet connection; every so many, the route is asked again,
# which ends the stream of somebody whose token has run out or who has been signed out.
COMMENT_SECONDS = 20.0
ASK_AGAIN_AFTER = 6
THREADS = 8
_HIDDEN = {PLACE.lower(), MORE.lower(), FEED.lower(), "content-length"}


@dataclass(frozen=True)
class _Answer:
    """What the route said to a reader."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


class Application:
    """ASGI application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._wsgi: Any = WSGIMiddleware(cast(Any, app), workers=THREADS)
        self._readers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["method"] == "GET" and scope["path"] in ADDRESSES:
            await self._stream(scope, receive, send)
        else:

            async def heard() -> MutableMapping[str, Any]:
                # The adapter wants a coroutine; a server may give any awaitable.
                return await receive()

            await self._wsgi(scope, heard, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._start_listening()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._listener is not None:
            self._listener.cancel()
        for waiting in self._readers.values():
            for wake in waiting:
                wake.set()
        await send({"type": "lifespan.shutdown.complete"})

    def _start_listening(self) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.get_running_loop().create_task(
                listen(self._app, CHANNEL, self._began, self._wake)
            )

    def _began(self) -> None:
        self._wake(*self._readers)

    def _wake(self, *feeds: str) -> None:
        for feed in feeds:
            for wake in self._readers.get(feed, ()):
                wake.set()

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One reader, from the first answer to the end of the connection."""
        self._start_listening()
        answer = await asyncio.to_thread(self._ask, scope, None)
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers.items()
            if name.lower() not in _HIDDEN
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        is_open = answer.status == 200
        await send({"type": "http.response.body", "body": answer.body, "more_body": is_open})
        if not is_open:
            return
        feed, wake = answer.header(FEED), asyncio.Event()
        self._readers[feed].add(wake)
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await self._follow(scope, send, wake, gone, answer)
        finally:
            gone.cancel()
            self._readers[feed].discard(wake)
            if not self._readers[feed]:
                del self._readers[feed]

    async def _follow(
        self,
        scope: Scope,
        send: Send,
        wake: asyncio.Event,
        gone: asyncio.Task[None],
        answer: _Answer,
    ) -> None:
        place = answer.header(PLACE)
        # What was committed between the first reading and joining the readers would wake nobody.
        wake.set()
        quiet = 0
        while not gone.done():
            heard = await _first_of(wake, gone, COMMENT_SECONDS)
            if gone.done():
                return
            quiet = 0 if heard else quiet + 1
            if not heard and quiet % ASK_AGAIN_AFTER:
                await _say(send, b":\n\n")
                continue
            wake.clear()
            more = True
            while more:
                answer = await asyncio.to_thread(self._ask, scope, place)
                if answer.status != 200:
                    # The reader comes back with a token that holds, and from where it was.
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
                moved, place = answer.header(PLACE) != place, answer.header(PLACE)
                await _say(send, answer.body if moved else b":\n\n")
                more = answer.header(MORE) == "yes"

    def _ask(self, scope: Scope, place: str | None) -> _Answer:
        """Ask the route, as this reader, for what came after a place."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if place is not None:
            headers = [each for each in headers if each[0].lower() != "last-event-id"]
            headers.append(("Last-Event-ID", place))
        builder = EnvironBuilder(
            path=scope["path"], query_string=urlencode(query), headers=headers, method="GET"
        )
        environ = builder.get_environ()
        environ["REMOTE_ADDR"] = (scope.get("client") or ("127.0.0.1",))[0]
        chunks, status, found = run_wsgi_app(self._app, environ, buffered=True)
        return _Answer(int(status.split(" ")[0]), dict(found), b"".join(chunks))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(wake: asyncio.Event, gone: asyncio.Task[None], seconds: float) -> bool:
    """Wait to be woken, for the reader to leave, or for the time to pass; whether woken."""
    woken = asyncio.create_task(wake.wait())
    await asyncio.wait({woken, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    woken.cancel()
    return wake.is_set()


async def _say(send: Send, words: bytes) -> None:
    await send({"type": "http.response.body", "body": words, "more_body": True})


def application() -> Application:
    """The ASGI application (``granian --interface asgi --factory backend.stream:application``)."""
    return Application(create_app())
