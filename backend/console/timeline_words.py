"""What happened to a patient, in the words of the timeline. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.console import present, texts

CHECK_INS = {
    "safety-screen": "Safety questions",
    "baseline": "Baseline",
    "follow-up": "Questions in between",
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened. ``kind`` names its sort for the eye; ``said`` is what somebody
    wrote; ``alert_id`` leads to the alert it belongs to."""

    at: datetime
    kind: str
    title: str
    detail: str = ""
    said: str | None = None
    by: str | None = None
    alert_id: str | None = None
    tier: int | None = None


def entry(kind: str, at: datetime, detail: Mapping[str, Any]) -> Entry:
    """A row of the timeline, ready to read."""
    return _WORDS[kind](at, detail)


def _answered(at: datetime, of: Mapping[str, Any]) -> Entry:
    detail = ""
    if of["score"] is not None:
        detail = f"Risk score {float(of['score']):.0f} of 100"
        if of["course"]:
            detail += f", {present.words(of['course'])}"
    return Entry(at, "Check-in", f"{_check_in(of)} answered", detail)


def _missed(at: datetime, of: Mapping[str, Any]) -> Entry:
    return Entry(at, "Check-in", f"{_check_in(of)} closed without an answer")


def _check_in(of: Mapping[str, Any]) -> str:
    return CHECK_INS.get(of["kind"]) or f"Weekly check-in {of['occasion']}"


def _group(at: datetime, of: Mapping[str, Any]) -> Entry:
    before = f"before: {present.words(of['before'])}" if of["before"] else "the first time"
    return Entry(at, "Risk", f"Risk group: {present.words(of['group'])}", before.capitalize())


def _alert(at: datetime, of: Mapping[str, Any]) -> Entry:
    action = present.EVENTS.get(of["action"], present.spaced(of["action"]))
    more = {key: value for key, value in (of["more"] or {}).items() if key in TOLD_OF_ALERTS}
    return Entry(
        at,
        "Alert",
        f"{of['title']}: {action.lower()}",
        present.event_detail(more).capitalize(),
        said=of["note"],
        by=of["by"],
        alert_id=of["alert"],
        tier=of["tier"],
    )


# Ids of colleagues are no words.
TOLD_OF_ALERTS = ("reached", "code", "level", "tier", "because")


def _text(at: datetime, of: Mapping[str, Any]) -> Entry:
    what = texts.template(of["template"] or "") or texts.PURPOSES.get(
        of["purpose"], present.spaced(of["purpose"])
    )
    status = texts.STATUSES.get(of["status"], of["status"])
    code = f" (code {of['code']})" if of["code"] else ""
    title = "The patient wrote" if of["direction"] == "in" else what
    return Entry(at, "E-mail" if of["channel"] == "email" else "Text", title, status + code)


def _decision(at: datetime, of: Mapping[str, Any]) -> Entry:
    return Entry(at, "Decision", of["title"], of["reason"])


def _plan(at: datetime, of: Mapping[str, Any]) -> Entry:
    return Entry(at, "Plan", present.spaced(of["decision"]), of["reason"])


def _hold(at: datetime, of: Mapping[str, Any]) -> Entry:
    return Entry(
        at, "Safety", "Safety hold: the programme stands still", present.words(of["level"])
    )


def _cleared(at: datetime, of: Mapping[str, Any]) -> Entry:
    return Entry(at, "Safety", "Safety hold cleared", said=of["reason"], by=of["by"])


def _consultation(at: datetime, of: Mapping[str, Any]) -> Entry:
    return Entry(at, "Consultation", f"Consultation with {of['by']}")


def _note(at: datetime, of: Mapping[str, Any]) -> Entry:
    title = "Note, corrected since" if of["corrected"] else "Note"
    return Entry(at, "Note", title, said=of["note"], by=of["by"])


def _happened(title: str) -> Callable[[datetime, Mapping[str, Any]], Entry]:
    return lambda at, of: Entry(at, "Enrolment", title)


def _ended(at: datetime, of: Mapping[str, Any]) -> Entry:
    return Entry(at, "Enrolment", "Left the programme", present.words(of["status"]))


_WORDS: Mapping[str, Callable[[datetime, Mapping[str, Any]], Entry]] = {
    "answered": _answered,
    "missed": _missed,
    "group": _group,
    "alert": _alert,
    "text": _text,
    "decision": _decision,
    "plan": _plan,
    "hold": _hold,
    "cleared": _cleared,
    "consultation": _consultation,
    "note": _note,
    "enrolled": _happened("Enrolled"),
    "consented": _happened("Agreed to take part"),
    "ended": _ended,
}
