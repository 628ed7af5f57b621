"""Instants in a patient's own day, and what can be answered now."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from backend.checkins.models import OPEN, SCHEDULED, CheckIn
from backend.companion import session
from backend.core.clock import now
from backend.instruments import service as instruments
from backend.instruments.questionnaires import Questionnaire


def zone() -> ZoneInfo:
    """The signed-in patient's time zone."""
    return ZoneInfo(session.enrolment().patient.time_zone)


def day_words(at: datetime) -> str:
    """``Tuesday 1 December``, in the patient's zone."""
    local = at.astimezone(zone())
    return f"{local:%A} {local.day} {local:%B}"


def time_words(at: datetime) -> str:
    """``Tuesday 1 December at 10:00``, in the patient's zone."""
    return f"{day_words(at)} at {at.astimezone(zone()):%H:%M}"


def asked_in(check_in: CheckIn) -> Questionnaire:
    """What a check-in asks."""
    return instruments.questionnaire(check_in.battery, check_in.occasion)


def can_answer(check_in: CheckIn) -> bool:
    """Whether a check-in takes answers at this moment."""
    at = now()
    is_past = check_in.closes_at is not None and check_in.closes_at <= at
    return check_in.status in (SCHEDULED, OPEN) and check_in.opens_at <= at and not is_past
