"""The practice at a glance: its alerts, how soon they are taken up, reach and dose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request

from backend.console import bars
from backend.console.bars import Bars
from backend.console.navigation import MANAGERS
from backend.console.session import signed_in
from backend.console.settings import span
from backend.console.site import blueprint
from backend.core.clock import now
from backend.core.identity import actor
from backend.practices import service as practices
from backend.programme import service as programme
from backend.programme.dose import Share
from backend.quality import service as quality
from backend.risk import service as risk

PERIODS = (4, 12, 26)
MOST_RULES = 12


@blueprint.get("/practice")
@signed_in(*MANAGERS)
def practice() -> str:
    """The practice over some weeks, the present one among them."""
    weeks = request.args.get("weeks", type=int)
    weeks = weeks if weeks in PERIODS else PERIODS[1]
    found = quality.overview(weeks)
    zone = ZoneInfo(practices.get_practice(actor.practice_id).time_zone)
    since = datetime(found.since.year, found.since.month, found.since.day, tzinfo=zone)
    allowance = quality.budget(weeks - 1)
    return render_template(
        "console/practice.html",
        found=found,
        weeks=weeks,
        periods=PERIODS,
        raised=_pictures(
            [*found.raised],
            {
                f"tier-{tier}": [each.get(tier, 0) for each in found.raised.values()]
                for tier in (1, 2, 3)
            },
        ),
        allowance=allowance,
        spent=_pictures(
            [week.begins for week in allowance.weeks],
            {
                "within": [0 if week.is_over else week.per_100 or 0 for week in allowance.weeks],
                "over": [(week.per_100 or 0) if week.is_over else 0 for week in allowance.weeks],
            },
        ),
        most_rules=MOST_RULES,
        targets={
            tier: span(time)
            for tier, time in risk.pathway(actor.practice_id).alerts.response_times.items()
        },
        dose=programme.dose_of_practice(since, now() + timedelta(minutes=1)),
        share=share,
        minutes=minutes,
    )


def share(found: Share) -> str:
    """``82 % (41 of 50)``; of nothing, a dash."""
    return "-" if found.percent is None else f"{found.percent} % ({found.done} of {found.of})"


def minutes(count: int | None) -> str:
    """Minutes of service as people say them."""
    if count is None:
        return "-"
    hours, left = divmod(count, 60)
    return f"{left} min" if not hours else f"{hours} h {left} min"


def _pictures(weeks: list[Any], kinds: dict[str, list[Any]]) -> dict[str, str]:
    drawn = Bars(weeks, kinds)
    return {"desk": bars.bars(drawn), "phone": bars.bars(drawn, bars.PHONE)}
