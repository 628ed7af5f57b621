"""Machines that follow the alert feed, each by one of its ways in, and go on after any break."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import requests

from backend.alerts.event_formats import ATOM

NS = {"atom": ATOM}
PAUSE = 0.3


class Reader:
    """Follows until it is stopped; ``events`` are what it was told, in the order of the telling.

    ``answered`` is set once it has been let in.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.events: list[dict[str, Any]] = []
        self.statuses: set[int] = set()
        self.answered = threading.Event()
        self._site = url
        self._headers = dict(headers)
        self._stopped = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def read(self) -> None:
        """Read on from the last place for as long as that goes."""
        raise NotImplementedError

    def get(self, address: str, stream: bool = False, **headers: str) -> requests.Response:
        answer = requests.get(
            self._site + address, headers={**self._headers, **headers}, stream=stream, timeout=30
        )
        self.statuses.add(answer.status_code)
        self.answered.set()
        return answer

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                self.read()
            except requests.RequestException:
                time.sleep(0.1)


class StreamReader(Reader):
    """Server-sent events, with the last place in ``Last-Event-ID``: what a browser does."""

    address = "/v1/alerts/stream"

    def read(self) -> None:
        last = {"Last-Event-ID": self.events[-1]["place"]} if self.events else {}
        with self.get(self.address, stream=True, **last) as answer:
            for event in _events(answer):
                self.events.append(event)
                if self._stopped.is_set():
                    return


class ConsoleReader(StreamReader):
    """The stream of the console's feed page, for which the cookie speaks."""

    address = "/console/alerts/stream?after=0&auto=1"


class RestReader(Reader):
    """Pages of events, a few at a time, with a pause where there are no more."""

    def read(self) -> None:
        place = self.events[-1]["place"] if self.events else "0"
        page = self.get(f"/v1/alerts/events?after={place}&limit=7").json()
        self.events += page["items"]
        if not page["more"]:
            time.sleep(PAUSE)


class AtomReader(Reader):
    """The Atom feed with its ETag, and its archives back to where it has been before."""

    etag = ""

    def read(self) -> None:
        answer = self.get("/v1/alerts/events.atom", **{"If-None-Match": self.etag})
        if answer.status_code == 200:
            known = {event["id"] for event in self.events}
            new: list[dict[str, Any]] = []
            documents = self._back_from(answer)
            while (document := next(documents, None)) is not None:
                entries = [json.loads(e.findtext("atom:content", "", NS)) for e in document]
                new += [event for event in entries if event["id"] not in known]
                if any(event["id"] in known for event in entries):
                    break
            # Only when all of it has come: a break in between would leave a gap.
            self.events += reversed(new)
            self.etag = answer.headers["ETag"]
        time.sleep(PAUSE)

    def _back_from(self, answer: requests.Response) -> Iterator[list[ElementTree.Element]]:
        while True:
            feed = ElementTree.fromstring(answer.content)
            yield feed.findall("atom:entry", NS)
            link = feed.find("atom:link[@rel='prev-archive']", NS)
            if link is None:
                return
            answer = self.get("/v1/alerts/events.atom?" + link.attrib["href"].partition("?")[2])
            answer.raise_for_status()


def _events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    # One byte at a time, or the library waits for more than there is.
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("data: "):
            yield json.loads(line[6:])


def by_alert(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What was told of each alert, in the order of the telling."""
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event["alert_id"], []).append(event["type"])
    return found
