"""Row-level security: the application's own role sees and writes one practice at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from backend.core import tenancy
from backend.core.audit import AuditEvent
from backend.core.clock import now
from backend.core.database import APP_ROLE, session
from backend.models import Base
from backend.patients.models import Patient
from backend.programme.models import ActivityEntry, ActivityEvent
from tests.backstage import behind
from tests.hooks.made import endpoint_of
from tests.owner import ask
from tests.programme.test_goal import goal
from tests.quality.team import Team
from tests.sync.devices import Device
from tests.world import Caller, World

TABLES = [t for t in Base.metadata.sorted_tables if "practice_id" in t.columns]
# A property of the phone number, of the server, or of the schema: of no practice.
SHARED = {"opt_out", "phone_number", "sender_line", "heartbeat", "alembic_version"}


@pytest.fixture
def two(app: Flask, world: World) -> tuple[UUID, UUID]:
    """Two practices in which something of everything has happened."""
    practices = world.practice("Hill Surgery"), world.practice("Vale Surgery")
    asked = []
    for practice in practices:
        clinician = world.provider(practice, phone="+447700900999")
        patient = world.onboarded(clinician, family_name="Example")
        [activity, *_] = world.ok(world.get("/v1/me/plan", patient))["activities"]
        address = f"/v1/me/activities/{activity['id']}"
        world.ok(world.get(address, patient))
        quiz = world.ok(world.get(address, patient))["quiz"]
        world.ok(world.post(f"{address}/quiz", patient, {"answers": {q["id"]: 0 for q in quiz}}))
        note = {"day": "2026-09-01", "done": True, "values": {}}
        world.ok(world.post(f"{address}/practice", patient, note))
        place = {"grade": 1, "step": 2}
        world.ok(world.client.put(f"{address}/position", json=place, headers=patient.headers))
        world.ok(world.client.put("/v1/me/goal", json=goal(world), headers=patient.headers))
        _rated_consultation(world, practice, clinician, patient)
        note = {"text": "Prefers mornings."}
        world.ok(world.post(f"/v1/patients/{patient.id}/notes", clinician, note))
        _told_for_the_evaluation(world, practice, clinician, patient)
        endpoint_of(world, world.provider(practice, "lead"))
        phone = Device(world, patient)
        phone.note("reading", activity["id"], {"grade": 1})
        phone.tell()
        with behind(app) as store:
            # Steady steps begin weeks later, and so do the modules with a diary.
            told = {"kind": "flare", "item": "", "day": date(2026, 9, 1), "values": {}, "at": now()}
            whose = {"practice_id": practice, "patient_id": patient.id}
            store.add(ActivityEvent(activity_id=UUID(activity["id"]), **whose, **told))
            written = {"diary": "relaxation", "day": date(2026, 9, 1), "values": {}}
            states = {"shared": False, "counts": True}
            times = dict.fromkeys(("at", "changed_at", "received_at"), now())
            entry = {"activity_id": UUID(activity["id"]), **whose, **written, **states, **times}
            store.add(ActivityEntry(**entry))
        world.ok(world.post("/v1/sign-in/patient/code", body={"phone": patient.phone}))
        moved = {"phone": "+447700900777"}
        world.ok(world.client.patch("/v1/me", json=moved, headers=patient.headers))
        other = world.patient(clinician)
        world.answer(other, "safety-screen", safety__numbness=True)
        asked.append((clinician, patient))
    for (clinician, _), (_, stranger) in zip(asked, reversed(asked), strict=True):
        who = {"given_name": "Ann", "family_name": "Example"}
        why = {"phone": stranger.phone, "reason": "other", "note": "Seen here."}
        world.ok(world.post("/v1/break-glass", clinician, who | why))
    world.weekly(patient)
    world.deliver()
    return practices


def _rated_consultation(world: World, practice: UUID, clinician: Caller, patient: Caller) -> None:
    """Training, competence, a consultation with its rating, and who leads."""
    team = Team(world, practice, clinician)
    team.pass_everything(patient)
    world.ok(team.decide("high"))
    body = {"provider_id": str(clinician.id)}
    address = f"/v1/patients/{patient.id}/lead"
    world.ok(world.client.put(address, json=body, headers=clinician.headers))


def _told_for_the_evaluation(
    world: World, practice: UUID, clinician: Caller, patient: Caller
) -> None:
    lead = world.provider(practice, "lead")
    month = {"month": "2026-08-01", "consulters": 20, "eligible": 12}
    world.ok(world.post("/v1/practice/consulters", lead, month))
    world.ok(world.post("/v1/practice/refusals", clinician, {"reason": "no-time"}))
    note = {"code": "outage", "day": "2026-09-01", "note": "No phones."}
    world.ok(world.post("/v1/practice/context-notes", clinician, note))
    harm = {"kind": "injury", "relatedness": "unlikely"}
    world.ok(world.post(f"/v1/patients/{patient.id}/adverse-events", clinician, harm))
    sent = {"target": "psychology"}
    made = world.ok(world.post(f"/v1/patients/{patient.id}/referrals", clinician, sent))
    step = {"step": "attended"}
    world.ok(world.post(f"/v1/referrals/{made['id']}/steps", clinician, step))


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    """The application's own connection, at work for nobody yet."""
    with app.app_context():
        yield


def practices_seen() -> dict[str, set[UUID]]:
    return {t.name: set(session.scalars(select(t.c.practice_id).distinct())) for t in TABLES}


def test_every_table_of_a_practice_is_protected(database: str) -> None:
    protected = ask(
        database,
        """
        SELECT c.relname, c.relrowsecurity,
            ARRAY(SELECT polcmd::text FROM pg_policy p WHERE p.polrelid = c.oid),
            EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attname = 'practice_id' AND NOT attisdropped)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = 'r'
        """,
    )
    assert len([row for row in protected if row[3]]) == len(TABLES)
    for table, is_secured, policies, has_practice in protected:
        if has_practice or table == "practice":
            assert is_secured, table
            # The other one is for the role that reads one patient through the glass.
            assert sorted(policies) in (["*"], ["*", "r"]), table
        else:
            assert table in SHARED or table.startswith("procrastinate_"), table


def test_no_view_or_function_of_ours_looks_past_the_policies(database: str) -> None:
    found = ask(
        database,
        """
        SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = 'public' AND relkind IN ('v', 'm')
        UNION ALL
        SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
        WHERE nspname = 'public' AND prosecdef
        """,
    )
    assert found == []


def test_the_applications_role_is_no_owner_and_passes_no_policy(
    database: str, inside: None
) -> None:
    assert session.scalar(text("SELECT current_user")) == APP_ROLE
    rights = "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles"
    assert ask(database, f"{rights} WHERE rolname = %s", [APP_ROLE]) == [(False,) * 5]
    owned = "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = relowner WHERE rolname = %s"
    assert ask(database, owned, [APP_ROLE]) == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE patient DISABLE ROW LEVEL SECURITY",
        "DROP POLICY practice_scope ON patient",
        "TRUNCATE patient",
        "UPDATE alembic_version SET version_num = '0'",
    ],
)
def test_the_applications_role_cannot_change_the_schema(inside: None, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"denied|owner"):
        session.execute(text(statement))


def test_nothing_is_seen_before_a_practice_is_entered(two: tuple[UUID, UUID], inside: None) -> None:
    assert practices_seen() == {t.name: set() for t in TABLES}
    assert session.scalar(text("SELECT count(*) FROM practice")) == 0


def test_only_the_practice_that_was_entered_is_seen(two: tuple[UUID, UUID], inside: None) -> None:
    for practice in two:
        tenancy.enter(practice)
        seen = practices_seen()
        assert all(ids <= {practice} for ids in seen.values())
        # Otherwise the test would pass on empty tables.
        assert {name for name, ids in seen.items() if not ids} <= {"adaptation"}
        assert session.scalars(text("SELECT id FROM practice")).all() == [practice]


def test_system_work_sees_all_and_then_nothing_again(two: tuple[UUID, UUID], inside: None) -> None:
    with tenancy.across_practices():
        assert practices_seen()["patient"] == set(two)
    assert practices_seen()["patient"] == set()


def test_a_practice_entered_within_system_work_stays_entered(
    two: tuple[UUID, UUID], inside: None
) -> None:
    with tenancy.across_practices():
        tenancy.enter(two[0])
    assert practices_seen()["patient"] == {two[0]}


def test_the_scope_holds_across_commits_and_rollbacks(two: tuple[UUID, UUID], inside: None) -> None:
    tenancy.enter(two[0])
    for end in (session.commit, session.rollback):
        end()
        assert practices_seen()["patient"] == {two[0]}


def test_a_connection_keeps_nothing_of_the_work_before(app: Flask, two: tuple[UUID, UUID]) -> None:
    with app.app_context():
        tenancy.enter(two[0])
        assert practices_seen()["patient"]
    for _ in range(5):
        with app.app_context():
            assert not practices_seen()["patient"]


def test_a_row_for_another_practice_is_refused(two: tuple[UUID, UUID], inside: None) -> None:
    ours, theirs = two
    tenancy.enter(ours)
    row = {"at": now(), "action": "x.y", "actor_role": "system", "practice_id": theirs}
    with pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(insert(AuditEvent), row)
    session.rollback()
    session.execute(insert(AuditEvent), {**row, "practice_id": ours})


def test_a_row_cannot_be_moved_to_another_practice(two: tuple[UUID, UUID], inside: None) -> None:
    tenancy.enter(two[0])
    with pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(update(Patient).values(practice_id=two[1]))


def test_another_practices_rows_can_be_neither_changed_nor_deleted(
    two: tuple[UUID, UUID], inside: None
) -> None:
    ours, theirs = two
    with tenancy.across_practices():
        [key, *_] = session.scalars(select(Patient.id).where(Patient.practice_id == theirs))
    tenancy.enter(ours)
    changed = session.execute(update(Patient).where(Patient.id == key).values(language="xx"))
    deleted = session.execute(delete(Patient).where(Patient.id == key))
    assert (changed.rowcount, deleted.rowcount) == (0, 0)  # type: ignore[attr-defined]
    session.commit()
    with tenancy.across_practices():
        assert session.scalar(select(func.count()).where(Patient.language == "xx")) == 0


def test_what_waits_to_be_written_goes_to_the_practice_entered(
    app: Flask, two: tuple[UUID, UUID]
) -> None:
    with app.app_context():
        tenancy.enter(two[0])
        session.scalar(select(func.count(Patient.id)))
        session.add(AuditEvent(at=now(), action="x.y", actor_role="system", practice_id=two[1]))
        tenancy.enter(two[1])
        session.commit()
        assert session.scalar(select(func.count()).where(AuditEvent.action == "x.y")) == 1
