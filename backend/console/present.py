"""Stored facts in the words of the pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.alerts import states
from backend.instruments.definitions import Item

TIERS = {1: "Critical", 2: "High", 3: "Routine"}
STATUSES = {
    states.NEW: "New",
    states.DELIVERED: "Waiting to be taken up",
    states.ACKNOWLEDGED: "Taken up",
    states.IN_PROGRESS: "In progress",
    states.RESOLVED: "Resolved",
    states.DISMISSED: "Dismissed",
}
EVENTS = {
    "open": "Opened",
    "evidence": "New evidence",
    "raise-tier": "New evidence, and a higher tier",
    "deliver": "Shown on a screen",
    states.ACKNOWLEDGE: "Taken up",
    states.START: "Work begun",
    states.CONTACT: "Contact recorded",
    states.RESOLVE: "Resolved",
    states.DISMISS: "Dismissed",
    states.REOPEN: "Reopened",
    states.ESCALATE: "Escalated",
    states.ASSIGN: "Assigned",
    states.TAKE: "Taken over",
    states.HAND_OVER: "Handed over",
    states.RELEASE: "Given back",
}
NOTICES = {
    "number-code": "A code is on its way to that number. Ask the patient to read it out.",
    "number": "The number is confirmed. Texts go there now.",
    states.ACKNOWLEDGE: "You have taken up this alert.",
    states.START: "Work on this alert has begun.",
    states.CONTACT: "The contact is recorded.",
    states.RESOLVE: "The alert is resolved.",
    states.DISMISS: "The alert is dismissed.",
    states.REOPEN: "The alert is open again.",
    states.TAKE: "This alert is yours now.",
    states.ASSIGN: "The alert is given to your colleague; it waits until they take it up.",
    states.HAND_OVER: "The alert is handed over; it waits until your colleague takes it up.",
    states.RELEASE: "The alert is back in the pool; it waits until somebody takes it up.",
    "undo": "That is undone.",
    "note": "The note is kept.",
    "invited": "The invitation is on its way once more; the earlier link is void.",
    "enrolled": "The patient is enrolled; an invitation by text is on its way.",
    "answered": "The answers are kept. A module that waited for them opens with the next check-in.",
    "sleep": "The patient's time in bed is changed from today.",
    "cleared": "The safety hold is cleared; the programme goes on.",
}
FACTS = {
    "danger": "Red-flag level",
    "risk_group": "Risk group",
    "newly_stratified": "Newly assessed",
    "phq9_total": "PHQ-9 total",
    "decision": "Course",
    "stuck_marks": "Times stuck in the last 14 days",
    "silent_days": "Days without an answer",
    "unanswered_hours": "Hours since this check-in opened",
    "missed_sets": "Check-ins missed in a row before",
    "level": "Red-flag level",
    "group": "Risk group",
    "score": "Risk score (0-100)",
    "expected": "Expected by now (0-100)",
    "deviation": "Distance from the expected course (standard errors)",
    "reliable_change_90": "Smallest change that is real at 90 % confidence (points)",
    "reliable_change_95": "Smallest change that is real at 95 % confidence (points)",
}
_CODE = re.compile(r"\b[a-z][a-z0-9-]*\.[a-z_]+\b")


@dataclass(frozen=True)
class Occasion:
    """One past check-in: when, its risk score 0-100, and the decision on it."""

    at: datetime
    score: str
    decision: str


@dataclass(frozen=True)
class Evidence:
    """One occasion of an alert, ready to read. ``rows`` are labels with values."""

    at: datetime
    because: list[str]
    answers: list[tuple[str, str]]
    reasons: list[str]
    factors: list[str]
    rows: list[tuple[str, str]]
    contributions: list[tuple[str, str]]
    last_four: list[Occasion]
    source: str | None


@dataclass(frozen=True)
class Moves:
    """What may be done with an alert now, and why something else may not."""

    legal: list[str]
    hindered: list[str]


def evidence(entry: Mapping[str, Any], titles: Mapping[str, str]) -> Evidence:
    """An entry of an alert's evidence. What we have no words for is shown under its own name;
    ``titles`` are what the parts of the score are called."""
    rest = dict(entry)
    at = datetime.fromisoformat(rest.pop("at"))
    because = [_because(each) for each in rest.pop("because", [])]
    answers = [(a["text"], words(a["answer"])) for a in rest.pop("answers", [])]
    contributions = rest.pop("contributions", {})
    last_four = [
        Occasion(datetime.fromisoformat(o["at"]), words(o["score"]), words(o["decision"]))
        for o in rest.pop("last_four", [])
    ]
    # The rule's own sentence, where it was stored, says most.
    own = [rest.pop("why")] if rest.get("why") else []
    answered = rest.pop("answered_at", None)
    if rest.pop("late", False) and answered:
        day = datetime.fromisoformat(answered).strftime("%-d %B %Y")
        own.insert(0, f"Answered on {day} without a connection, and told late.")
    reasons, factors = [*own, *rest.pop("reasons", [])], list(rest.pop("factors", []))
    source = rest.pop("source", None)
    return Evidence(
        at=at,
        because=because,
        answers=answers,
        reasons=reasons,
        factors=factors,
        rows=rows(rest),
        contributions=shares(contributions, titles),
        last_four=last_four,
        source=source,
    )


def rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Labels and values, nested mappings laid flat; what is unknown is left out."""
    flat: list[tuple[str, str]] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat += rows(value)
        elif value is not None:
            flat.append((FACTS.get(key, spaced(key)), words(value)))
    return flat


def shares(contributions: Mapping[str, float], titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """What each input adds to the score, in points, the most first."""
    ordered = sorted(contributions.items(), key=lambda each: -each[1])
    return [(titles.get(name, spaced(name)), words(points)) for name, points in ordered]


def words(value: Any) -> str:
    """A value as it is read aloud."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(words, value))
    text = str(value)
    # Codes are single words with underscores; what people wrote stays as it is.
    return text.replace("_", " ") if " " not in text else text


def spaced(code: str) -> str:
    """``low-mood`` as ``Low mood``; ``phq9.total`` as ``Phq9 total``."""
    text = code.replace("_", " ").replace("-", " ").replace(".", " ")
    return text[:1].upper() + text[1:]


def named(text: str, titles: Mapping[str, str]) -> str:
    """A stored sentence with the titles of scales for their codes."""
    return _CODE.sub(lambda found: titles.get(found.group(), found.group()), text)


def when(at: datetime, zone: str) -> str:
    """An instant in the practice's day, with the name of the time in force."""
    return f"{at.astimezone(ZoneInfo(zone)):%-d %b %Y, %H:%M %Z}"


def day(at: datetime, zone: str) -> str:
    """The day of an instant where the practice is."""
    return f"{at.astimezone(ZoneInfo(zone)):%-d %b %Y}"


def is_overdue(status: str, respond_by: datetime, at: datetime) -> bool:
    """Whether nobody has taken an alert up by its respond-by."""
    return status in states.WAITING and at > respond_by


def moves(situation: states.Situation, at: datetime) -> Moves:
    """The moves that are legal now, judged as the service will judge them."""
    legal, hindered = [], []
    for status, action in states.MOVES:
        if status != situation.status:
            continue
        try:
            # Note and code are asked for in the form; here only the situation is judged.
            states.move(situation, action, at, note="-", code=states.RESOLUTIONS[0])
            legal.append(action)
        except states.IllegalMove as refused:
            hindered.append(str(refused))
    return Moves(legal, hindered)


def event_detail(detail: Mapping[str, Any] | None) -> str:
    """What an event of an alert's history adds, in a few words."""
    told = []
    for key, value in (detail or {}).items():
        if key == "reached":
            told.append("patient reached" if value else "patient not reached")
        elif key == "code":
            told.append(spaced(str(value)).lower())
        elif key in ("from", "to"):
            # The ids of colleagues; their names stand elsewhere.
            continue
        elif key == "tier":
            told.append(f"tier {value} ({TIERS[value].lower()})")
        else:
            told.append(f"{spaced(key).lower()} {words(value)}")
    return ", ".join(told)


def questions(links: Iterable[str], texts: Mapping[str, str]) -> list[str]:
    """The questions behind link ids; the id itself where the question is no longer asked."""
    return [texts.get(link, link) for link in links]


def answers(
    link_ids: Iterable[str], given: Mapping[str, Any], items: Mapping[str, Item]
) -> list[tuple[str, str]]:
    """Questions with what was answered to each, in words; what was not answered is left out."""
    return [
        (items[link].text or f"Question {link}", answer_words(items[link], given[link]))
        for link in link_ids
        if link in given and link in items
    ]


def answer_words(item: Item, answer: Any) -> str:
    """An answer as it was put to the person: the option's words, or the number and its ends."""
    if isinstance(answer, bool):
        return "Yes" if answer else "No"
    if item.anchors is not None and item.minimum is not None:
        low, high = item.anchors
        return f"{answer} ({item.minimum} {low}, {item.maximum} {high})"
    return dict(item.choices).get(str(answer)) or words(answer)


def by_kind(assessments: Sequence[Any]) -> dict[str, Any]:
    """Assessments by kind; underscores for hyphens, so that templates can name them."""
    return {each.kind.replace("-", "_"): each for each in assessments}


def rule_words(condition: Mapping[str, Any]) -> str:
    """What a condition of a rule asks of its fact."""
    if "at_least" in condition:
        return f"{words(condition['at_least'])} or more"
    if "at_most" in condition:
        return f"{words(condition['at_most'])} or less"
    if "below" in condition:
        return f"under {words(condition['below'])}"
    return " or ".join(map(words, condition.get("one_of", [])))


def _because(condition: Mapping[str, Any]) -> str:
    fact = FACTS.get(condition["fact"], spaced(condition["fact"]))
    return f"{fact}: {words(condition['value'])} (the rule asks for {rule_words(condition)})"
