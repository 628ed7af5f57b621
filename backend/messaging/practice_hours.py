"""The hours at which a practice's texts may leave, by the recipient's clock."""

from __future__ import annotations

from flask import current_app

from backend.messaging.jurisdiction_files import load_jurisdictions
from backend.messaging.jurisdictions import clock_of
from backend.messaging.quiet_hours import Hours
from backend.practices.models import Practice


def clock_and_hours(practice: Practice, time_zone: str | None) -> tuple[str, Hours]:
    """Whose clock counts for a recipient, and the hours at which texts may leave by it.

    The hours are those of the practice within those of its jurisdiction. Where the recipient's zone
    is not known, the practice's clock counts, within the hours of every jurisdiction.
    """
    table = load_jurisdictions(current_app.extensions["settings"].content)
    own = Hours.outside(practice.quiet_from, practice.quiet_until)
    zone, is_known = clock_of(time_zone, practice.time_zone)
    within = table.hours(practice.jurisdiction, practice.country) if is_known else table.narrowest
    return zone, own & within
