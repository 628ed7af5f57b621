"""Plays the cohort through the public API on a moved clock, so that the demo is itself a test.

Everything a person or a provider does is a request; what the worker does is done by its own ticks.
Only the text messages are read from where the demo's inbox page shows them.
"""

from __future__ import annotations

import heapq
import itertools
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from backend import worker
from backend.core.clock import MovableClock
from backend.core.database import close_session
from backend.demo import cohort
from backend.demo.cohort import Person
from backend.messaging import jobs as messaging_jobs
from backend.messaging import service as messaging

ZONE = "Europe/London"
# How often the worker's clock ticks in the play; answers come later than that after an opening.
STRIDE = timedelta(hours=8)
ANSWER_DELAYS = (9, 11, 15, 26, 50)
PROVIDER_HOUR = 11
LOOKS_AFTER = timedelta(days=4)
# What is left open for whoever looks at the demo happened shortly before it ends.
BEFORE_THE_END = timedelta(hours=2)
CAREFUL = 0.7

LINK = re.compile(r"/([ic])/([A-Za-z0-9_-]+)")
CODE = re.compile(r"\b(\d{6})\b")


class DemoFailed(RuntimeError):
    """A request of the demo was refused; the message quotes the answer."""


@dataclass
class Account:
    """A provider's sign-in: e-mail, password and authenticator secret."""

    email: str
    password: str
    totp_secret: str


@dataclass
class Device:
    """A signed-in person's tokens."""

    refresh_token: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Play:
    """One run of the cohort, from the first enrolment up to ``until``."""

    def __init__(
        self,
        app: Flask,
        clock: MovableClock,
        provider: Account,
        until: datetime,
        people: Sequence[Person],
    ) -> None:
        self.app = app
        self.clock = clock
        self.provider = provider
        self.until = until
        self.rng = random.Random(cohort.SEED)
        self.people = people
        self.client: FlaskClient = app.test_client()
        self.staff = Device()
        self.devices: dict[int, Device] = {}
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._next_tick = until
        self._passed: set[tuple[str, int]] = set()

    def run(self) -> None:
        """Play it all; the clock ends at ``until``."""
        two_days_ago = self.until.astimezone(ZoneInfo(ZONE)) - timedelta(days=2)
        for person in self.people:
            if person.course in cohort.LATEST:
                # Their window is open when the play ends, whatever day that is.
                weekday = cohort.WEEKDAYS[two_days_ago.weekday()]
                person = replace(person, checkin_weekday=weekday)
            days = 7 * person.weeks + (self.rng.randint(0, 6) if person.weeks else 1)
            self._at(self._in_hours(self.until - timedelta(days=days)), self._enrolling(person))
        first = min(self._agenda)[0]
        self._at(first + timedelta(days=1), self._providers_round)
        self._next_tick = first - STRIDE
        self.clock.move_to(self._next_tick)
        while self._agenda:
            instant, _, action = heapq.heappop(self._agenda)
            if instant >= self.until:
                continue
            self._move_to(instant)
            action()
        self._move_to(self.until)
        worker.tick_all(self.app)
        self._deliver()

    def _at(self, instant: datetime, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (instant, next(self._order), action))

    def _move_to(self, instant: datetime) -> None:
        while self._next_tick <= instant:
            self.clock.move_to(max(self._next_tick, self.clock.now()))
            worker.tick_all(self.app)
            self._deliver()
            self._next_tick += STRIDE
        self.clock.move_to(max(instant, self.clock.now()))

    def _deliver(self) -> None:
        with self.app.app_context():
            messaging_jobs.deliver_due(1000)
            close_session()

    def _in_hours(self, instant: datetime) -> datetime:
        local = instant.astimezone(ZoneInfo(ZONE)).replace(minute=0, second=0, microsecond=0)
        return local.replace(hour=self.rng.randint(10, 16)).astimezone(UTC)

    def _enrolling(self, person: Person) -> Callable[[], None]:
        def enrol() -> None:
            self._sign_staff_in()
            self._post(
                "/v1/patients",
                self.staff,
                {
                    "given_name": person.given_name,
                    "family_name": person.family_name,
                    "phone": person.phone,
                    "time_zone": ZONE,
                    "checkin_weekday": person.checkin_weekday,
                    "checkin_hour": person.checkin_hour,
                    "contraindications": [],
                },
            )
            if person.course != cohort.INVITED:
                later = self.clock.now() + timedelta(hours=self.rng.randint(1, 20))
                self._at(later, lambda: self._join(person))

        return enrol

    def _join(self, person: Person) -> None:
        """Invitation, code, consent, safety screen, baseline."""
        link = self._newest_text(person, LINK).group(2)
        who = {"link": link}
        self._post("/v1/sign-in/patient/code", None, who)
        self._deliver()
        code = self._newest_text(person, CODE).group(1)
        device = self.devices[person.number] = Device()
        self._hold_tokens(device, self._post("/v1/sign-in/patient", None, {**who, "code": code}))
        text = self._get("/v1/me/consent", device)
        self._post("/v1/me/consent", device, {"version": text["version"]})
        for kind in ("safety-screen", "baseline"):
            self._answer(person, kind, 0)
        self._answer(person, "follow-up", 0)
        self._plan_next_answer(person, 1)

    def _plan_next_answer(self, person: Person, week: int) -> None:
        coming = [
            datetime.fromisoformat(each["opens_at"])
            for each in self._get("/v1/me/checkins", self.devices[person.number])["items"]
            if each["kind"] == "weekly" and each["status"] in ("scheduled", "open")
        ]
        if coming and self.clock.now() < self.until - BEFORE_THE_END:
            delay = timedelta(hours=self.rng.choice(ANSWER_DELAYS))
            instant = max(coming) + delay
            if person.course in cohort.LATEST and instant > self.until - timedelta(days=7):
                instant = self.until - BEFORE_THE_END
            self._at(instant, lambda: self._week(person, week))

    def _week(self, person: Person, week: int) -> None:
        device = self.devices[person.number]
        self._refresh(device)
        self._work_on_modules(person)
        if person.answers_week(week, self.rng):
            self._answer(person, "weekly", week)
            self._answer(person, "follow-up", week)
        self._plan_next_answer(person, week + 1)

    def _answer(self, person: Person, kind: str, week: int) -> None:
        device = self.devices[person.number]
        for check_in in self._get("/v1/me/checkins", device)["items"]:
            if check_in["kind"] != kind or check_in["status"] != "open":
                continue
            asked = self._get(f"/v1/checkins/{check_in['id']}", device)["questionnaire"]
            level = person.level(week, self.rng)
            if person.course == cohort.SELF_HARM:
                level = max(level, 6.0)
            answers = cohort.answers(asked, level, person, self.rng)
            ends = self.until - self.clock.now() <= BEFORE_THE_END
            if person.course == cohort.RED_FLAG and kind == "weekly" and ends:
                answers.update(_red_flag(asked))
            self._post(
                f"/v1/checkins/{check_in['id']}/response",
                device,
                {"answers": answers},
                {"Idempotency-Key": check_in["id"]},
            )

    def _work_on_modules(self, person: Person) -> None:
        device = self.devices[person.number]
        if person.course == cohort.SILENT:
            return
        plan = self._get("/v1/me/plan", device, missing={"activities": []})
        for activity in plan["activities"]:
            if activity["status"] in ("active", "stuck") and not activity["locked"]:
                self._study(person, device, activity["id"])

    def _study(self, person: Person, device: Device, activity_id: str) -> None:
        address = f"/v1/me/activities/{activity_id}"
        module = self._get(address, device)
        if (activity_id, module["grade"]) not in self._passed:
            self._answer_quiz(person, device, address, module)
            self._passed.add((activity_id, module["grade"]))
        today = self.clock.now().astimezone(ZoneInfo(ZONE)).date()
        for days_ago in range(module["practice"]["planned_days"]):
            if self.rng.random() < person.diligence:
                self._post(
                    f"{address}/practice",
                    device,
                    {
                        "day": str(today - timedelta(days=days_ago)),
                        "done": True,
                        "confidence": self.rng.randint(5, 9),
                    },
                )

    def _answer_quiz(
        self, person: Person, device: Device, address: str, module: Mapping[str, Any]
    ) -> None:
        options = {item["id"]: len(item["options"]) for item in module["quiz"]}
        answers = {name: self.rng.randrange(count) for name, count in options.items()}
        result = self._post(f"{address}/quiz", device, {"answers": answers})
        # The explanations help: those who take the time try again until they pass.
        while person.diligence > CAREFUL and not result["passed"]:
            for item in result["items"]:
                if not item["right"]:
                    answers[item["id"]] = (answers[item["id"]] + 1) % options[item["id"]]
            result = self._post(f"{address}/quiz", device, {"answers": answers})

    def _providers_round(self) -> None:
        """Each day at eleven a provider deals with what has lain for some days."""
        self._sign_staff_in()
        for alert in self._get("/v1/alerts?limit=100", self.staff)["items"]:
            lain = self.clock.now() - datetime.fromisoformat(alert["opened_at"])
            if lain >= LOOKS_AFTER:
                self._deal_with(alert)
        tomorrow = self.clock.now().astimezone(ZoneInfo(ZONE)) + timedelta(days=1)
        self._at(
            tomorrow.replace(hour=PROVIDER_HOUR, minute=0).astimezone(UTC), self._providers_round
        )

    def _deal_with(self, alert: Mapping[str, Any]) -> None:
        address = f"/v1/alerts/{alert['id']}"
        if alert["status"] in ("new", "delivered"):
            self._post(f"{address}/acknowledge", self.staff, {})
        reached = self.rng.random() < 0.8
        self._post(
            f"{address}/contacts", self.staff, {"reached": reached, "note": "Called by phone."}
        )
        if not reached:
            return
        self._post(
            f"{address}/resolve",
            self.staff,
            {
                "code": self.rng.choice(("contacted", "visit-booked")),
                "note": "Talked it through and agreed what comes next.",
            },
        )
        if alert["rule"] in ("red-flag", "self-harm"):
            self._post(
                f"/v1/patients/{alert['patient_id']}/safety-clearance",
                self.staff,
                {"reason": "Examined; no sign of serious disease. Safe to go on."},
            )

    def _sign_staff_in(self) -> None:
        if self.staff.refresh_token:
            self._refresh(self.staff)
            return
        code = pyotp.TOTP(self.provider.totp_secret).at(self.clock.now())
        body = {"email": self.provider.email, "password": self.provider.password, "code": code}
        self._hold_tokens(self.staff, self._post("/v1/sign-in/provider", None, body))

    def _refresh(self, device: Device) -> None:
        body = {"refresh_token": device.refresh_token}
        self._hold_tokens(device, self._post("/v1/sign-in/refresh", None, body))

    def _hold_tokens(self, device: Device, tokens: Mapping[str, Any]) -> None:
        device.refresh_token = tokens["refresh_token"]
        device.headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    def _newest_text(self, person: Person, pattern: re.Pattern[str]) -> re.Match[str]:
        with self.app.app_context():
            for text in messaging.latest(200):
                found = pattern.search(text.body or "")
                if text.phone == person.phone and found:
                    return found
        raise DemoFailed(f"no text for person {person.number}")

    def _get(self, address: str, device: Device, missing: Any = None) -> Any:
        answer = self.client.get(address, headers=device.headers)
        if answer.status_code == 404 and missing is not None:
            return missing
        return _sound(answer)

    def _post(
        self,
        address: str,
        device: Device | None,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        sent = {**(device.headers if device else {}), **(headers or {})}
        return _sound(self.client.post(address, json=body, headers=sent))


def _sound(answer: Any) -> Any:
    if answer.status_code >= 400:
        raise DemoFailed(f"{answer.request.path}: {answer.get_data(as_text=True)}")
    return answer.get_json(silent=True)


def _red_flag(asked: Mapping[str, Any]) -> dict[str, Any]:
    opened = {
        item["linkId"]: item["linkId"] == "safety.foot"
        for group in asked["item"]
        for item in group.get("item", [])
        if "enableWhen" in item
    }
    return {"safety.gateway": True, **opened}
