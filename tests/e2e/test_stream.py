"""The alert stream over a real socket: many writers, many readers, a server that is killed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import requests
from flask import Flask

from tests.backstage import at_once
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.e2e.processes import Process, Site, wait_for
from tests.world import Caller, World

WRITERS, READERS = 50, 20


class Reader:
    """A machine that follows the stream and comes back, with its last place, when it breaks."""

    def __init__(self, url: str, caller: Caller) -> None:
        self.events: list[dict[str, Any]] = []
        self.late: list[float] = []
        self.statuses: list[int] = []
        self._url = f"{url}/v1/alerts/stream"
        self._headers = dict(caller.headers)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                self._read()
            except requests.RequestException:
                time.sleep(0.1)

    def _read(self) -> None:
        headers = dict(self._headers)
        if self.events:
            headers["Last-Event-ID"] = self.events[-1]["place"]
        with requests.get(self._url, headers=headers, stream=True, timeout=30) as answer:
            self.statuses.append(answer.status_code)
            for event in _events(answer):
                self.events.append(event)
                if self._stopped.is_set():
                    return


def _events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    # One byte at a time, or the library waits for more than there is.
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("data: "):
            yield json.loads(line[6:])


def test_every_reader_sees_every_event_once_and_in_order(
    app: Flask, world: World, site: Site
) -> None:
    clinician = world.provider(world.practice())
    people = crowd(app, clinician.practice_id, WRITERS, world.clock.now() + timedelta(days=30))
    server = site.stream()
    readers = [Reader(site.url, clinician) for _ in range(READERS)]
    try:
        wait_for(lambda: all(reader.statuses for reader in readers), "the readers", site)
        half = WRITERS // 2
        _write(app, clinician, people[:half])
        server = _restart(site, server)
        _write(app, clinician, people[half:])
        # Twice each: raised, then evidence added to the open alert.
        _write(app, clinician, people)
        wait_for(
            lambda: all(len(reader.events) >= 2 * WRITERS for reader in readers),
            "every event at every reader",
            site,
        )
    finally:
        for reader in readers:
            reader.stop()
    expected = [event["id"] for event in readers[0].events]
    assert len(set(expected)) == 2 * WRITERS
    for reader in readers:
        assert [event["id"] for event in reader.events] == expected
        assert set(reader.statuses) == {200}
        by_alert: dict[str, list[str]] = {}
        for event in reader.events:
            by_alert.setdefault(event["alert_id"], []).append(event["type"])
        assert set(map(tuple, by_alert.values())) == {("alert.raised", "alert.evidence-added")}


def test_whoever_may_not_read_is_told_so(world: World, site: Site) -> None:
    site.stream()
    answer = requests.get(f"{site.url}/v1/alerts/stream", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    administrator = world.provider(world.practice(), "administrator")
    refused = requests.get(
        f"{site.url}/v1/alerts/stream", headers=administrator.headers, timeout=10
    )
    assert refused.status_code == 403


def test_all_else_is_served_as_ever(world: World, site: Site) -> None:
    site.stream()
    clinician = world.provider(world.practice())
    assert requests.get(f"{site.url}/healthz", timeout=10).json() == {"status": "ok"}
    listed = requests.get(f"{site.url}/v1/alerts", headers=clinician.headers, timeout=10)
    assert listed.json()["items"] == []
    wrong = requests.post(f"{site.url}/v1/sign-in/provider", json={"email": 7}, timeout=10)
    assert wrong.status_code == 422


def _write(app: Flask, clinician: Caller, people: Any) -> None:
    calls = [
        lambda person=person: raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
        for person in people
    ]
    at_once(*calls)


def _restart(site: Site, server: Process) -> Process:
    port = site.ports[0]
    server.kill()
    return site.stream(port)
