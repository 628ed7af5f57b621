"""What a practice sets for itself: service hours, holidays, its texts; and the rules it follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from flask import current_app, render_template, request, url_for

from backend.alerts import timers
from backend.console import forms
from backend.console.forms import Filled
from backend.console.navigation import MANAGERS
from backend.console.session import signed_in
from backend.console.site import blueprint, carry_out, done
from backend.core.identity import LEAD, STAFF, actor
from backend.core.schema import WEEKDAYS
from backend.messaging import budget
from backend.messaging.schemas import BudgetIn
from backend.practices import service as practices
from backend.practices.models import Practice
from backend.practices.schemas import ServiceHours
from backend.risk import service as risk
from backend.risk.pathway import Rule, ServiceTime

SPARE_ROWS = 3
NOTICES = {
    "hours": "The hours are set. The times of open alerts are computed again.",
    "budget": "The limits are set.",
}


@blueprint.get("/settings")
@signed_in(*STAFF)
def settings() -> str:
    """What there is to set, by role."""
    return render_template("console/settings.html", practice=_practice())


@blueprint.get("/settings/hours")
@signed_in(*MANAGERS)
def service_hours() -> str:
    """When the practice is open, and its holidays."""
    return _hours(None)


@blueprint.post("/settings/hours")
@signed_in(*MANAGERS)
def set_service_hours() -> Any:
    """Set them anew; the times of open alerts follow."""
    filled = _read_hours(request.form)

    def set_them() -> None:
        values = filled.values
        timers.recompute(
            practices.set_service_hours(
                values["service_hours"], values["holidays"], values.get("time_zone")
            )
        )

    return carry_out(
        filled, set_them, _hours, lambda _: url_for("console.service_hours", done="hours")
    )


@blueprint.get("/settings/texts")
@signed_in(*MANAGERS)
def text_budget() -> str:
    """This month's texts, and their limits."""
    return _budget(Filled())


@blueprint.post("/settings/texts")
@signed_in(LEAD)
def set_text_budget() -> Any:
    """Set the limits; an empty one goes back to the operator's."""
    filled = forms.read(BudgetIn, request.form)
    limits = {"soft": None, "hard": None, **filled.values}
    return carry_out(
        filled,
        lambda: budget.change(_practice(), limits),
        _budget,
        lambda _: url_for("console.text_budget", done="budget"),
    )


@blueprint.get("/settings/pathway")
@signed_in(*MANAGERS)
def pathway() -> str:
    """The rules that the practice follows, and what each of them does."""
    rules = risk.pathway(actor.practice_id)
    book = rules.rule_book.rules
    return render_template(
        "console/pathway.html",
        rules=rules,
        tiers=[
            (
                tier,
                span(rules.alerts.response_times[tier]),
                span(rules.alerts.resolution_times[tier]),
                [span(step) for step in rules.alerts.escalation[tier]],
                _of_tier(book, tier),
            )
            for tier in sorted(rules.alerts.response_times)
        ],
        others=_of_tier(book, None),
    )


def span(time: ServiceTime) -> str:
    """A span of service time in words."""
    parts = [
        _counted(time.working_days, "working day"),
        _counted(time.minutes // 60, "hour"),
        _counted(time.minutes % 60, "minute"),
    ]
    return " ".join(part for part in parts if part) or "at once"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def _of_tier(rules: tuple[Rule, ...], tier: int | None) -> list[Rule]:
    return [rule for rule in rules if rule.tier == tier]


def _hours(filled: Filled | None, sentence: str | None = None) -> str:
    practice = _practice()
    shown = filled or Filled(_as_sent(practice))
    rows = [name for name in shown.sent if name.startswith("holiday.") and name.endswith(".day")]
    return render_template(
        "console/service_hours.html",
        weekdays=WEEKDAYS,
        rows=range(max(len(rows), len(practice.holidays)) + (0 if filled else SPARE_ROWS)),
        zones=sorted(available_timezones()),
        filled=shown,
        sentence=sentence,
        notice=done(NOTICES),
    )


def _as_sent(practice: Practice) -> dict[str, str]:
    """What is set now, as the form would send it."""
    sent = {"time_zone": practice.time_zone}
    for weekday, (opens, closes) in practice.service_hours.items():
        sent |= {f"opens.{weekday}": opens, f"closes.{weekday}": closes}
    for row, holiday in enumerate(practices.holidays_of(practice)):
        sent |= {
            f"holiday.{row}.day": holiday.day.isoformat(),
            f"holiday.{row}.name": holiday.name,
        }
    return sent


def _read_hours(form: Mapping[str, str]) -> Filled:
    spans = {day: (form.get(f"opens.{day}", ""), form.get(f"closes.{day}", "")) for day in WEEKDAYS}
    hours = {day: list(span) for day, span in spans.items() if any(span)}
    rows = [name.split(".")[1] for name in form if name.startswith("holiday.")]
    # A row left empty is one that was not needed, or a holiday that is taken out.
    used = [
        row
        for row in sorted({row for row in rows if row.isdecimal()}, key=int)
        if form.get(f"holiday.{row}.day") or form.get(f"holiday.{row}.name")
    ]
    holidays = [
        {
            "day": form.get(f"holiday.{row}.day", ""),
            "name": form.get(f"holiday.{row}.name", ""),
        }
        for row in used
    ]
    filled = forms.read(ServiceHours, form, {"service_hours": hours, "holidays": holidays})
    sent = {name: form[name] for name in form if name.split(".")[0] in _FIELDS}
    return Filled(sent, filled.values, {_where(n, used): said for n, said in filled.errors.items()})


_FIELDS = ("opens", "closes", "holiday", "time_zone")


def _where(name: str, used: list[str]) -> str:
    """The field of the page that a fault belongs to: of a weekday, of a holiday's row, or it."""
    parts = name.split(".")
    if parts[0] == "service_hours" and len(parts) > 1:
        return f"hours.{parts[1]}"
    if parts[0] == "holidays" and len(parts) > 1 and parts[1].isdecimal():
        return ".".join(["holiday", used[int(parts[1])], *parts[2:3]])
    return name


def _budget(filled: Filled, sentence: str | None = None) -> str:
    practice = _practice()
    operators = current_app.extensions["settings"]
    return render_template(
        "console/text_budget.html",
        found=budget.of(practice),
        practice=practice,
        operators=(operators.sms_segments_soft, operators.sms_segments_hard),
        may_change=actor.role == LEAD,
        filled=filled,
        sentence=sentence,
        notice=done(NOTICES),
    )


def _practice() -> Practice:
    return practices.get_practice(actor.practice_id)
