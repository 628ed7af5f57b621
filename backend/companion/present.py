"""Instants in a patient's own day, and what can be answered now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from backend.checkins import occasions
from backend.checkins.models import OPEN, SCHEDULED, CheckIn
from backend.companion import session, speech
from backend.companion.speech import gettext
from backend.core.clock import now
from backend.core.schema import LANGUAGES
from backend.instruments import service as instruments
from backend.instruments.questionnaires import Questionnaire


def zone() -> ZoneInfo:
    """The signed-in patient's time zone."""
    return ZoneInfo(session.enrolment().patient.time_zone)


def day_words(at: date) -> str:
    """``Tuesday 1 December``, in the patient's language; of an instant, the day in their zone."""
    day = at.astimezone(zone()) if isinstance(at, datetime) else at
    # Translators: a pattern of Babel's: EEEE is the weekday's name, MMMM the month's.
    pattern = gettext("EEEE d MMMM")
    return format_date(day, pattern, locale=speech.language())


def time_words(at: datetime) -> str:
    """``Tuesday 1 December at 10:00``, in the patient's language and zone."""
    clock = format_time(at.astimezone(zone()), "HH:mm", locale=speech.language())
    return gettext("%(day)s at %(time)s", day=day_words(at), time=clock)


def asked_in(check_in: CheckIn) -> Questionnaire:
    """What a check-in asks, in the patient's language where there is a translation."""
    return occasions.my_questions(check_in)


def worded_for(check_in: CheckIn) -> Callable[[str], str]:
    """Marks those words of a check-in's questions that are there in English only."""
    if speech.language() == LANGUAGES[0]:
        return str
    original = frozenset(_words(instruments.questionnaire(check_in.battery, check_in.occasion)))
    return lambda text: speech.in_english(text) if text in original else text


def _words(asked: Questionnaire) -> Iterator[str]:
    yield asked.title
    for group in asked.groups:
        yield group.stem
        for item in group.items:
            yield item.text
            yield from (words for _, words in item.choices)
            yield from item.anchors or ()


def can_answer(check_in: CheckIn) -> bool:
    """Whether a check-in takes answers at this moment."""
    at = now()
    is_past = check_in.closes_at is not None and check_in.closes_at <= at
    return check_in.status in (SCHEDULED, OPEN) and check_in.opens_at <= at and not is_past
