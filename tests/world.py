"""People and what they do, through the public API: what tests are written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pyotp
from flask import Flask
from werkzeug.test import TestResponse

from backend import worker
from backend.core import sessions, tenancy
from backend.core.clock import MovableClock
from backend.core.database import unit_of_work
from backend.core.identity import CARE_TEAM, CLINICIAN
from backend.core.queue import register
from backend.hooks import jobs as hooks
from backend.messaging import jobs as messaging_jobs
from backend.messaging import service as messaging
from backend.messaging.models import Communication
from backend.practices import service as practices

PASSWORD = "correct horse battery staple"
CODE = re.compile(r"\b(\d{6})\b")
LINK = re.compile(r"/([ic])/([A-Za-z0-9_-]+)")

Answers = dict[str, Any]


@dataclass
class Caller:
    """Somebody signed in. ``headers`` hold their access token."""

    id: UUID
    practice_id: UUID
    role: str
    headers: dict[str, str] = field(default_factory=dict)
    refresh_token: str = ""


@dataclass
class ProviderAccount(Caller):
    """A provider with what they sign in with."""

    email: str = ""
    totp_secret: str = ""


@dataclass
class PatientAccount(Caller):
    """A patient with their phone."""

    phone: str = ""


class World:
    """Makes practices, providers and patients, and lets them act."""

    def __init__(self, app: Flask, clock: MovableClock) -> None:
        self.app = app
        self.clock = clock
        self.client = app.test_client()
        self._numbers = count(1)

    # Practices and providers

    def practice(self, name: str = "Hill Surgery", zone: str = "Europe/London") -> UUID:
        with self.app.app_context(), tenancy.across_practices(), unit_of_work():
            return practices.create_practice(name, "GB", zone, "+441632960001").id

    def provider(
        self,
        practice_id: UUID,
        role: str = CLINICIAN,
        phone: str | None = None,
        name: str | None = None,
    ) -> ProviderAccount:
        """A provider, signed in."""
        email = f"{role}-{uuid4().hex[:8]}@example.org"
        with self.app.app_context(), tenancy.across_practices(), unit_of_work():
            made = practices.create_provider(
                practice_id, email, name or f"Dr {role.title()}", role, PASSWORD, phone
            )
            account = ProviderAccount(
                made.provider.id,
                practice_id,
                role,
                email=email,
                totp_secret=made.totp_secret,
            )
        self.sign_in(account)
        return account

    def sign_in(self, caller: Caller) -> None:
        """Give somebody fresh tokens; the real ways in have tests of their own."""
        with self.app.app_context(), unit_of_work():
            tokens = sessions.open_session(
                caller.id, caller.practice_id, caller.role, timedelta(days=90)
            )
        caller.headers = {"Authorization": f"Bearer {tokens.access_token}"}

    def sign_in_by_link(self, patient: PatientAccount) -> None:
        """The way in of somebody who was just invited: the link, and the code that is texted."""
        who = {"link": self.link()}
        self.ok(self.post("/v1/sign-in/patient/code", body=who))
        self._holds(
            patient, self.ok(self.post("/v1/sign-in/patient", body={**who, "code": self.code()}))
        )

    def sign_in_by_code(self, provider: ProviderAccount) -> None:
        """The way in of a provider: password, and the code of their authenticator app."""
        code = pyotp.TOTP(provider.totp_secret).at(self.clock.now())
        body = {"email": provider.email, "password": PASSWORD, "code": code}
        self._holds(provider, self.ok(self.post("/v1/sign-in/provider", body=body)))

    def refresh(self, caller: Caller) -> None:
        """Go on with a session that was opened by one of the real ways in."""
        body = {"refresh_token": caller.refresh_token}
        self._holds(caller, self.ok(self.post("/v1/sign-in/refresh", body=body)))

    def _holds(self, caller: Caller, tokens: Mapping[str, Any]) -> None:
        caller.refresh_token = tokens["refresh_token"]
        caller.headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    # Patients

    def enrol(self, provider: Caller, **changes: Any) -> PatientAccount:
        """A patient who has been invited and has not joined yet."""
        number = next(self._numbers)
        body = {
            "given_name": "Ann",
            "family_name": f"Example{number}",
            "phone": f"+4477009{number:05d}",
            "time_zone": "Europe/London",
            "checkin_weekday": "tuesday",
            "checkin_hour": 10,
            **changes,
        }
        if provider.role in CARE_TEAM:
            # Nothing stands in the way of any module, unless a test says so.
            body.setdefault("contraindications", [])
        made = self.ok(self.post("/v1/patients", provider, body))
        return PatientAccount(
            UUID(made["id"]), provider.practice_id, "patient", phone=body["phone"]
        )

    def patient(self, provider: Caller, **changes: Any) -> PatientAccount:
        """A patient who is signed in and has given consent."""
        patient = self.enrol(provider, **changes)
        self.sign_in(patient)
        text = self.ok(self.get("/v1/me/consent", patient))
        self.ok(self.post("/v1/me/consent", patient, {"version": text["version"]}))
        return patient

    def onboarded(self, provider: Caller, severity: int = 3, **changes: Any) -> PatientAccount:
        """A patient who has passed safety screen and baseline, and has a plan."""
        patient = self.patient(provider, **changes)
        self.answer(patient, "safety-screen")
        self.answer(patient, "baseline", severity)
        return patient

    def answers_by_text(self, patient: Caller) -> str:
        """Agree to answer by text; the person's letter."""
        text = self.ok(self.get("/v1/me/consent/sms-answers", patient))
        body = {"version": text["version"]}
        letter: str = self.ok(self.post("/v1/me/consent/sms-answers", patient, body))["text_letter"]
        return letter

    def next_week(self, patient: Caller) -> None:
        """Wait for the next weekly check-in to open and be texted."""
        self.sign_in(patient)
        [coming] = self.check_ins(patient, "weekly", "scheduled")
        self.clock.move_to(datetime.fromisoformat(coming["opens_at"]) + timedelta(hours=1))
        self.tick()
        self.deliver()
        self.sign_in(patient)

    # Answering

    def check_ins(
        self, patient: Caller, kind: str | None = None, status: str = "open"
    ) -> list[dict[str, Any]]:
        found = self.ok(self.get("/v1/me/checkins", patient))["items"]
        return [c for c in found if c["status"] == status and kind in (None, c["kind"])]

    def sheet(self, patient: Caller, check_in: Mapping[str, Any], severity: int = 3) -> Answers:
        """A full set of answers: ``severity`` 0-10 for every question, no red flag."""
        asked = self.ok(self.get(f"/v1/checkins/{check_in['id']}", patient))["questionnaire"]
        return {
            item["linkId"]: _answer(item, severity)
            for item in questions(asked["item"])
            if "enableWhen" not in item
        }

    def submit(
        self,
        patient: Caller,
        check_in: Mapping[str, Any],
        answers: Answers,
        key: str | None = None,
    ) -> TestResponse:
        return self.post(
            f"/v1/checkins/{check_in['id']}/response",
            patient,
            {"answers": answers},
            {"Idempotency-Key": key or str(uuid4())},
        )

    def answer(
        self, patient: Caller, kind: str, severity: int = 3, **changes: Any
    ) -> dict[str, Any]:
        """Answer the open check-in of a kind; dots in link ids are written as ``__``."""
        [check_in] = self.check_ins(patient, kind)
        answers = self.sheet(patient, check_in, severity)
        answers.update({link.replace("__", "."): value for link, value in changes.items()})
        told: dict[str, Any] = self.ok(self.submit(patient, check_in, answers))
        return told

    def weekly(self, patient: Caller, severity: int = 3, **changes: Any) -> dict[str, Any]:
        """Wait for the next weekly check-in to open and answer it an hour later."""
        self.sign_in(patient)
        [coming] = self.check_ins(patient, "weekly", "scheduled")
        self.clock.move_to(datetime.fromisoformat(coming["opens_at"]) + timedelta(hours=1))
        self.tick()
        self.sign_in(patient)
        return self.answer(patient, "weekly", severity, **changes)

    # The machinery

    def tick(self) -> None:
        """One round of the worker's clock."""
        worker.tick_all(self.app)

    def deliver(self) -> None:
        """Send what is due, in this process."""
        with self.app.app_context():
            messaging_jobs.deliver_due(1000)

    def send_webhooks(self) -> None:
        """Send the webhooks that are due, in this process."""
        register(self.app)
        with self.app.app_context():
            hooks.deliver_due()

    def texts(self, purpose: str | None = None) -> list[Communication]:
        """All texts, newest first."""
        with self.app.app_context():
            return [t for t in messaging.latest(1000) if purpose in (None, t.purpose)]

    def link(self, purpose: str = "invitation") -> str:
        """The token in the newest text of a purpose."""
        found = LINK.search(self.texts(purpose)[0].body or "")
        assert found is not None
        return found.group(2)

    def code(self) -> str:
        """The newest one-time code that was texted."""
        found = CODE.search(self.texts("sign-in-code")[0].body or "")
        assert found is not None
        return found.group(1)

    def alerts(self, provider: Caller, query: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.ok(self.get(f"/v1/alerts{query}", provider))["items"]
        return items

    def get(
        self, address: str, caller: Caller | None = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        sent = {**(caller.headers if caller else {}), **(headers or {})}
        return self.client.get(address, headers=sent)

    def put(self, address: str, caller: Caller, body: Any) -> TestResponse:
        return self.client.put(address, json=body, headers=caller.headers)

    def post(
        self,
        address: str,
        caller: Caller | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        sent = {**(caller.headers if caller else {}), **(headers or {})}
        return self.client.post(address, json={} if body is None else body, headers=sent)

    def ok(self, answer: TestResponse) -> Any:
        """The body of a good answer."""
        assert answer.status_code < 400, answer.get_data(as_text=True)
        return answer.get_json(silent=True)


def questions(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The questions of a FHIR Questionnaire without their groups."""
    found: list[dict[str, Any]] = []
    for item in items:
        found += questions(item["item"]) if item["type"] == "group" else [item]
    return found


HIGHER_IS_BETTER = ("self_efficacy", "support", "understanding", "expectation", "importance",
                    "confidence", "activity")  # fmt: skip


def _answer(item: Mapping[str, Any], severity: int) -> Any:
    if item["type"] == "boolean":
        return False
    if item["type"] == "integer":
        most = next(e["valueInteger"] for e in item["extension"] if e["url"].endswith("maxValue"))
        better = item["linkId"].endswith(HIGHER_IS_BETTER)
        return min(most, 10 - severity if better else severity)
    codes = [option["valueCoding"]["code"] for option in item["answerOption"]]
    if item["linkId"] == "phq.9":
        return codes[0]
    return codes[min(len(codes) - 1, severity * len(codes) // 10)]
