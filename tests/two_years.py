"""A patient with two years of history among two thousand others, without the two years."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, select, text

from backend.core import tenancy
from backend.core.clock import now
from backend.core.database import session, unit_of_work
from backend.core.ids import new_id
from backend.messaging.models import Communication
from backend.programme import modules, service
from backend.programme.models import Activity, CarePlan
from tests.backstage import behind
from tests.crowd import crowd

WEEKS = 104
MODULES = 15
COMMUNICATIONS = 2000
DAYS = 7 * WEEKS

# Everybody of a practice but one has eight weeks behind them; every third was once held.
_OTHERS = (
    """
    INSERT INTO check_in (id, practice_id, patient_id, enrolment_id, kind, battery, occasion,
        status, opens_at, closes_at, completed_at)
    SELECT gen_random_uuid(), e.practice_id, e.patient_id, e.id, 'weekly', 'weekly', 1 + n,
        'completed', CAST(:at AS timestamptz) - n * interval '7 days',
        CAST(:at AS timestamptz) - n * interval '7 days' + interval '6 days',
        CAST(:at AS timestamptz) - n * interval '7 days' + interval '1 day'
    FROM enrolment e, generate_series(1, 8) n WHERE e.patient_id <> :patient
    """,
    """
    INSERT INTO questionnaire_response (id, practice_id, patient_id, questionnaire, answers, mode,
        authored_at, received_at, idempotency_key, request_hash, outcome)
    SELECT e.patient_id, e.practice_id, e.patient_id, 'weekly', '{}', 'app', :at, :at, 'key', 'x',
        '{}'
    FROM enrolment e WHERE e.patient_id <> :patient
    """,
    """
    INSERT INTO risk_assessment (id, practice_id, patient_id, response_id, kind, method,
        method_version, at, outcome, value, inputs, result, reasons)
    SELECT CASE n WHEN 0 THEN e.id ELSE gen_random_uuid() END, e.practice_id, e.patient_id,
        e.patient_id, CASE n WHEN 0 THEN 'stratification' ELSE 'trajectory' END, 'm', '1',
        CAST(:at AS timestamptz) - (9 - n) * interval '7 days', 'stable', 40, '{}', '{}', '[]'
    FROM enrolment e, generate_series(0, 8) n WHERE e.patient_id <> :patient
    """,
    """
    INSERT INTO safety_hold (id, practice_id, patient_id, response_id, level, items, opened_at,
        cleared_at)
    SELECT gen_random_uuid(), e.practice_id, e.patient_id, e.patient_id, 'same_day', '[]', :at,
        CASE WHEN n % 6 = 0 THEN NULL ELSE CAST(:at AS timestamptz) END
    FROM (SELECT *, row_number() OVER () AS n FROM enrolment WHERE patient_id <> :patient) e
    WHERE n % 3 = 0
    """,
    """
    INSERT INTO contraindication_answer (id, practice_id, patient_id, code, answer, at, by_id)
    SELECT gen_random_uuid(), e.practice_id, e.patient_id, code, 'no', :at, p.id
    FROM enrolment e, unnest(ARRAY['epilepsy', 'pregnancy', 'domestic-abuse']) code,
        (SELECT id FROM provider LIMIT 1) p
    WHERE e.patient_id <> :patient
    """,
    """
    INSERT INTO care_plan (id, practice_id, patient_id, risk_assessment_id, pathway_version, status,
        weeks, support, planned_support, notes, created_at, folded_to)
    SELECT e.id, e.practice_id, e.patient_id, e.id, 'default', 'active', 8, '', '', '[]', :at, :at
    FROM enrolment e WHERE e.patient_id <> :patient
    """,
    """
    INSERT INTO activity (id, practice_id, care_plan_id, patient_id, module_id, module_version,
        position, reason, status, grade)
    SELECT gen_random_uuid(), p.practice_id, p.id, p.patient_id, 'M0' || n, '1.0.0', n, 'core',
        'active', 1
    FROM care_plan p, generate_series(1, 5) n WHERE p.patient_id <> :patient
    """,
    """
    INSERT INTO practice_log (id, practice_id, patient_id, activity_id, grade, day, done, values,
        at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 1,
        CAST(CAST(:at AS timestamptz) AS date) - n, true, '{}', :at
    FROM activity a, generate_series(1, 6) n WHERE a.patient_id <> :patient
    """,
    """
    INSERT INTO activity_event (id, practice_id, patient_id, activity_id, kind, item, day, values,
        at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 'rated', 'Movement ' || n,
        CAST(CAST(:at AS timestamptz) AS date), '{"rating": 50}', :at
    FROM activity a, generate_series(1, 3) n WHERE a.patient_id <> :patient
    """,
    """
    INSERT INTO decision (id, practice_id, patient_id, at, rule, rule_version, kind, title, reason,
        inputs)
    SELECT gen_random_uuid(), e.practice_id, e.patient_id,
        CAST(:at AS timestamptz) - n * interval '7 days', 'early-reminder', 'default', 'remind', '',
        '', '{}'
    FROM enrolment e, generate_series(1, 8) n
    """,
    """
    INSERT INTO module_reading (id, practice_id, patient_id, activity_id, grade, at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 1,
        CAST(:at AS timestamptz) - n * interval '3 days'
    FROM activity a, generate_series(1, 3) n WHERE a.patient_id <> :patient
    """,
    """
    INSERT INTO reading_position (id, practice_id, patient_id, activity_id, grade, step, at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 1, 2, :at
    FROM activity a WHERE a.patient_id <> :patient
    """,
    """
    INSERT INTO quiz_attempt (id, practice_id, patient_id, activity_id, grade, answers, percent, at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 1, '{}', 80,
        CAST(:at AS timestamptz) - n * interval '3 days'
    FROM activity a, generate_series(1, 3) n WHERE a.patient_id <> :patient
    """,
)
# One patient's two years: each week a check-in and an assessment, practice on most days.
_HISTORY = (
    """
    INSERT INTO check_in (id, practice_id, patient_id, enrolment_id, kind, battery, occasion,
        status, opens_at, closes_at, completed_at)
    SELECT gen_random_uuid(), e.practice_id, e.patient_id, e.id, 'weekly', 'weekly', 1 + n,
        'completed', CAST(:at AS timestamptz) - (105 - n) * interval '7 days',
        CAST(:at AS timestamptz) - (105 - n) * interval '7 days' + interval '6 days',
        CAST(:at AS timestamptz) - (105 - n) * interval '7 days' + interval '1 day'
    FROM enrolment e, generate_series(1, :weeks) n WHERE e.patient_id = :patient
    """,
    """
    INSERT INTO check_in (id, practice_id, patient_id, enrolment_id, kind, battery, occasion,
        status, opens_at, closes_at)
    SELECT gen_random_uuid(), e.practice_id, e.patient_id, e.id, 'weekly', 'weekly', 106, 'open',
        CAST(:at AS timestamptz) - interval '1 hour', CAST(:at AS timestamptz) + interval '6 days'
    FROM enrolment e WHERE e.patient_id = :patient
    """,
    """
    INSERT INTO risk_assessment (id, practice_id, patient_id, kind, method, method_version, at,
        outcome, value, inputs, result, reasons)
    SELECT gen_random_uuid(), e.practice_id, e.patient_id, 'trajectory', 'm', '1',
        CAST(:at AS timestamptz) - (:weeks - n) * interval '7 days' - interval '1 hour',
        'improving', 40, '{"severity": {}}', '{"band": "medium"}', '[]'
    FROM enrolment e, generate_series(1, :weeks) n WHERE e.patient_id = :patient
    """,
    """
    INSERT INTO practice_log (id, practice_id, patient_id, activity_id, grade, day, done, values,
        at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, a.grade,
        CAST(CAST(:at AS timestamptz) AS date) - n, true, '{}',
        CAST(:at AS timestamptz) - n * interval '1 day'
    FROM activity a, generate_series(1, :days) n
    WHERE a.patient_id = :patient AND n % 3 > 0 AND a.position = CASE WHEN n < 28 THEN :modules - 2
        ELSE (n / 56) % 13 END
    """,
    """
    INSERT INTO module_reading (id, practice_id, patient_id, activity_id, grade, at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, a.grade,
        CAST(:at AS timestamptz) - n * interval '1 day'
    FROM activity a, generate_series(1, :days) n
    WHERE a.patient_id = :patient AND n % 3 = 1 AND a.position = CASE WHEN n < 28 THEN :modules - 2
        ELSE (n / 56) % 13 END
    """,
    """
    INSERT INTO reading_position (id, practice_id, patient_id, activity_id, grade, step, at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, a.grade, 2, :at
    FROM activity a WHERE a.patient_id = :patient AND a.status = 'active'
    """,
    """
    INSERT INTO quiz_attempt (id, practice_id, patient_id, activity_id, grade, answers, percent, at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, a.grade, '{}', 80,
        CAST(:at AS timestamptz) - n * interval '1 day'
    FROM activity a, generate_series(1, :days) n
    WHERE a.patient_id = :patient AND n % 7 = 1 AND a.position = CASE WHEN n < 28 THEN :modules - 2
        ELSE (n / 56) % 13 END
    """,
)
# Walks by the clock and feared movements: an aim, a ladder, a flare-up in each half year, and a
# note of both on most days of two years.
_GRADED = (
    """
    INSERT INTO activity_event (id, practice_id, patient_id, activity_id, kind, item, day, values,
        at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 'aim', '',
        CAST(CAST(:at AS timestamptz) AS date) - :days,
        '{"activity": "walking", "measure": "minutes", "amount": "60", "rounded_to": "1",
          "planned_days": 5}', :at
    FROM activity a WHERE a.patient_id = :patient AND a.module_id = 'M04'
    """,
    """
    INSERT INTO activity_event (id, practice_id, patient_id, activity_id, kind, item, day, values,
        at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 'flare', '',
        CAST(CAST(:at AS timestamptz) AS date) - n * 180, '{"days": 3}', :at
    FROM activity a, generate_series(1, 3) n WHERE a.patient_id = :patient AND a.module_id = 'M04'
    """,
    """
    INSERT INTO activity_event (id, practice_id, patient_id, activity_id, kind, item, day, values,
        at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, 'rated', 'Movement ' || n,
        CAST(CAST(:at AS timestamptz) AS date) - :days,
        jsonb_build_object('rating', 30 + 4 * n), :at
    FROM activity a, generate_series(1, 10) n WHERE a.patient_id = :patient AND a.module_id = 'M06'
    """,
    """
    INSERT INTO practice_log (id, practice_id, patient_id, activity_id, grade, day, done, values,
        at)
    SELECT gen_random_uuid(), a.practice_id, a.patient_id, a.id, a.grade,
        CAST(CAST(:at AS timestamptz) AS date) - n, true,
        CASE a.module_id WHEN 'M04' THEN '{"amount_done": 20}'::jsonb
            ELSE '{"fear_before": 50, "fear_after": 40, "belief_before": 50, "belief_after": 40}'
        END, CAST(:at AS timestamptz) - n * interval '1 day'
    FROM activity a, generate_series(1, :days) n
    WHERE a.patient_id = :patient AND n % 3 > 0 AND a.module_id IN ('M04', 'M06')
    ON CONFLICT DO NOTHING
    """,
)
GRADED_MODULES = ("M04", "M06")


def two_years(
    app: Flask, practice_id: UUID, patient_id: UUID, others: int, graded: bool = False
) -> None:
    """Give an onboarded patient two years of history, and the practice ``others`` more patients.

    The clock should stand two years after the patient was onboarded. An open check-in, two modules
    in work and practice that is due are there today; ``graded``: these two are walks by the clock
    and feared movements, of which two years of notes are there too.
    """
    with app.app_context():
        at = now()
    crowd(app, practice_id, others, at + timedelta(days=3))
    _many_modules(app, patient_id, GRADED_MODULES if graded else ())
    _texts(app, patient_id)
    values = {
        "at": at,
        "patient": patient_id,
        "weeks": WEEKS,
        "days": DAYS,
        "modules": MODULES,
    }
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        for statement in (*_OTHERS, *_HISTORY, *(_GRADED if graded else ())):
            session.execute(text(statement), values)


def _many_modules(app: Flask, patient_id: UUID, last: Sequence[str]) -> None:
    with behind(app) as session:
        plan = session.scalars(select(CarePlan).where(CarePlan.patient_id == patient_id)).one()
        mine = list(
            session.scalars(
                select(Activity)
                .where(Activity.patient_id == patient_id)
                .order_by(Activity.position)
            )
        )
        present = {activity.module_id for activity in mine}
        newest = modules.newest(service.catalogue())
        for module in sorted(newest.values(), key=lambda each: each.id):
            if len(mine) < MODULES and module.id not in present:
                made = Activity(
                    id=new_id(),
                    practice_id=plan.practice_id,
                    care_plan_id=plan.id,
                    patient_id=patient_id,
                    module_id=module.id,
                    module_version=module.version,
                    factor=next(iter(module.target_factors), None),
                    reason="core",
                    holds=0,
                )
                session.add(made)
                mine.append(made)
        mine.sort(key=lambda activity: activity.module_id in last)
        for position, activity in enumerate(mine):
            activity.position = position
            activity.grade = 2
            done = position < MODULES - 2
            activity.status = "completed" if done else "active"
            activity.started_at = activity.grade_began_at = plan.created_at
            activity.completed_at = plan.created_at + timedelta(days=9) if done else None


def _texts(app: Flask, patient_id: UUID) -> None:
    with behind(app) as session:
        [one, *_] = session.scalars(
            select(Communication).where(Communication.patient_id == patient_id)
        )
        row = {c.key: getattr(one, c.key) for c in Communication.__table__.columns}
        copies = [
            {**row, "id": new_id(), "occurrence": f"copy {n}", "sid": None}
            for n in range(COMMUNICATIONS)
        ]
        session.execute(insert(Communication), copies)
