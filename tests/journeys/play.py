"""Plays a journey through the public API on a moved clock, and keeps what the API said."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.journeys.script import Agrees, Flare, Person, Rates, Reply, Try, answers
from tests.shipped import CATALOGUE
from tests.world import Caller, PatientAccount, ProviderAccount, World, questions

DAY = timedelta(days=1)
# An access token lives a little longer.
FRESH = timedelta(minutes=10)
EARLIEST = datetime.min.replace(tzinfo=UTC)
WEEKS = 12
NOON = time(12, 30)
MORNING = time(9, 0)
PRACTICE = "Hill Surgery"
PROVIDER = "Dr Robin Hale"

Said = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """Something that happened, and what the API said about it."""

    at: datetime
    kind: str
    said: Said


@dataclass
class Record:
    """All that was seen of a journey, oldest first."""

    person: Person
    practice: Said = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)
    alerts: list[Said] = field(default_factory=list)
    risk: Said = field(default_factory=dict)
    plan: Said = field(default_factory=dict)
    goals: Said = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Scene]:
        """The scenes of some kinds."""
        return [scene for scene in self.scenes if scene.kind in kinds]


class Play:
    """One run of a script, from enrolment to the check-in of the twelfth week."""

    def __init__(self, world: World, person: Person) -> None:
        self.world = world
        self.person = person
        self.zone = ZoneInfo(person.time_zone)
        self.record = Record(person)
        self.feels = person.start
        self.tries = list(person.tries)
        self.feared = list(person.feared)
        self.taken: set[str] = set()
        self.week = 0
        self.steady: dict[str, date] = {}
        self._came: dict[UUID, datetime] = {}
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self.provider: ProviderAccount
        self.patient: PatientAccount

    def run(self) -> Record:
        """Play it all."""
        self.world.clock.move_to(self._at(self.person.begins, MORNING))
        self._enrol()
        self._later(self._at(self.person.begins, self.person.at_home), self._join)
        for number in range(1, 7 * WEEKS + 8):
            day = self.person.begins + number * DAY
            self._later(self._at(day, self.person.at_home), self._evening)
            if day in self.person.on:
                self._happens(day)
        while self._agenda and not self._is_over():
            instant, _, act = heapq.heappop(self._agenda)
            self.world.clock.move_to(max(instant, self.world.clock.now()))
            self.world.tick()
            act()
        self._look_back()
        return self.record

    def _is_over(self) -> bool:
        return self.week >= WEEKS and not self._waits()

    def _waits(self) -> bool:
        # What the practice still has to answer.
        return any(a["status"] not in ("resolved", "dismissed") for a in self._open_alerts())

    def _happens(self, day: date) -> None:
        event = self.person.on[day]
        hour = (datetime.combine(day, self.person.at_home) - timedelta(minutes=30)).time()
        if isinstance(event, Flare):
            self._later(self._at(day, hour), lambda: self._flare(event))
        elif isinstance(event, Rates):
            self._later(self._at(day, hour), lambda: self._rate(event))
        else:
            self._later(self._at(day, NOON), lambda: self._agree(event))

    # Time

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def _later(self, instant: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (instant, next(self._order), act))

    def _today(self) -> date:
        return self.world.clock.now().astimezone(self.zone).date()

    def _keep(self, kind: str, **said: Any) -> None:
        self.record.scenes.append(Scene(self.world.clock.now(), kind, said))

    # The way in

    def _enrol(self) -> None:
        practice = self.world.practice(PRACTICE, self.person.time_zone)
        self.provider = self.world.provider(practice, phone="+441632960124", name=PROVIDER)
        self.world.sign_in_by_code(self.provider)
        self.record.practice = self._get("/v1/practice", self.provider)
        self.patient = self.world.enrol(
            self.provider,
            given_name=self.person.given_name,
            family_name=self.person.family_name,
            time_zone=self.person.time_zone,
            checkin_weekday=self.person.weekday,
        )

    def _join(self) -> None:
        self.world.sign_in_by_link(self.patient)
        text = self._get("/v1/me/consent", self.patient)
        self._post("/v1/me/consent", self.patient, {"version": text["version"]})
        self._keep("joined", consent=text, today=self._get("/v1/me/today", self.patient))
        self._evening()

    # The patient's evening

    def _evening(self) -> None:
        """Do what the home page says, as far as this person does it today."""
        if self.person.is_away(self._today()):
            return
        self._comes_back(self.patient)
        done: set[tuple[str, str]] = set()
        while True:
            today = self._get("/v1/me/today", self.patient)
            task = next(
                (t for t in today["to_do"] if (t["kind"], t["id"]) not in done and self._does(t)),
                None,
            )
            if task is None:
                break
            done.add((task["kind"], task["id"]))
            if task["kind"] == "check-in":
                self._answer(task)
            elif task["kind"] == "module":
                self._study(task["id"])
            else:
                self._practise(task["id"])
        if self._today().weekday() in self.person.steady_days:
            self._keep_up()
        self._look_at_alerts()

    def _keep_up(self) -> None:
        """Go on with quota and ladder on one's own days, also when the home page asks no more."""
        for activity_id, last in list(self.steady.items()):
            if last != self._today():
                self._practise(activity_id)

    def _does(self, task: Mapping[str, Any]) -> bool:
        if task["kind"] == "module":
            begun: bool = task["module"]["begun"]
            return not begun
        if task["kind"] == "check-in":
            return not self._lets_pass(task["id"])
        return bool(task["kind"] == "practice")

    def _lets_pass(self, check_in_id: str) -> bool:
        check_in = self._get(f"/v1/checkins/{check_in_id}", self.patient)
        if check_in["kind"] != "weekly":
            return False
        week = self.person.weeks.get(check_in["occasion"])
        return week is not None and week.misses

    def _answer(self, task: Mapping[str, Any]) -> None:
        address = f"/v1/checkins/{task['id']}"
        check_in = self._get(address, self.patient)
        week = self.person.weeks.get(check_in["occasion"], None)
        yes: frozenset[str] = frozenset()
        says = ""
        if check_in["kind"] == "weekly":
            self.week = check_in["occasion"]
            if week is not None:
                self.feels = self.feels.then(**week.feels)
                yes, says = week.yes, week.says
        elif check_in["kind"] == "safety-screen":
            yes = self.person.screen
        asked = questions(check_in["questionnaire"]["item"])
        given = answers(asked, self.feels, yes)
        before = self._seen()
        told = self._post(
            f"{address}/response",
            self.patient,
            {"answers": given},
            {"Idempotency-Key": check_in["id"]},
        )
        self._keep(
            check_in["kind"],
            occasion=check_in["occasion"],
            title=check_in["questionnaire"]["title"],
            asked=len(given),
            says=says,
            told=told,
            screen=self._get("/v1/me/today", self.patient),
            before=before,
            after=self._seen(),
        )

    def _seen(self) -> Said:
        """What the provider sees of the person at this moment."""
        self._provider_comes_back()
        risk = self._get(f"/v1/patients/{self.patient.id}/risk", self.provider)
        plan = self._get(f"/v1/patients/{self.patient.id}/plan", self.provider, missing=None)
        return {"risk": risk, "plan": plan}

    def _study(self, activity_id: str) -> None:
        address = f"/v1/me/activities/{activity_id}"
        text = self._get(address, self.patient)
        module = CATALOGUE[text["module_id"], text["module_version"]]
        knows = {
            item.id: next(n for n, option in enumerate(item.options) if option.right)
            for item in module.grades[text["grade"]].quiz
        }
        quiz = self._post(f"{address}/quiz", self.patient, {"answers": knows})
        self._keep("read", text=text, quiz=quiz)
        if text["quota"] is not None and text["quota"]["aim"] is None:
            quota = self._put(f"{address}/aim", dict(self.person.aim))
            self._keep("aim", quota=quota)
        if text["ladder"] is not None and not text["ladder"]["rungs"] and self.person.ladder:
            self._rate(Rates(self.person.ladder))
        if text["module_id"] == "M03" and text["grade"] == 2:
            self._keep("goal", **self._put("/v1/me/goal", dict(self.person.goal)))

    def _practise(self, activity_id: str) -> None:
        address = f"/v1/me/activities/{activity_id}"
        text = self._get(address, self.patient)
        values = dict(self.person.notes.get(text["module_id"], {}))
        tried: Try | None = None
        if text["quota"] is not None and text["quota"]["aim"] is not None:
            amount = self._amount(text["quota"])
            if amount is None:
                return
            named = "trial_amount" if text["grade"] == 1 else "amount_done"
            values[named] = amount
        elif text["ladder"] is not None and text["grade"] > 1:
            tried = self._next_try(text["ladder"])
            if tried is None:
                return
            values |= {
                "movement": tried.movement,
                "prediction": tried.prediction,
                "what_happened": tried.happened,
                "fear_before": tried.fear[0],
                "fear_after": tried.fear[1],
                "belief_before": tried.belief[0],
                "belief_after": tried.belief[1],
                "safety_behaviours": tried.habits,
                "context": tried.where,
            }
        asked = {value["id"] for value in text["practice"]["values"]}
        body = {
            "day": self._today().isoformat(),
            "done": True,
            "confidence": self.person.confidence.get(text["module_id"], 8),
            "values": {name: value for name, value in values.items() if name in asked},
        }
        self._post(f"{address}/practice", self.patient, body)
        after = self._get(address, self.patient) if tried else text
        if text["quota"] is not None or tried is not None:
            self.steady[activity_id] = self._today()
        self._keep("practice", text=text, body=body, tried=tried, after=after)

    def _amount(self, quota: Mapping[str, Any]) -> float | None:
        if quota["phase"] == "locked":
            return None
        if quota["today"] is None:
            return self.tries.pop(0) if self.tries else None
        return self.person.does.get(self._today(), float(quota["today"]))

    def _next_try(self, ladder: Mapping[str, Any]) -> Try | None:
        if self.feared and self.feared[0].movement == ladder["current"]:
            return self.feared.pop(0)
        return None

    # What happens on a day of its own

    def _flare(self, event: Flare) -> None:
        self._comes_back(self.patient)
        address = self._activity("M04")
        before = self._get(address, self.patient)["quota"]
        after = self._post(f"{address}/flare", self.patient, {"days": event.days})
        self._keep("flare", says=event.says, before=before, after=after)

    def _rate(self, event: Rates) -> None:
        self._comes_back(self.patient)
        items = [{"item": name, "rating": rating} for name, rating in event.ratings.items()]
        ladder = self._put(f"{self._activity('M06')}/ladder", {"items": items})
        self._keep("ladder", says=event.says, ladder=ladder)

    def _agree(self, event: Agrees) -> None:
        self._provider_comes_back()
        plan = self._get(f"/v1/patients/{self.patient.id}/plan", self.provider)
        [activity] = [a for a in plan["activities"] if a["module_id"] == "M06"]
        address = f"/v1/patients/{self.patient.id}/activities/{activity['id']}/approvals"
        ladder = self._post(address, self.provider, {"item": event.movement})
        self._keep("agreed", says=event.says, before=activity["progress"], ladder=ladder)

    def _activity(self, module_id: str) -> str:
        plan = self._get("/v1/me/plan", self.patient)
        [found] = [a["id"] for a in plan["activities"] if a["module_id"] == module_id]
        return f"/v1/me/activities/{found}"

    # The practice

    def _open_alerts(self) -> list[Said]:
        self._provider_comes_back()
        items: list[Said] = self._get("/v1/alerts", self.provider)["items"]
        return items

    def _look_at_alerts(self) -> None:
        for alert in self._open_alerts():
            if alert["id"] in self.taken:
                continue
            self.taken.add(alert["id"])
            reply = self._reply_to(alert)
            opened = datetime.fromisoformat(alert["opened_at"])
            self._keep("alert", alert=alert)
            self._later(opened + reply.after, partial(self._take_up, alert, reply))
            closes = reply.closes or reply.after
            self._later(opened + closes, partial(self._close, alert, reply))

    def _reply_to(self, alert: Said) -> Reply:
        found = [reply for reply in self.person.replies if reply.rule == alert["rule"]]
        assert found, f"the script has no reply to an alert of the rule {alert['rule']}: {alert}"
        number: int = sum(s.said["alert"]["rule"] == alert["rule"] for s in self.record.of("alert"))
        return found[min(number, len(found) - 1)]

    def _take_up(self, alert: Said, reply: Reply) -> None:
        self._provider_comes_back()
        address = f"/v1/alerts/{alert['id']}"
        self._post(f"{address}/acknowledge", self.provider, {})
        for reached, note in reply.contacts:
            self._post(f"{address}/contacts", self.provider, {"reached": reached, "note": note})

    def _close(self, alert: Said, reply: Reply) -> None:
        self._provider_comes_back()
        if reply.clears is not None:
            hold = self._post(
                f"/v1/patients/{self.patient.id}/safety-clearance",
                self.provider,
                {"reason": reply.clears},
            )
            self._keep("cleared", hold=hold)
        done = {"code": reply.code, "note": reply.note}
        self._post(f"/v1/alerts/{alert['id']}/resolve", self.provider, done)

    def _look_back(self) -> None:
        seen = self._seen()
        self.record.risk, self.record.plan = seen["risk"], seen["plan"]
        self._comes_back(self.patient)
        self.record.goals = self._get("/v1/me/goal", self.patient)
        for scene in self.record.of("alert"):
            address = f"/v1/alerts/{scene.said['alert']['id']}"
            self.record.alerts.append(self._get(address, self.provider))

    def _provider_comes_back(self) -> None:
        self._comes_back(self.provider)

    def _comes_back(self, caller: Caller) -> None:
        at = self.world.clock.now()
        if at - self._came.get(caller.id, EARLIEST) >= FRESH:
            self.world.refresh(caller)
            self._came[caller.id] = at

    # Requests

    def _get(self, address: str, caller: Any, missing: Any = ...) -> Any:
        answer = self.world.get(address, caller)
        if answer.status_code == 404 and missing is not ...:
            return missing
        return self.world.ok(answer)

    def _post(
        self, address: str, caller: Any, body: Any, headers: Mapping[str, str] | None = None
    ) -> Any:
        return self.world.ok(self.world.post(address, caller, body, headers))

    def _put(self, address: str, body: Any) -> Any:
        return self.world.ok(self.world.put(address, self.patient, body))
