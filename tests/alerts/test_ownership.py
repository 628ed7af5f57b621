"""Whose an alert is: taking, giving, giving back, and what becomes of it while somebody is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend.alerts.models import Alert, AlertEvent
from backend.core.clock import MovableClock
from backend.practices.models import Provider
from tests.backstage import at_once, behind, rows
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.world import Caller, World


@pytest.fixture
def patient(app: Flask, clock: MovableClock, clinician: Caller) -> UUID:
    [made] = crowd(app, clinician.practice_id, 1, clock.now() + timedelta(days=30))
    return made


@pytest.fixture
def alert(app: Flask, clinician: Caller, patient: UUID) -> UUID:
    [made] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    return made.id


@pytest.fixture
def colleague(world: World, clinician: Caller) -> Caller:
    return world.provider(clinician.practice_id, name="Dr Colleague")


@pytest.fixture
def lead(world: World, clinician: Caller) -> Caller:
    return world.provider(clinician.practice_id, "lead", name="Dr Lead")


def act(world: World, who: Caller, alert: UUID, action: str, **body: Any) -> dict[str, Any]:
    world.sign_in(who)
    done: dict[str, Any] = world.ok(world.post(f"/v1/alerts/{alert}/{action}", who, body))["alert"]
    return done


def refused(world: World, who: Caller, alert: UUID, action: str, **body: Any) -> tuple[int, Any]:
    world.sign_in(who)
    answer = world.post(f"/v1/alerts/{alert}/{action}", who, body)
    return answer.status_code, answer.json


def fields_of(problem: dict[str, Any]) -> set[str]:
    return {error["field"] for error in problem["errors"]}


def stored(app: Flask, alert: UUID) -> Alert:
    [found] = rows(app, Alert, Alert.id == alert)
    return found


def events(app: Flask, alert: UUID) -> list[str]:
    return [event.action for event in rows(app, AlertEvent, AlertEvent.alert_id == alert)]


def lead_care(world: World, patient: UUID, provider: Caller) -> None:
    body = {"provider_id": str(provider.id)}
    address = f"/v1/patients/{patient}/lead"
    world.ok(world.client.put(address, json=body, headers=provider.headers))


def absence(world: World, who: Caller, whose: Caller, days: tuple[int, int], **body: Any) -> Any:
    """Away from one day until another, counted from today."""
    world.sign_in(who)
    first, last = (world.clock.now().date() + timedelta(days=n) for n in days)
    return world.client.put(
        f"/v1/providers/{whose.id}/absence",
        json={"away_from": first.isoformat(), "away_until": last.isoformat(), **body},
        headers=who.headers,
    )


def test_without_a_lead_of_care_a_new_alert_lies_in_the_pool(app: Flask, alert: UUID) -> None:
    assert stored(app, alert).owner_id is None


def test_a_new_alert_is_that_of_the_lead_of_care(
    app: Flask, world: World, clinician: Caller, colleague: Caller, patient: UUID
) -> None:
    lead_care(world, patient, colleague)
    [made] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[1])
    assert stored(app, made.id).owner_id == colleague.id
    [event] = rows(app, AlertEvent, AlertEvent.alert_id == made.id)
    assert event.owner_id == colleague.id


def test_whoever_acknowledges_has_it(
    world: World, clinician: Caller, colleague: Caller, alert: UUID
) -> None:
    done = act(world, clinician, alert, "acknowledge")
    assert (done["owner_id"], done["owner"]) == (str(clinician.id), "Dr Clinician")


def test_taking_acknowledges_what_waits_and_changes_nothing_twice(
    app: Flask, world: World, clinician: Caller, alert: UUID
) -> None:
    done = act(world, clinician, alert, "take")
    assert (done["status"], done["owner_id"]) == ("acknowledged", str(clinician.id))
    assert done["acknowledged_by"] == "Dr Clinician"
    assert stored(app, alert).escalate_at == stored(app, alert).resolve_by
    assert act(world, clinician, alert, "take") == done
    assert events(app, alert).count("acknowledge") == 1


def test_of_two_who_take_it_at_once_one_has_it(
    app: Flask, world: World, clinician: Caller, colleague: Caller, alert: UUID
) -> None:
    def one(who: Caller) -> Any:
        client = app.test_client()
        return client.post(f"/v1/alerts/{alert}/take", json={}, headers=who.headers)

    answers = at_once(*(lambda who=who: one(who) for who in (clinician, colleague)))
    [winner] = [each.json["alert"]["owner"] for each in answers if each.status_code == 200]
    [problem] = [each.json for each in answers if each.status_code == 409]
    assert problem["acknowledged_by"] == winner
    assert events(app, alert).count("acknowledge") == 1


def test_from_a_colleagues_hands_it_is_taken_with_a_reason(
    app: Flask, world: World, clinician: Caller, colleague: Caller, alert: UUID
) -> None:
    act(world, clinician, alert, "take")
    act(world, clinician, alert, "start")
    status, problem = refused(world, colleague, alert, "take")
    assert (status, problem["acknowledged_by"]) == (409, "Dr Clinician")
    done = act(world, colleague, alert, "take", note="She went home ill.")
    assert (done["status"], done["owner"]) == ("in_progress", "Dr Colleague")
    assert events(app, alert)[-1] == "take"


def test_what_waits_is_assigned_and_goes_on_climbing(
    app: Flask, world: World, clinician: Caller, colleague: Caller, alert: UUID
) -> None:
    before = stored(app, alert)
    done = act(world, clinician, alert, "assign", provider_id=str(colleague.id))
    after = stored(app, alert)
    assert (done["owner"], after.status) == ("Dr Colleague", before.status)
    assert (after.respond_by, after.escalate_at) == (before.respond_by, before.escalate_at)
    assert events(app, alert)[-2:] == ["open", "assign"]


def test_what_is_handed_over_waits_for_the_other_anew(
    app: Flask, world: World, clinician: Caller, colleague: Caller, alert: UUID
) -> None:
    first = stored(app, alert).respond_by
    act(world, clinician, alert, "take")
    world.clock.move_by(days=2)
    done = act(
        world, clinician, alert, "hand-over", provider_id=str(colleague.id), note="Please call."
    )
    assert (done["status"], done["owner"], done["acknowledged_by"]) == (
        "delivered",
        "Dr Colleague",
        None,
    )
    after = stored(app, alert)
    assert after.respond_by > first and after.escalate_at is not None
    [event] = rows(app, AlertEvent, AlertEvent.action == "hand-over")
    assert (event.note, event.owner_id) == ("Please call.", colleague.id)
    assert event.detail == {"from": str(clinician.id), "to": str(colleague.id)}
    world.clock.move_by(days=4)
    world.tick()
    assert stored(app, alert).escalation > 0
    assert act(world, colleague, alert, "acknowledge")["acknowledged_by"] == "Dr Colleague"


def test_what_is_given_back_lies_in_the_pool_and_climbs(
    app: Flask, world: World, clinician: Caller, alert: UUID
) -> None:
    act(world, clinician, alert, "take")
    done = act(world, clinician, alert, "release")
    assert (done["status"], done["owner_id"]) == ("delivered", None)
    assert stored(app, alert).escalate_at is not None
    # What lies there already stays there.
    count = len(events(app, alert))
    act(world, clinician, alert, "release")
    assert len(events(app, alert)) == count


def test_nobody_but_a_lead_gives_away_what_another_has_in_hand(
    world: World, clinician: Caller, colleague: Caller, lead: Caller, alert: UUID
) -> None:
    act(world, clinician, alert, "take")
    to = {"provider_id": str(lead.id)}
    assert refused(world, colleague, alert, "assign", **to)[0] == 403
    assert refused(world, colleague, alert, "hand-over", **to, note="x")[0] == 403
    assert refused(world, colleague, alert, "release")[0] == 403
    done = act(world, lead, alert, "assign", provider_id=str(colleague.id))
    assert done["owner"] == "Dr Colleague"


def test_a_closed_alert_is_nobodys_work(
    world: World, clinician: Caller, colleague: Caller, lead: Caller, alert: UUID
) -> None:
    act(world, clinician, alert, "take")
    act(world, clinician, alert, "resolve", code="contacted")
    to = {"provider_id": str(colleague.id)}
    given = {"assign": {"provider_id": str(lead.id)}, "hand-over": {**to, "note": "x"}}
    for action, body in {"take": {"note": "x"}, "release": {}, **given}.items():
        assert refused(world, clinician, alert, action, **body)[0] == 409, action
    # Reopened, it is whose who reopened it.
    assert act(world, colleague, alert, "reopen", note="Back.")["owner"] == "Dr Colleague"


def test_work_goes_to_the_care_team_of_the_practice(
    world: World, clinician: Caller, alert: UUID
) -> None:
    researcher = world.provider(clinician.practice_id, "researcher")
    stranger = world.provider(world.practice("Dale Surgery"))
    for other in (researcher, stranger):
        status, problem = refused(world, clinician, alert, "assign", provider_id=str(other.id))
        assert (status, fields_of(problem)) == (422, {"provider_id"})
    to = {"provider_id": str(clinician.id), "note": "x"}
    assert refused(world, clinician, alert, "hand-over", **to)[0] == 422
    assert refused(world, stranger, alert, "take")[0] == 404


def test_the_feed_shows_mine_and_what_lies_in_the_pool(
    app: Flask, world: World, clinician: Caller, colleague: Caller, patient: UUID, alert: UUID
) -> None:
    [other] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[1])
    act(world, clinician, alert, "take")

    def ids(owner: str) -> list[str]:
        page = world.ok(world.get(f"/v1/alerts?owner={owner}", clinician))
        return [item["id"] for item in page["items"]]

    assert ids("me") == [str(alert)] == ids(str(clinician.id))
    assert ids("pool") == [str(other.id)]
    assert ids(str(colleague.id)) == []
    assert world.get("/v1/alerts?owner=x", clinician).status_code == 422


def test_what_an_absent_provider_has_goes_to_the_cover_at_once(
    app: Flask, world: World, clinician: Caller, colleague: Caller, alert: UUID
) -> None:
    act(world, clinician, alert, "take")
    world.ok(absence(world, clinician, clinician, (0, 3), cover_id=str(colleague.id)))
    after = stored(app, alert)
    assert (after.owner_id, after.status) == (colleague.id, "delivered")
    assert after.escalate_at is not None
    [event] = rows(app, AlertEvent, AlertEvent.action == "hand-over")
    assert (event.actor_id, event.detail and event.detail["because"]) == (clinician.id, "absence")
    # It comes back by hand only.
    world.clock.move_by(days=5)
    world.tick()
    assert stored(app, alert).owner_id == colleague.id


def test_without_a_cover_it_goes_to_the_pool(
    app: Flask, world: World, clinician: Caller, alert: UUID
) -> None:
    act(world, clinician, alert, "take")
    world.ok(absence(world, clinician, clinician, (0, 3)))
    assert stored(app, alert).owner_id is None
    assert events(app, alert)[-1] == "release"


def test_an_absence_that_begins_later_is_kept_by_the_clock(
    app: Flask, world: World, clinician: Caller, colleague: Caller, patient: UUID, alert: UUID
) -> None:
    lead_care(world, patient, clinician)
    act(world, clinician, alert, "take")
    world.ok(absence(world, clinician, clinician, (2, 3), cover_id=str(colleague.id)))
    world.tick()
    assert stored(app, alert).owner_id == clinician.id
    world.clock.move_by(days=2)
    world.tick()
    assert stored(app, alert).owner_id == colleague.id
    assert rows(app, AlertEvent, AlertEvent.action == "hand-over")[0].actor_role == "system"
    [made] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[1])
    assert stored(app, made.id).owner_id == colleague.id
    world.clock.move_by(days=2)
    [last] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[3])
    assert stored(app, last.id).owner_id == clinician.id


def test_a_cover_who_is_away_too_leaves_it_to_the_pool(
    app: Flask, world: World, clinician: Caller, colleague: Caller, patient: UUID
) -> None:
    lead_care(world, patient, clinician)
    world.ok(absence(world, colleague, colleague, (0, 3), cover_id=str(clinician.id)))
    world.ok(absence(world, clinician, clinician, (0, 3), cover_id=str(colleague.id)))
    [made] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    assert stored(app, made.id).owner_id is None


def test_what_a_closed_account_had_goes_to_the_pool(
    app: Flask, world: World, clinician: Caller, alert: UUID
) -> None:
    act(world, clinician, alert, "take")
    with behind(app) as store:
        store.get_one(Provider, clinician.id).active = False
    world.tick()
    assert stored(app, alert).owner_id is None


def test_nothing_is_given_to_somebody_who_is_away(
    world: World, clinician: Caller, colleague: Caller, alert: UUID
) -> None:
    world.ok(absence(world, colleague, colleague, (0, 3)))
    status, problem = refused(world, clinician, alert, "assign", provider_id=str(colleague.id))
    assert (status, fields_of(problem)) == (422, {"provider_id"})
    assert "Dr Colleague is away." in str(problem)


def test_a_clinician_says_so_of_themselves_and_a_lead_of_everybody(
    world: World, clinician: Caller, colleague: Caller, lead: Caller
) -> None:
    assert absence(world, clinician, colleague, (0, 3)).status_code == 403
    world.ok(absence(world, lead, colleague, (0, 3), cover_id=str(clinician.id)))
    [found] = [
        each
        for each in world.ok(world.get("/v1/colleagues", clinician))["items"]
        if each["id"] == str(colleague.id)
    ]
    assert (found["away_from"], found["cover_id"]) == ("2026-09-01", str(clinician.id))
    address = f"/v1/providers/{colleague.id}/absence"
    assert world.client.delete(address, headers=clinician.headers).status_code == 403
    assert world.client.delete(address, headers=lead.headers).status_code == 204
    items = world.ok(world.get("/v1/colleagues", clinician))["items"]
    assert {each["away_from"] for each in items} == {None}


@pytest.mark.parametrize(
    ("days", "field"), [((3, 2), "away_until"), ((-3, -1), "away_until"), ((0, 1), "cover_id")]
)
def test_an_absence_that_cannot_be_is_refused(
    world: World, clinician: Caller, days: tuple[int, int], field: str
) -> None:
    cover = {"cover_id": str(clinician.id)} if field == "cover_id" else {}
    answer = absence(world, clinician, clinician, days, **cover)
    assert (answer.status_code, fields_of(answer.json)) == (422, {field})
