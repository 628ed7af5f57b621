"""What a provider changes of a plan. The matrix proposes; the provider decides, with a reason."""

from __future__ import annotations

from uuid import UUID

from backend.core import audit
from backend.core.clock import now
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.programme import adaptation
from backend.programme.adaptation import Fold
from backend.programme.models import SKIPPED, WAITING
from backend.programme.plans import PlanView, newest_modules, plan_for_providers
from backend.programme.progress import ADD, DROP, MOVE, Changed

RULE = "provider-override"
KINDS = {"add": ADD, "drop": DROP, "move": MOVE}
OTHER = "other"
# Counted as adapted, not as missed, where fidelity is looked at.
REASONS = {
    "patient-preference": "the patient wished it",
    "clinical-judgement": "clinical judgement",
    "not-suitable": "it does not suit the patient now",
    "done-elsewhere": "it was done elsewhere",
    "practical": "a practical matter, such as language or time",
    OTHER: "another reason",
}


def change_plan(
    patient_id: UUID, change: str, module_id: str, reason: str, note: str | None, place: int | None
) -> PlanView:
    """Add a module, leave out or move one that has not begun; ``place`` counts from 1.

    A module that is added brings what it builds on. Raises ``Problem`` 404, 409 or 422.
    """
    if reason == OTHER and note is None:
        raise invalid({"note": "Say in a few words why."})
    if change == "move" and place is None:
        raise invalid({"place": "Say where it is to stand, from 1."})
    if module_id not in newest_modules():
        raise invalid({"module_id": "There is no such module."})
    fold = adaptation.of_patient(patient_id)
    if fold is None:
        raise not_found("care plan yet")
    _refuse_what_changes_nothing(fold, change, module_id)
    at = now()
    inputs = {
        "reason": REASONS[reason],
        "code": reason,
        "note": note,
        "place": None if place is None else place - 1,
        "provider": str(actor.id),
    }
    fold.take(
        Changed(
            at,
            str(new_id()),
            KINDS[change],
            RULE,
            module_id,
            REASONS[reason],
            place=(place or 1) - 1,
            inputs={name: value for name, value in inputs.items() if value is not None},
        )
    )
    audit.record(
        f"care-plan.{change}",
        practice_id=fold.plan.practice_id,
        patient_id=patient_id,
        entity="care-plan",
        entity_id=fold.plan.id,
        module=module_id,
    )
    return plan_for_providers(patient_id)


def _refuse_what_changes_nothing(fold: Fold, change: str, module_id: str) -> None:
    part = fold.state.part(module_id)
    is_in_plan = part is not None and part.status != SKIPPED
    if change == "add":
        if is_in_plan and part is not None and not part.optional:
            raise Problem(409, "in-plan", "This module is in the plan already.")
        return
    if not is_in_plan or part is None:
        raise invalid({"module_id": "This module is not in the plan."})
    if part.status != WAITING:
        raise Problem(409, "has-begun", "This module has begun; it stays where it is.")
