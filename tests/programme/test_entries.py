"""What patients write into the diaries, through the public API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from backend.programme.models import ActivityEntry, PracticeLog
from tests.backstage import rows
from tests.browser import assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.programme.test_daily import NONE_OF_THESE, restrict, slept
from tests.programme.test_diaries import NIGHT, PLAN, THOUGHT
from tests.programme.test_practice import on_the_way, reach, walk
from tests.programme.test_service import (
    faulty_fields,
    plan,
    practise,
    refusal,
    standing,
    study,
    text_of,
)
from tests.world import Caller, PatientAccount, ProviderAccount, World


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


def of_factor(world: World, clinician: Caller, module: str, **answers: Any) -> PatientAccount:
    """One whose module for a factor has begun."""
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 2, **answers)
    return reach(world, patient, module)


@pytest.fixture
def thinker(world: World, clinician: Caller) -> PatientAccount:
    return of_factor(world, clinician, "M08", weekly__catastrophizing=9)


@pytest.fixture
def planner(world: World, clinician: Caller) -> PatientAccount:
    return of_factor(world, clinician, "M10", **{"phq.1": "LA6571-9", "phq.2": "LA6571-9"})


def address(world: World, patient: Caller, module: str, entry: str = "") -> str:
    found = f"/v1/me/activities/{plan(world, patient)[module]['id']}/entries"
    return f"{found}/{entry}" if entry else found


def write(
    world: World, patient: Caller, module: str, values: dict[str, Any], **body: Any
) -> TestResponse:
    return world.post(address(world, patient, module), patient, {"values": values, **body})


def change(
    world: World, patient: Caller, module: str, entry: str, values: dict[str, Any], **body: Any
) -> TestResponse:
    where = address(world, patient, module, entry)
    return world.client.put(where, json={"values": values, **body}, headers=patient.headers)


def remove(world: World, patient: Caller, module: str, entry: str) -> TestResponse:
    where = address(world, patient, module, entry)
    return world.client.delete(where, headers=patient.headers)


def diary(world: World, patient: Caller, module: str, query: str = "") -> dict[str, Any]:
    found = world.ok(world.get(address(world, patient, module) + query, patient))
    return dict(found)


def practised(app: Flask, patient: Caller, *modules: str) -> list[tuple[str, bool, bool]]:
    found = rows(app, PracticeLog, PracticeLog.patient_id == patient.id)
    entries = {e.activity_id for e in rows(app, ActivityEntry)}
    return sorted(
        (log.day.isoformat(), log.done, log.by_entry) for log in found if log.activity_id in entries
    )


def test_several_thoughts_a_day_are_entries_and_one_day_of_practice(
    app: Flask, world: World, thinker: PatientAccount
) -> None:
    for n in range(3):
        made = write(world, thinker, "M08", {**THOUGHT, "belief_before": 80 + n})
        assert made.status_code == 201
        world.clock.move_by(minutes=10)
    told = diary(world, thinker, "M08")
    assert [e["values"]["belief_before"] for e in told["items"]] == [82, 81, 80]
    assert told["diary"]["title"] == "My thought records"
    assert [f["id"] for f in told["diary"]["fields"]][:3] == [
        "situation", "thought", "belief_before",
    ]  # fmt: skip
    today = world.clock.now().date().isoformat()
    assert practised(app, thinker) == [(today, True, True)]
    page = diary(world, thinker, "M08", "?limit=2")
    rest = diary(world, thinker, "M08", f"?limit=2&cursor={page['next_cursor']}")
    assert [len(page["items"]), len(rest["items"]), rest["next_cursor"]] == [2, 1, None]


def test_the_grade_advances_by_what_was_written_down(world: World, thinker: PatientAccount) -> None:
    study_quiz_only = {"M08"}
    others = [m for m, (s, _) in standing(world, thinker).items() if s == "active"]
    study(world, thinker, *[m for m in others if m not in study_quiz_only])
    text = world.ok(text_of(world, thinker, "M08"))
    assert text["grade"] == 1
    start = world.clock.now()
    for days in range(1, 6):
        world.clock.move_to(start + timedelta(days=days))
        world.sign_in(thinker)
        assert write(world, thinker, "M08", THOUGHT).status_code == 201
    world.clock.move_to(start)
    study(world, thinker, "M08")
    world.weekly(thinker, 2)
    assert standing(world, thinker)["M08"] == ("active", 2)


def test_the_same_id_sent_again_is_one_entry(app: Flask, world: World, thinker: Caller) -> None:
    entry = str(uuid4())
    first = write(world, thinker, "M08", THOUGHT, id=entry)
    again = write(world, thinker, "M08", {**THOUGHT, "belief_before": 1}, id=entry)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert len(rows(app, ActivityEntry)) == 1
    other = world.patient(world.provider(thinker.practice_id))
    world.answer(other, "safety-screen")
    world.answer(other, "baseline", 2, weekly__catastrophizing=9)
    reach(world, other, "M08")
    assert refusal(write(world, other, "M08", THOUGHT, id=entry)) == (409, "id-used")


def test_what_does_not_fit_is_named_and_nothing_is_kept(
    app: Flask, world: World, thinker: Caller
) -> None:
    late = (world.clock.now() - timedelta(days=8)).isoformat()
    assert faulty_fields(write(world, thinker, "M08", {"thought": 3})) == {
        "values.situation", "values.thought", "values.belief_before",
    }  # fmt: skip
    assert faulty_fields(write(world, thinker, "M08", THOUGHT, at=late)) == {"at"}
    assert faulty_fields(write(world, thinker, "M08", THOUGHT, at="2026-09-01T10:00:00")) == {"at"}
    assert rows(app, ActivityEntry) == []
    assert refusal(write(world, thinker, "M03", THOUGHT)) == (409, "other-practice")
    assert refusal(write(world, thinker, "M16", {})) == (409, "not-yet")


def test_a_clock_that_is_ahead_writes_now(world: World, thinker: Caller) -> None:
    ahead = (world.clock.now() + timedelta(days=1)).isoformat()
    entry = world.ok(write(world, thinker, "M08", THOUGHT, at=ahead))
    assert entry["day"] == world.clock.now().date().isoformat()


def test_a_plan_becomes_practice_of_the_day_on_which_it_is_done(
    app: Flask, world: World, planner: PatientAccount
) -> None:
    friday = (world.clock.now() + timedelta(days=3)).date().isoformat()
    planned = {**PLAN, "planned_day": friday}
    entry = world.ok(write(world, planner, "M10", planned))
    assert (entry["counts"], practised(app, planner)) == (False, [])
    world.clock.move_by(days=3, hours=2)
    world.sign_in(planner)
    done = {**planned, "done": "yes", "mood_before": 3, "mood_after": 5}
    changed = world.ok(change(world, planner, "M10", entry["id"], done))
    assert (changed["day"], changed["counts"]) == (friday, True)
    assert practised(app, planner) == [(friday, True, True)]
    # Not done after all: the day is no longer one of practice.
    world.clock.move_by(minutes=1)
    world.ok(change(world, planner, "M10", entry["id"], {**done, "done": "no"}))
    assert practised(app, planner) == [(friday, False, False)]


def test_an_older_change_that_comes_late_changes_nothing(world: World, thinker: Caller) -> None:
    entry = world.ok(write(world, thinker, "M08", THOUGHT))
    world.clock.move_by(hours=2)
    newer = {**THOUGHT, "belief_before": 40}
    world.ok(change(world, thinker, "M08", entry["id"], newer, shared=True))
    older = (world.clock.now() - timedelta(hours=1)).isoformat()
    told = world.ok(
        change(world, thinker, "M08", entry["id"], {**THOUGHT, "belief_before": 60}, at=older)
    )
    assert (told["values"]["belief_before"], told["shared"]) == (40, True)


def test_a_removed_entry_is_gone_for_good_whatever_is_sent_again(
    app: Flask, world: World, thinker: Caller
) -> None:
    entry = world.ok(write(world, thinker, "M08", THOUGHT))["id"]
    for _ in range(2):
        assert remove(world, thinker, "M08", entry).status_code == 204
    assert write(world, thinker, "M08", THOUGHT, id=entry).get_json()["removed"] is True
    assert world.ok(change(world, thinker, "M08", entry, THOUGHT))["removed"] is True
    never_seen = str(uuid4())
    assert remove(world, thinker, "M08", never_seen).status_code == 204
    assert write(world, thinker, "M08", THOUGHT, id=never_seen).get_json()["removed"] is True
    assert diary(world, thinker, "M08")["items"] == []
    assert {tuple(row.values) for row in rows(app, ActivityEntry)} == {()}
    assert [done for _, done, _ in practised(app, thinker)] == [False]


def test_after_a_week_an_entry_stays_as_it_is(world: World, thinker: Caller) -> None:
    entry = world.ok(write(world, thinker, "M08", THOUGHT))["id"]
    world.clock.move_by(days=7)
    world.sign_in(thinker)
    assert diary(world, thinker, "M08")["items"][0]["can_change"] is True
    world.ok(change(world, thinker, "M08", entry, THOUGHT))
    world.clock.move_by(days=1)
    world.sign_in(thinker)
    assert diary(world, thinker, "M08")["items"][0]["can_change"] is False
    assert refusal(change(world, thinker, "M08", entry, THOUGHT)) == (409, "too-late")
    assert refusal(remove(world, thinker, "M08", entry)) == (409, "too-late")


ACTS = st.lists(
    st.sampled_from(["entry", "no", "yes", "remove"]), min_size=1, max_size=5, unique=True
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_a_day_counts_once_by_note_or_entry_in_whatever_order(
    app: Flask, world: World, thinker: PatientAccount, acts: list[str]
) -> None:
    world.clock.move_by(days=1)
    world.sign_in(thinker)
    entry = str(uuid4())
    for act in acts:
        world.clock.move_by(seconds=5)
        if act == "entry":
            assert write(world, thinker, "M08", THOUGHT, id=entry).status_code in (200, 201)
        elif act == "remove":
            assert remove(world, thinker, "M08", entry).status_code == 204
        else:
            noted = practise(world, thinker, "M08", done=act == "yes", confidence=7)
            assert noted.status_code == 204
    notes = [act for act in acts if act in ("yes", "no")]
    stands = "entry" in acts and "remove" not in acts
    today = world.clock.now().date()
    found = rows(app, PracticeLog, PracticeLog.patient_id == thinker.id, PracticeLog.day == today)
    assert [log.done for log in found] in ([notes[-1:] == ["yes"] or stands], [])
    assert bool(found) or not (notes or stands)
    assert all(log.confidence == (7 if notes else None) for log in found)


def test_the_sleep_diary_gives_efficiency_and_sleepiness_suspends_the_window(
    world: World, clinician: Caller
) -> None:
    sleeper = of_factor(world, clinician, "M11", weekly__sleep=9)
    start = world.clock.now()
    # 23:15 to 07:00 are 465 minutes, 45 of them awake.
    for n in range(7):
        world.clock.move_to(start + timedelta(days=n))
        world.sign_in(sleeper)
        world.ok(write(world, sleeper, "M11", NIGHT))
    told = slept(world, sleeper)
    assert (told["nights"], told["efficiency"], told["window"]) == (7, 90.3, None)
    told = world.ok(restrict(world, clinician, sleeper, True, **NONE_OF_THESE))
    assert (told["window"], told["suspended"]) == (450, False)
    for n in range(2):
        world.clock.move_to(start + timedelta(days=6 + n, hours=1))
        world.sign_in(sleeper)
        world.ok(write(world, sleeper, "M11", {**NIGHT, "sleepy": 8}))
    told = slept(world, sleeper)
    assert (told["window"], told["suspended"]) == (None, True)
    assert "do not drive while you feel sleepy" in told["for_patient"]


def test_a_flare_plan_is_kept_in_versions_beside_the_smaller_amount(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = reach(world, world.onboarded(clinician, 2), "M04")
    on_the_way(world, patient, amount=40)
    walk(world, patient, *[8] * 5, None, None, *[10] * 5)
    reach(world, patient, "M16")
    page = {"first_48_hours": "Warm bath, short walks.", "whom_to_call": "The practice."}
    first = world.ok(write(world, patient, "M16", page))
    assert (first["version"], first["can_change"]) == (1, False)
    world.clock.move_by(days=1)
    world.sign_in(patient)
    second = world.ok(write(world, patient, "M16", {**page, "who_knows": "Jo"}))
    assert second["version"] == 2
    told = diary(world, patient, "M16")
    assert [(e["version"], e["values"].get("who_knows")) for e in told["items"]] == [
        (2, "Jo"), (1, None),
    ]  # fmt: skip
    assert told["fallback"]["activity"] == "Walking"
    quota = world.ok(text_of(world, patient, "M04"))["quota"]
    assert 0 < told["fallback"]["amount"] <= quota["today"]
    flared = f"/v1/me/activities/{plan(world, patient)['M04']['id']}/flare"
    assert world.ok(world.post(flared, patient, {}))["today"] == told["fallback"]["amount"]
    refused = change(world, patient, "M16", second["id"], page)
    assert refusal(refused) == (409, "kept-version")


def test_a_provider_sees_how_often_and_only_what_is_shown(
    app: Flask, world: World, clinician: ProviderAccount, thinker: PatientAccount
) -> None:
    write(world, thinker, "M08", {**THOUGHT, "situation": "Secret."})
    world.clock.move_by(days=10)
    world.sign_in(thinker)
    world.ok(write(world, thinker, "M08", {**THOUGHT, "situation": "Shown."}, shared=True))
    world.sign_in(clinician)
    answer = world.get(f"/v1/patients/{thinker.id}/entries", clinician)
    [told] = world.ok(answer)["items"]
    assert (told["diary"], told["last_7"], told["last_28"]) == ("thought-record", 1, 2)
    assert [e["values"]["situation"] for e in told["shared"]] == ["Shown."]
    assert "Secret" not in answer.get_data(as_text=True)
    page = signed_in(app, world, clinician).open(f"/console/patients/{thinker.id}")
    assert "Shown." in page.text and "Secret" not in page.html
    assert_is_a_safe_page(page)
    trail = {row.action for row in rows(app, AuditEvent)}
    assert {"activity.entry", "entries.read"} <= trail
    assert "Secret" not in str([row.detail for row in rows(app, AuditEvent)])
