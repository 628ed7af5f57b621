"""Doses: what was delivered, received and enacted, by tables and through the public API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from backend.programme import dose
from backend.programme.dose import Dose, Facts, GradeOffer, Share
from backend.programme.models import Adaptation
from tests.backstage import rows, statements
from tests.programme.test_practice import on_the_way, reach, walk, walker
from tests.programme.test_service import (
    plan,
    practise,
    quiz,
    refusal,
    right_answers,
    study,
    text_of,
)
from tests.world import Caller, PatientAccount, World

__all__ = ["walker"]
BEGAN = date(2026, 9, 1)
GRADES = {1: GradeOffer(20, 3), 2: GradeOffer(15, 4), 3: GradeOffer(10, 5)}


def facts(**changes: Any) -> Facts:
    values = {
        "module": "M02",
        "domain": "psychological",
        "factors": ("illness-beliefs",),
        "grades": GRADES,
        "until": BEGAN + timedelta(days=14),
        "moves": [(BEGAN, 1)],
        **changes,
    }
    return Facts(**values)


def on(day: int) -> date:
    return BEGAN + timedelta(days=day)


# --- The rule ---


def test_what_has_not_begun_has_no_dose() -> None:
    found = dose.dose_of(facts(moves=[]))
    assert (found.modules, found.released) == (Share(0, 1), Share(0, 3))
    for part in (found.opened, found.minutes, found.received, found.practised, found.quotas):
        assert part == Share(0, 0) and part.percent is None
    assert found.is_adequate is None


@pytest.mark.parametrize(
    ("changes", "released", "opened", "minutes", "received"),
    [
        ({}, (1, 3), (0, 1), (0, 20), (0, 1)),
        ({"opened": {1}}, (1, 3), (1, 1), (20, 20), (0, 1)),
        ({"opened": {1}, "passed": {1}}, (1, 3), (1, 1), (20, 20), (1, 1)),
        ({"opened": {1}, "explained": {1}}, (1, 3), (1, 1), (20, 20), (1, 1)),
        ({"passed": {1}, "explained": {1}}, (1, 3), (0, 1), (0, 20), (1, 1)),
        ({"moves": [(BEGAN, 1), (on(7), 2)], "opened": {1}}, (2, 3), (1, 2), (20, 35), (0, 2)),
        # A step back takes nothing away that was released.
        (
            {"moves": [(BEGAN, 1), (on(7), 2), (on(9), 1)], "passed": {1, 2}},
            (2, 3),
            (0, 2),
            (0, 35),
            (2, 2),
        ),
        # Read on one device before the other had told of the week.
        ({"opened": {1, 2}}, (2, 3), (2, 2), (35, 35), (0, 2)),
        # A grade that the module does not have.
        ({"opened": {1, 9}, "passed": {9}}, (1, 3), (1, 1), (20, 20), (0, 1)),
    ],
)
def test_grades_count_from_what_was_done_in_them(
    changes: dict[str, Any],
    released: tuple[int, int],
    opened: tuple[int, int],
    minutes: tuple[int, int],
    received: tuple[int, int],
) -> None:
    sets = {k: frozenset(v) if isinstance(v, set) else v for k, v in changes.items()}
    found = dose.dose_of(facts(**sets))
    assert found.released == Share(*released)
    assert found.opened == Share(*opened)
    assert found.minutes == Share(*minutes)
    assert found.received == Share(*received)


@pytest.mark.parametrize(
    ("moves", "until", "practised", "expected"),
    [
        ([(0, 1)], 0, 1, (0, 0)),
        ([(0, 1)], 2, 1, (0, 0)),  # 6 sevenths of a day
        ([(0, 1)], 3, 1, (1, 1)),
        ([(0, 1)], 7, 2, (2, 3)),
        ([(0, 1)], 7, 6, (3, 3)),
        ([(0, 1), (7, 2)], 14, 6, (6, 7)),
        ([(0, 1), (7, 2), (14, 1)], 21, 9, (9, 10)),
        ([(0, 1), (7, 2), (10, 3)], 17, 0, (0, 9)),  # 3 + 12/7 + 5, rounded down
    ],
)
def test_days_are_planned_by_the_grade_of_their_time(
    moves: list[tuple[int, int]], until: int, practised: int, expected: tuple[int, int]
) -> None:
    given_moves = [(on(day), grade) for day, grade in moves]
    found = dose.dose_of(facts(moves=given_moves, until=on(until), practised=practised))
    assert found.practised == Share(*expected)


@pytest.mark.parametrize(
    ("received", "practised", "adequate"),
    [
        ((6, 10), (6, 10), True),
        ((59, 100), (9, 10), False),
        ((9, 10), (59, 100), False),
        ((0, 0), (6, 10), None),
        ((6, 10), (0, 0), None),
    ],
)
def test_a_dose_is_adequate_from_sixty_percent_of_both(
    received: tuple[int, int], practised: tuple[int, int], adequate: bool | None
) -> None:
    found = Dose(received=Share(*received), practised=Share(*practised))
    assert found.is_adequate is adequate


def test_a_report_adds_up_by_module_domain_and_factor() -> None:
    two = ("fear-avoidance", "low-self-efficacy")
    told = dose.report(
        [
            facts(passed=frozenset({1}), practised=3, sessions=(5, 4)),
            facts(module="M06", factors=two, opened=frozenset({1})),
            facts(module="M04", domain="somatic", factors=two[1:], moves=[], sessions=(5, 9)),
        ]
    )
    assert {name: each.released.done for name, each in told.modules.items()} == {
        "M02": 1,
        "M06": 1,
        "M04": 0,
    }
    assert told.domains["psychological"].practised == Share(3, 12)
    assert told.domains["somatic"].modules == Share(0, 1)
    assert told.factors["low-self-efficacy"].modules == Share(1, 2)
    assert told.factors["fear-avoidance"].modules == Share(1, 1)
    assert told.whole.quotas == Share(9, 10)
    assert told.whole.received == Share(1, 2)
    assert told.version == dose.VERSION


@given(
    st.lists(
        st.builds(
            facts,
            module=st.sampled_from(["M01", "M02"]),
            domain=st.sampled_from(["somatic", "social"]),
            opened=st.frozensets(st.integers(0, 5)),
            passed=st.frozensets(st.integers(0, 5)),
            practised=st.integers(0, 60),
            until=st.integers(0, 60).map(on),
            moves=st.sampled_from([[], [(BEGAN, 1)], [(BEGAN, 1), (on(3), 2)]]),
        )
    )
)
def test_no_part_is_more_than_its_whole_and_sums_agree(activities: list[Facts]) -> None:
    told = dose.report(activities)
    for each in (told.whole, *told.modules.values(), *told.domains.values()):
        for name in ("modules", "released", "opened", "minutes", "received", "practised"):
            part: Share = getattr(each, name)
            assert 0 <= part.done <= part.of
            assert (part.percent is None) is (part.of == 0)
    assert dose.total(told.modules.values()) == dose.total(told.domains.values()) == told.whole


# --- Through the API ---


def doses(world: World, provider: Caller, patient: Caller) -> dict[str, Any]:
    found: dict[str, Any] = world.ok(world.get(f"/v1/patients/{patient.id}/dose", provider))
    return found


def part(dose_told: dict[str, Any], name: str) -> tuple[int, int]:
    return dose_told[name]["done"], dose_told[name]["of"]


def test_without_a_plan_there_is_no_dose(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    answer = world.get(f"/v1/patients/{patient.id}/dose", clinician)
    assert refusal(answer) == (404, "not-found")


def test_a_dose_grows_with_what_a_person_does(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 2)
    modules = len(plan(world, patient))

    def first() -> dict[str, Any]:
        found: dict[str, Any] = doses(world, clinician, patient)["report"]["modules"]["M01"]
        return found

    assert part(first(), "released") == (1, 1) and part(first(), "opened") == (0, 1)
    minutes = world.ok(text_of(world, patient, "M01"))["minutes"]
    assert part(first(), "opened") == (1, 1)
    assert part(first(), "minutes") == (minutes, minutes)
    wrong = {key: 1 - min(value, 1) for key, value in right_answers("M01", 1).items()}
    world.ok(quiz(world, patient, "M01", wrong))
    assert part(first(), "received") == (0, 1)
    world.ok(quiz(world, patient, "M01", right_answers("M01", 1)))
    assert part(first(), "received") == (1, 1)
    world.clock.move_by(days=7)
    world.sign_in(patient)
    world.sign_in(clinician)
    planned = first()["practised"]["of"]
    assert planned > 2 and part(first(), "practised") == (0, planned)
    assert practise(world, patient, "M01").status_code == 204
    yesterday = (world.clock.now() - timedelta(days=1)).date().isoformat()
    assert practise(world, patient, "M01", day=yesterday, done=False).status_code == 204
    assert part(first(), "practised") == (1, planned)
    told = doses(world, clinician, patient)
    assert told["report"]["version"] == dose.VERSION
    assert part(told["report"]["whole"], "modules") == (1, modules)
    assert set(told["report"]["domains"]) == {"somatic", "psychological", "social"} & set(
        told["report"]["domains"]
    )
    assert told["use_percent"] is not None


def test_a_grade_that_was_explained_to_somebody_was_received(
    world: World, clinician: Caller
) -> None:
    patient = reach(world, world.onboarded(clinician, 2), "M02")
    study(world, patient, "M02")
    world.weekly(patient, 2)
    assert plan(world, patient)["M02"]["grade"] == 2
    world.sign_in(clinician)
    before = doses(world, clinician, patient)["report"]["modules"]["M02"]
    assert part(before, "released") == (2, 2) and part(before, "received") == (1, 2)
    for said, received in (("  ", 1), ("My sister, who asked why.", 2)):
        values = {"told_someone": said}
        assert practise(world, patient, "M02", values=values).status_code == 204
        after = doses(world, clinician, patient)["report"]["modules"]["M02"]
        assert part(after, "received") == (received, 2)


def test_sessions_against_quotas_are_those_of_the_judged_weeks(
    app: Flask, world: World, clinician: Caller, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    walk(world, walker, *[8] * 15)
    weeks = [row.inputs for row in rows(app, Adaptation, Adaptation.rule == "graded-activity")]
    assert weeks
    world.sign_in(clinician)
    told = doses(world, clinician, walker)["report"]["modules"]["M04"]
    assert told["quotas"]["of"] == sum(week["planned"] for week in weeks) > 0
    assert told["quotas"]["done"] > 0


def report_of(world: World, caller: Caller, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = world.ok(world.get(f"/v1/practice/dose{query}", caller))
    return found


def test_a_practice_sees_its_own_plans_of_a_period_together(
    world: World, clinician: Caller
) -> None:
    lead = world.provider(clinician.practice_id, "lead")
    assert report_of(world, lead)["reached"] == {"done": 0, "of": 0, "percent": None}
    people = [world.onboarded(clinician, 2) for _ in range(3)]
    stranger = world.onboarded(world.provider(world.practice("Dale Surgery")), 2)
    for patient in (*people[:2], stranger):
        world.ok(text_of(world, patient, "M01"))
        world.ok(quiz(world, patient, "M01", right_answers("M01", 1)))
    told = report_of(world, lead)
    assert told["reached"] == {"done": 2, "of": 3, "percent": 66}
    assert part(told["report"]["modules"]["M01"], "received") == (2, 3)
    assert part(told["report"]["whole"], "modules")[0] == 3
    assert told["adequate"] == {"done": 0, "of": 0, "percent": None}
    assert report_of(world, lead, "?until=2026-09-01")["reached"]["of"] == 0
    world.clock.move_by(days=7)
    world.sign_in(lead)
    assert report_of(world, lead)["adequate"] == {"done": 0, "of": 3, "percent": 0}


def test_a_report_costs_the_same_with_more_people_and_a_longer_history(
    app: Flask, world: World, clinician: Caller
) -> None:
    lead = world.provider(clinician.practice_id, "lead")
    costs = []
    for _ in range(2):
        for _ in range(3):
            patient = world.onboarded(clinician, 2)
            study(world, patient, "M01")
        with statements(app) as seen:
            report_of(world, lead)
        one = list(seen)
        with statements(app) as seen:
            doses(world, clinician, patient)
        costs.append((len(one), len(seen)))
    assert costs[0] == costs[1]
