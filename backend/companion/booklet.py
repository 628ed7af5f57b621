"""A person's plan on paper: whom to call first, then each module's present part and a page to fill
in.

What waits for its turn or for the practice is named, not printed. The pages need no network:
pictures and style are inside.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import flask_babel
from babel.dates import format_date
from flask import current_app, g, render_template
from sqlalchemy import select

from backend.checkins import feedback
from backend.companion.base import STATIC
from backend.core import audit, tenancy
from backend.core.clock import now
from backend.core.database import session
from backend.core.problems import not_found
from backend.patients.models import Enrolment
from backend.practices import service as practices
from backend.practices.models import Practice
from backend.programme import module_files
from backend.programme import service as programme
from backend.programme.models import WAITING
from backend.programme.modules import Step
from backend.programme.service import ActivityView
from backend.risk.safety import BY_URGENCY

# The module whose signs that need help stand on the first page.
SAFETY_MODULE = "M01"
# The day stands before the month in all of our languages.
_WRITTEN = {"en": "en_GB"}
_FIGURE = re.compile(r'src="/figures/([^/"]+)/([^/"]+)/([^/"]+)"')


@dataclass(frozen=True)
class Booklet:
    """One self-contained page in one language. ``printed`` are the modules that are in it."""

    html: str
    language: str
    printed: tuple[str, ...]


def make(patient_id: UUID) -> Booklet:
    """The booklet of a patient's present plan; the audit trail says that it was made.

    Raises ``Problem`` 404 for a patient or a plan there is not.
    """
    enrolment = _enrolment(patient_id)
    language = enrolment.patient.language
    view = programme.plan_of(patient_id, language)
    practice = practices.get_practice(enrolment.practice_id)
    printed = [each for each in view.activities if _may_be_read(each)]
    with flask_babel.force_locale(language):
        g.language = language
        html = render_template(
            "companion/booklet.html",
            language=language,
            name=enrolment.patient.given_name,
            practice=practice,
            day=_today(enrolment.patient.time_zone, language),
            statement=feedback.statement(language),
            contacts=_contacts(language, practice),
            signs=_signs(view.activities, language),
            activities=view.activities,
            printed=printed,
            style=(STATIC / "booklet.css").read_text(encoding="utf-8"),
        )
    made = tuple(each.module.id for each in printed)
    audit.record(
        "booklet.export",
        practice_id=enrolment.practice_id,
        patient_id=patient_id,
        entity="care_plan",
        entity_id=view.plan.id,
        modules=len(made),
    )
    return Booklet(_with_pictures(html), language, made)


def pdf(booklet: Booklet) -> bytes:
    """The booklet for a printer, tagged for screen readers (PDF/UA).

    Raises ``OSError`` where the machine lacks Pango.
    """
    # Imported here, for it takes a while and only this command has a use for it.
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    only_inside = URLFetcher(allowed_protocols={"data"})
    page = HTML(string=booklet.html, url_fetcher=only_inside)
    return bytes(page.write_pdf(pdf_variant="pdf/ua-1"))


def _enrolment(patient_id: UUID) -> Enrolment:
    """A patient's newest enrolment; from here on, the rows of its practice are seen."""
    with tenancy.across_practices():
        found = session.scalar(
            select(Enrolment)
            .where(Enrolment.patient_id == patient_id)
            .order_by(Enrolment.enrolled_at.desc())
            .limit(1)
        )
        if found is None:
            raise not_found("patient")
        tenancy.enter(found.practice_id)
    return found


def _today(zone: str, language: str) -> str:
    """The day in a patient's zone, with its year, as their language writes it."""
    day = now().astimezone(ZoneInfo(zone)).date()
    return format_date(day, "long", locale=_WRITTEN.get(language, language))


def _may_be_read(view: ActivityView) -> bool:
    return view.activity.status != WAITING and not view.locked


def _contacts(language: str, practice: Practice) -> list[dict[str, Any]]:
    """Every number of the safety texts once, the most urgent first."""
    found: dict[str, dict[str, Any]] = {}
    for level in BY_URGENCY:
        for contact in feedback.what_to_do_now(level, language, practice)["contacts"]:
            found.setdefault(contact["label"], contact)
    return list(found.values())


def _signs(activities: list[ActivityView], language: str) -> list[Step]:
    """The steps that say when to get help, in the version that the person reads."""
    mine = [each.module for each in activities if each.module.id == SAFETY_MODULE]
    module = mine[0] if mine else programme.newest_modules()[SAFETY_MODULE]
    return [step for step in module.text_in(1, language).steps if step.kind == "safety"]


def _with_pictures(html: str) -> str:
    content: Path = current_app.extensions["settings"].content

    def inside(found: re.Match[str]) -> str:
        file = module_files.figure(content, *found.groups())
        if file is None:
            return 'src=""'
        return f'src="data:image/svg+xml;base64,{base64.b64encode(file.read_bytes()).decode()}"'

    return _FIGURE.sub(inside, html)
