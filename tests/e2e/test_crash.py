"""Power cuts: web and workers are killed at random moments while people answer and texts leave.

``LUMBRA_CRASHES`` says how many; ``LUMBRA_SEED`` repeats a run's choices.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import requests
from flask import Flask
from sqlalchemy import select

from backend.core import tenancy
from backend.core.database import session
from backend.messaging.models import Communication
from tests.e2e.conftest import Ask
from tests.e2e.people import Person, with_open_check_ins
from tests.e2e.processes import WEB, WORKER, Process, Site, Socket, free_port, wait_for
from tests.twilio_stand_in import TwilioStandIn
from tests.world import Answers, World

CRASHES = int(os.environ.get("LUMBRA_CRASHES", "50"))
SEED = int(os.environ.get("LUMBRA_SEED", "20260901"))
CLIENTS = 3
ANSWERING = 16 * CRASHES
SILENT = 12 * CRASHES
LIKELY_LENGTH = 1.0 * CRASHES  # seconds, over which the reminders fall due
CARRIER_SECONDS = 0.05
TAKEN = {"accepted", "queued", "sending", "sent", "delivered"}
NEVER_LEFT = {"unsent", "cancelled"}


@dataclass
class Given:
    """One set of answers and every good answer the server gave to it."""

    person: Person
    key: str
    told: list[dict[str, Any]] = field(default_factory=list)


def test_no_answer_is_lost_or_doubled_and_no_text_leaves_twice(
    app: Flask, site: Site, carrier: TwilioStandIn, ask: Ask, world: World, midday_zone: str
) -> None:
    chance = random.Random(SEED)
    due = [chance.uniform(0, LIKELY_LENGTH) for _ in range(ANSWERING + SILENT)]
    people = with_open_check_ins(app, midday_zone, due)
    carrier.hang(10 * len(people), CARRIER_SECONDS)
    answering = people[:ANSWERING]
    for person in answering:
        world.sign_in(person)
    fleet = Fleet(site, ask)
    world.client = Socket(site.url)  # type: ignore[assignment]
    answers = world.sheet(answering[0], {"id": answering[0].check_in_id}, 2)

    crowd = Crowd(site, answers, [Given(p, f"key-{n}") for n, p in enumerate(answering)])
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(crowd.answer, random.Random(SEED + n)) for n in range(CLIENTS)]
        try:
            for number in range(CRASHES):
                fleet.crash((WEB, WORKER)[number % 2], chance)
        finally:
            crowd.over.set()
        for client in clients:
            client.result()
    _let_everything_settle(app, site, carrier, ask)

    given = [one for one in crowd.given if one.told]
    assert crowd.refused == []
    assert given, "nobody got an answer in: the test shows nothing"
    _every_answer_is_there_once(ask, given)
    doubted = _every_text_left_once(app, carrier, people, ask)
    print(
        f"\n{CRASHES} kills, {len(given)} answers ({crowd.retries} tries met a dead server, "
        f"{sum(len(one.told) - 1 for one in given)} came again), {len(carrier.messages)} reminders "
        f"sent, {doubted} of them again, for the first had never left"
    )


class Fleet:
    """Three web servers and two workers; whichever dies is started again at once.

    One more web server than workers, so that people find one that serves while another starts.
    """

    def __init__(self, site: Site, ask: Ask) -> None:
        self._site, self._ask = site, ask
        self._running: dict[str, list[tuple[Process, int]]] = {WEB: [], WORKER: []}
        self._workers = count(1)
        for port in (free_port(), free_port(), free_port()):
            self._running[WEB].append((site.web(port=port, wait=False), port))
        for _ in range(2):
            self._running[WORKER].append((site.worker(), next(self._workers)))
        for process, port in self._running[WEB]:
            site.until_it_answers(process, port)
        wait_for(lambda: self._signed_on() >= 2, "both workers", site)

    def crash(self, kind: str, chance: random.Random) -> None:
        """Kill the older one of a kind, some time after it has begun to serve."""
        process, place = self._running[kind].pop(0)
        if kind == WEB:
            self._site.until_it_answers(process, place)
        else:
            wait_for(lambda: self._signed_on() >= place, "a worker", self._site)
        time.sleep(chance.uniform(0.0, 0.6))
        assert process.is_running(), process.said()
        process.kill()
        if kind == WEB:
            self._running[WEB].append((self._site.web(port=place, wait=False), place))
        else:
            self._running[WORKER].append((self._site.worker(), next(self._workers)))

    def _signed_on(self) -> int:
        # The queue numbers its workers in the order in which they begin.
        [(newest,)] = self._ask("SELECT coalesce(max(id), 0) FROM procrastinate_workers")
        return int(newest)


class Crowd:
    """People who answer, each with a key of their own, and try again until they hear an answer."""

    def __init__(self, site: Site, answers: Answers, given: list[Given]) -> None:
        self.over = threading.Event()
        self.given = given
        self.refused: list[str] = []
        self.retries = 0
        self._addresses = [f"http://127.0.0.1:{port}" for port in site.ports]
        self._answers = answers
        self._waiting: Iterator[Given] = iter(given)
        self._lock = threading.Lock()

    def answer(self, chance: random.Random) -> None:
        """Be a client until it is over: mostly new answers, now and then the same again."""
        mine: list[Given] = []
        with requests.Session() as http:
            while not self.over.is_set():
                one = self._next()
                if one is None or (mine and chance.random() < 0.2):
                    self._send(http, chance.choice(mine), chance)
                if one is not None:
                    self._send(http, one, chance)
                    mine.append(one)
                self.over.wait(chance.uniform(0.0, 0.15))

    def _next(self) -> Given | None:
        with self._lock:
            return next(self._waiting, None)

    def _send(self, http: requests.Session, one: Given, chance: random.Random) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                answer = http.post(
                    f"{chance.choice(self._addresses)}/v1/checkins/{one.person.check_in_id}/response",
                    json={"answers": self._answers},
                    headers={**one.person.headers, "Idempotency-Key": one.key},
                    timeout=20,
                )
            except requests.RequestException:
                self.retries += 1
                time.sleep(0.05)
                continue
            if answer.status_code == 201:
                one.told.append(answer.json())
            else:
                self.refused.append(f"{answer.status_code} {answer.text}")
            return
        self.refused.append("no server answered for a minute")


def _let_everything_settle(app: Flask, site: Site, carrier: TwilioStandIn, ask: Ask) -> None:
    """Wait until nothing is due and no text is in doubt.

    The sweep looks at what has been lying for two minutes, and believes after half an hour that
    the carrier does not have a text: so the rows are made to look as old.
    """

    def settled() -> bool:
        ask(
            "UPDATE communication SET send_after = send_after - interval '3 minutes', "
            "submitted_at = submitted_at - interval '31 minutes', "
            "updated_at = updated_at - interval '3 minutes' "
            "WHERE status IN ('pending', 'claimed', 'submitting', 'unknown') "
            "AND updated_at > now() - interval '2 minutes'"
        )
        waiting = ("pending", "claimed", "submitting", "unknown")
        return not [text for text in _texts(app) if text.status in waiting] and _due(ask) == 0

    ask("UPDATE check_in SET next_reminder_at = now() WHERE next_reminder_at < now() + '1 hour'")
    wait_for(lambda: _due(ask) == 0, "the reminders to be planned", site)
    wait_for(lambda: _jobs_waiting(ask) == 0, "the queue to run dry", site)
    wait_for(settled, "the sweep to find what the crashes left", site, every=0.5)


def _every_answer_is_there_once(ask: Ask, given: list[Given]) -> None:
    stored: dict[tuple[UUID, str], tuple[UUID, UUID]] = {}
    rows = ask("SELECT patient_id, idempotency_key, id, check_in_id FROM questionnaire_response")
    for patient_id, key, response_id, check_in_id in rows:
        stored[patient_id, key] = (response_id, check_in_id)
    assert len(rows) == len(stored) == len(given), "each answer that was told of, and no other"
    scores = Counter(key for (key,) in ask("SELECT response_id FROM score"))
    audited = Counter(
        key for (key,) in ask("SELECT entity_id FROM audit_event WHERE action = 'check-in.submit'")
    )
    completed = {key for (key,) in ask("SELECT id FROM check_in WHERE status = 'completed'")}
    assert completed == {one.person.check_in_id for one in given}
    complete_set = max(scores.values())
    for one in given:
        response_id, check_in_id = stored[one.person.id, one.key]
        assert check_in_id == one.person.check_in_id
        assert all(told == one.told[0] for told in one.told)
        assert one.told[0]["response_id"] == str(response_id)
        assert scores[response_id] == complete_set > 1
        assert audited[response_id] == 1


def _every_text_left_once(
    app: Flask, carrier: TwilioStandIn, people: list[Person], ask: Ask
) -> int:
    """Returns how many texts were sent again, for the first try had never left."""
    asked = Counter(s.form["To"] for s in carrier.requests if s.method == "POST")
    assert [phone for phone, times in asked.items() if times > 1] == []
    assert carrier.violations == []
    texts = {text.phone: text for text in sorted(_texts(app), key=lambda text: text.created_at)}
    again = [text for text in _texts(app) if text.retry_of is not None]
    assert len(texts) + len(again) == len(_texts(app)), (
        "one reminder, one row, but for second tries"
    )
    assert {text.status for text in texts.values()} <= TAKEN | NEVER_LEFT
    for phone, text in texts.items():
        assert asked[phone] == (1 if text.status in TAKEN else 0), (text.status, text.because)
    reminded = {key for (key,) in ask("SELECT id FROM check_in WHERE reminders_sent > 0")}
    assert {text.subject_id for text in texts.values()} == reminded
    assert {person.check_in_id for person in people[ANSWERING:]} <= reminded
    return len(again)


def _texts(app: Flask) -> list[Communication]:
    with app.app_context(), tenancy.across_practices():
        return list(session.scalars(select(Communication)))


def _due(ask: Ask) -> int:
    statement = "SELECT count(*) FROM check_in WHERE status = 'open' AND next_reminder_at <= now()"
    return int(ask(statement)[0][0])


def _jobs_waiting(ask: Ask) -> int:
    return int(ask("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")[0][0])
