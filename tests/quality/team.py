"""A provider who learns and a lead who looks on, as the tests of training tell of them."""

from __future__ import annotations

from collections.abc import Set
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from backend.core.clock import MovableClock
from backend.quality.training_files import load_checklist, load_competence, load_topics
from tests.shipped import CONTENT
from tests.world import Caller, World

TOPICS = load_topics(CONTENT)
RULE = load_competence(CONTENT)
CHECKLIST, _, _ = load_checklist(CONTENT)


class Team:
    """One practice with a learner, a lead and another clinician."""

    def __init__(
        self, world: World, practice: UUID | None = None, learner: Caller | None = None
    ) -> None:
        self.world = world
        self.practice = practice or world.practice()
        self.learner = learner or world.provider(self.practice)
        self.lead = world.provider(self.practice, "lead")
        self.colleague = world.provider(self.practice)

    def wait(self, clock: MovableClock, days: int) -> None:
        """Let days pass; everybody signs in again."""
        clock.move_by(days=days)
        for caller in (self.learner, self.lead, self.colleague):
            self.world.sign_in(caller)

    def take_quiz(self, topic: str, wrong: Set[str] = frozenset()) -> dict[str, Any]:
        answers = {
            q.item.id: next(
                n for n, o in enumerate(q.item.options) if o.right != (q.item.id in wrong)
            )
            for q in TOPICS[topic].quiz
        }
        sent = {"answers": answers}
        address = f"/v1/training/topics/{topic}/quiz"
        told: dict[str, Any] = self.world.ok(self.world.post(address, self.learner, sent))
        return told

    def record(self, kind: str, topic: str | None = None, percent: int | None = None) -> None:
        given = {"kind": kind, "topic": topic, "percent": percent}
        sent = {name: value for name, value in given.items() if value is not None}
        answer = self.world.post(f"/v1/providers/{self.learner.id}/training", self.lead, sent)
        assert answer.status_code == 204, answer.get_json()

    def consult(self, patient: Caller, by: Caller | None = None) -> dict[str, Any]:
        address = f"/v1/patients/{patient.id}/consultations"
        made: dict[str, Any] = self.world.ok(self.world.post(address, by or self.learner, {}))
        return made

    def rate(self, consultation: dict[str, Any], by: Caller, score: int = 2, **changes: Any) -> Any:
        """Rate every item alike, with changes by item (``item_7=0``)."""
        scores: dict[str, Any] = {item.id: score for item in CHECKLIST.items}
        scores |= {name.removeprefix("item_"): value for name, value in changes.items()}
        address = f"/v1/consultations/{consultation['id']}/ratings"
        return self.world.post(address, by, {"scores": scores})

    def pass_everything(self, patient: Caller | None = None) -> None:
        """All quizzes, role-plays and three observed consultations."""
        for topic in RULE.tiers["high"].topics:
            self.take_quiz(topic)
        for topic in sorted(RULE.roleplay_topics):
            self.record("roleplay", topic, 80)
        seen = patient or self.world.onboarded(self.lead)
        for rater in (self.lead, self.colleague, self.lead):
            self.world.ok(self.rate(self.consult(seen), rater))

    def portrait(self) -> dict[str, Any]:
        address = f"/v1/providers/{self.learner.id}/competence"
        found: dict[str, Any] = self.world.ok(self.world.get(address, self.lead))
        return found

    def decide(self, tier: str, by: Caller | None = None) -> TestResponse:
        address = f"/v1/providers/{self.learner.id}/competence"
        return self.world.post(address, by or self.lead, {"tier": tier})
