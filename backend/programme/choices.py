"""What a person chooses and tells about a graded activity, and what a provider agrees to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.patients import contraindications
from backend.programme import sleep
from backend.programme.adaptation import told_of
from backend.programme.daily import RESTRICTION
from backend.programme.graded import (
    AIM,
    APPROVED,
    FLARE,
    GRADED_ACTIVITY,
    GRADED_EXPOSURE,
    RATED,
    SLEEP,
    Standing,
    plain,
    today_in,
    zone_of,
)
from backend.programme.models import Activity, ActivityEvent
from backend.programme.newest import keep_newest
from backend.programme.plans import (
    ActivityView,
    catalogue,
    own_activity,
    record,
    standing_of,
    view_of,
)
from backend.programme.practice import day_faults
from backend.risk import service as risk
from backend.risk.practice_rules import ActivityRule, PracticeRules


def choose_aim(
    activity_id: UUID,
    activity: str,
    measure: str,
    amount: Decimal,
    rounded_to: Decimal,
    planned_days: int,
) -> Standing:
    """Choose what to work on and how much of it; from today this counts in place of the last aim.

    The same activity and measure go on from where they are; another begins with new tries. Raises
    ``Problem`` 404, 409 or 422.
    """
    view = _graded(activity_id, GRADED_ACTIVITY)
    said = aim_said(activity, measure, amount, rounded_to, planned_days)
    _keep(view.activity, AIM, today_in(zone_of(view.activity.patient_id)), {"": said})
    record("activity.aim", view.activity)
    return _standing(view)


def declare_flare(activity_id: UUID, day: date | None, days: int | None) -> Standing:
    """Tell of a flare-up that began on a day, today or up to seven days ago.

    For ``days`` (the pathway's usual number, where it is not said) the quota is about half. The
    same day told again replaces it. Raises ``Problem`` 404, 409 or 422.
    """
    view = _graded(activity_id, GRADED_ACTIVITY)
    today = today_in(zone_of(view.activity.patient_id))
    rule = _rules(view.activity).activity
    said = flare_said(rule, day or today, days, today)
    _keep(view.activity, FLARE, day or today, {"": said})
    record("activity.flare", view.activity)
    return _standing(view)


def rate_ladder(activity_id: UUID, items: Sequence[Mapping[str, Any]]) -> Standing:
    """Rate movements from 0 to 100, for the first time or again, and add new ones.

    What is left out keeps its rating. Raises ``Problem`` 404, 409 or 422.
    """
    view = _graded(activity_id, GRADED_EXPOSURE)
    rule = _rules(view.activity).exposure
    known = _movements(view.activity)
    ratings = {
        known.setdefault(plain(name), name): rating for name, rating in ratings_said(items).items()
    }
    if not rule.fewest <= len(known) <= rule.most:
        raise invalid({"items": f"A list has {rule.fewest} to {rule.most} movements."})
    today = today_in(zone_of(view.activity.patient_id))
    _keep(view.activity, RATED, today, {name: {"rating": n} for name, n in ratings.items()})
    record("activity.ladder", view.activity)
    return _standing(view)


def approve(patient_id: UUID, activity_id: UUID, item: str) -> Standing:
    """A provider agrees that a patient may try a movement rated very high.

    Raises ``Problem`` 404, 409 or 422.
    """
    view = _of_engine(_of_patient(patient_id, activity_id), GRADED_EXPOSURE)
    activity = view.activity
    known = _movements(activity)
    if plain(item) not in known:
        raise invalid({"item": "There is no such movement on the patient's list."})
    _keep(activity, APPROVED, today_in(zone_of(patient_id)), {known[plain(item)]: {}})
    record("activity.approve", activity)
    return _standing(view)


def restrict_sleep(
    patient_id: UUID, activity_id: UUID, enabled: bool, answers: Mapping[str, bool | None]
) -> Standing:
    """A provider enables a set time in bed for a patient, or withdraws it; from today.

    ``answers`` say of each of ``sleep.BARRING`` whether it is so: to enable, all must be no. Raises
    ``Problem`` 404, 409 or 422.
    """
    view = _of_engine(_of_patient(patient_id, activity_id), SLEEP)
    if view.activity.started_at is None:
        raise Problem(409, "not-yet", "This module has not begun yet.")
    if enabled:
        faults = {code.replace("-", "_"): _barred(answers.get(code)) for code in sleep.BARRING}
        found = {name: fault for name, fault in faults.items() if fault is not None}
        if found:
            raise invalid(found)
        contraindications.answer(patient_id, dict.fromkeys(sleep.BARRING, contraindications.NO))
    day = today_in(zone_of(patient_id))
    said = {"enabled": enabled, **{code: answers.get(code) for code in sleep.BARRING}}
    _keep(view.activity, RESTRICTION, day, {"": said})
    record("activity.sleep-restriction", view.activity, enabled=enabled)
    return _standing(view)


def _barred(answer: bool | None) -> str | None:
    if answer is None:
        return "Answer this first."
    return "Time in bed is not restricted with this." if answer else None


def _of_patient(patient_id: UUID, activity_id: UUID) -> ActivityView:
    activity = session.scalar(
        select(Activity).where(Activity.id == activity_id, Activity.patient_id == patient_id)
    )
    if activity is None:
        raise not_found("activity")
    return view_of(activity, catalogue(), hold=None, language="en", answers={})


def _graded(activity_id: UUID, engine: str) -> ActivityView:
    return _of_engine(own_activity(activity_id), engine)


def _of_engine(view: ActivityView, engine: str) -> ActivityView:
    if view.module.progression != engine:
        raise Problem(409, "other-practice", "This module is practised in another way.")
    return view


def _rules(activity: Activity) -> PracticeRules:
    return risk.pathway(activity.practice_id).practice


def _standing(view: ActivityView) -> Standing:
    standing = standing_of(view)
    assert standing is not None
    return standing


def _movements(activity: Activity) -> dict[str, str]:
    """Each movement rated so far, as it was first written, by its plain name."""
    rated = (
        select(ActivityEvent.item)
        .where(ActivityEvent.activity_id == activity.id, ActivityEvent.kind == RATED)
        .order_by(ActivityEvent.day, ActivityEvent.at, ActivityEvent.event_id)
    )
    first: dict[str, str] = {}
    for item in session.scalars(rated):
        first.setdefault(plain(item), item)
    return first


def _keep(activity: Activity, kind: str, day: date, said: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what was told on a day, by item; the same told again replaces it."""
    rows = [
        {
            "id": new_id(),
            "practice_id": activity.practice_id,
            "patient_id": activity.patient_id,
            "activity_id": activity.id,
            "kind": kind,
            "item": item,
            "day": day,
            "values": dict(values),
            "at": now(),
            "event_id": new_id(),
        }
        for item, values in said.items()
    ]
    keep_events(rows)
    told_of(activity, day)


def keep_events(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what was told; of the same kind, item and day the one told last stays."""
    keep_newest(ActivityEvent, ("activity_id", "kind", "item", "day"), rows)


def aim_said(
    activity: str, measure: str, amount: Decimal, rounded_to: Decimal, planned_days: int
) -> dict[str, Any]:
    """An aim as it is kept. Raises ``Problem`` 422."""
    if amount < rounded_to:
        raise invalid({"amount": "Choose at least one step of the size you round to."})
    return {
        "activity": activity,
        "measure": measure,
        "amount": str(amount),
        "rounded_to": str(rounded_to),
        "planned_days": planned_days,
    }


def flare_said(rule: ActivityRule, day: date, days: int | None, today: date) -> dict[str, Any]:
    """A flare-up as it is kept, told ``today``. Raises ``Problem`` 422."""
    faults = day_faults(day, today)
    if days is not None and not 1 <= days <= rule.longest_flare:
        faults["days"] = f"Choose from 1 to {rule.longest_flare} days."
    if faults:
        raise invalid(faults)
    return {"days": days or rule.flare_days}


def ratings_said(items: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Ratings by movement. Raises ``Problem`` 422 when one stands there twice."""
    names = {plain(each["item"]): " ".join(each["item"].split()) for each in items}
    if len(names) < len(items):
        raise invalid({"items": "Each movement can stand on the list once."})
    return {names[plain(each["item"])]: each["rating"] for each in items}
