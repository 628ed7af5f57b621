"""Who is in the demo: made-up people and how their weeks go. Seeded: the same every time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEED = 741
# Mood is troubled less than the back is.
MILDER = 13

# Ofcom sets aside 07700 900000 to 900999 for drama.
PHONE = "+447700900{:03d}"

GIVEN = (
    "Amira", "Ben", "Carys", "Dev", "Elena", "Femi", "Grace", "Hamid", "Isla", "Jamal",
    "Kate", "Liam", "Mei", "Noah", "Olu", "Priya", "Quinn", "Rosa", "Sam", "Tara",
)  # fmt: skip
FAMILY = (
    "Abbott", "Bello", "Chen", "Davies", "Evans", "Farah", "Green", "Hughes", "Iqbal", "Jones",
    "Khan", "Lewis", "Morgan", "Novak", "Owen", "Patel", "Reid", "Singh", "Taylor", "Wright",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

RECOVERING = "recovering"
LEVEL = "level"
WORSENING = "worsening"
RED_FLAG = "red-flag"
SELF_HARM = "self-harm"
SILENT = "silent"
INVITED = "invited"

# Who is certain to be met; the rest recover or stay level. The latest answer just before the end.
LATEST = (RED_FLAG, WORSENING)
FIXED = {0: INVITED, 1: RED_FLAG, 2: SELF_HARM, 3: SILENT, 4: WORSENING, 5: WORSENING, 6: WORSENING}


@dataclass(frozen=True)
class Person:
    """One made-up person. ``severity`` 0-10 at the start; ``weeks`` since they were enrolled."""

    number: int
    given_name: str
    family_name: str
    phone: str
    checkin_weekday: str
    checkin_hour: int
    weeks: int
    course: str
    severity: float
    acute: bool
    diligence: float

    def level(self, week: int, rng: random.Random) -> float:
        """How bad week ``week`` is, 0-10, with the noise of everyday life."""
        late = max(0, week - self.weeks + 2)
        drift = {RECOVERING: -0.6 * week, WORSENING: 1.8 * late}.get(self.course, 0.0)
        return min(10.0, max(0.0, self.severity + drift + rng.gauss(0, 0.5)))

    def answers_week(self, week: int, rng: random.Random) -> bool:
        """Whether they answer that week's check-in."""
        if self.course == SILENT:
            return week <= 1
        return week == 1 or self.course in LATEST or rng.random() < self.diligence


def people(size: int) -> list[Person]:
    """The first ``size`` people of the cohort."""
    rng = random.Random(SEED)
    return [_person(number, rng) for number in range(size)]


def answers(
    questionnaire: Mapping[str, Any], level: float, person: Person, rng: random.Random
) -> dict[str, Any]:
    """Plausible answers to a FHIR Questionnaire at a level of trouble from 0 to 10."""
    given: dict[str, Any] = {}
    for item in _questions(questionnaire["item"]):
        if "enableWhen" not in item:
            given[item["linkId"]] = _answer(item, level, person, rng)
    return given


def _person(number: int, rng: random.Random) -> Person:
    course = FIXED.get(number) or rng.choices((RECOVERING, LEVEL), (6, 1))[0]
    weeks = (
        0 if course == INVITED else max(5 if number < len(FIXED) else 2, round(12 * rng.random()))
    )
    severity = rng.uniform(6, 8) if course == SILENT else rng.uniform(2.5, 6)
    return Person(
        number=number,
        given_name=GIVEN[number % len(GIVEN)],
        family_name=FAMILY[(number * 7 + number // len(GIVEN)) % len(FAMILY)],
        phone=PHONE.format(number),
        checkin_weekday=rng.choice(WEEKDAYS),
        checkin_hour=rng.randint(9, 19),
        weeks=weeks,
        course=course,
        severity=min(severity, 5.0) if course == WORSENING else severity,
        acute=rng.random() < 0.4,
        diligence=rng.uniform(0.9, 1.0),
    )


def _questions(items: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for item in items:
        found += _questions(item["item"]) if item["type"] == "group" else [item]
    return found


BETTER_WHEN_HIGHER = (
    "weekly.self_efficacy",
    "weekly.support",
    "weekly.understanding",
    "context.expectation",
    "context.importance",
    "context.confidence",
)


def _answer(item: Mapping[str, Any], level: float, person: Person, rng: random.Random) -> Any:
    link = item["linkId"]
    if link.startswith("rmdq."):
        return rng.random() < level / 10
    if item["type"] == "boolean":
        return False
    if item["type"] == "integer":
        if link == "weekly.activity":
            return rng.randint(0, 7)
        felt = round(min(10.0, max(0.0, level + rng.gauss(0, 0.8))))
        return 10 - felt if link in BETTER_WHEN_HIGHER else felt
    codes = [option["valueCoding"]["code"] for option in item["answerOption"]]
    if link == "context.duration":
        return codes[0] if person.acute else codes[rng.randint(1, 3)]
    if link == "phq.9":
        return codes[1] if person.course == SELF_HARM else codes[0]
    if len(codes) == 2:
        return codes[int(rng.random() < level / 10)]
    share = min(0.999, max(0.0, level / MILDER + rng.gauss(0, 0.1)))
    return codes[int(share * len(codes))]
