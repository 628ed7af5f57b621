"""The words in which a journey is written: who the person is, how they fare, what they do.

A script holds what people say and do. What Lumbra makes of it stands nowhere in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any


@dataclass(frozen=True)
class Feels:
    """How a person would answer each question on a day, as the questionnaires count it.

    ``peg``: pain, enjoyment, activity (0-10). ``phq`` and ``gad``: the items of PHQ-9 and GAD-7
    (0-3). ``rmdq`` and ``sbst``: the statements they agree with; ``bothersome`` 0-4. ``weekly``:
    the weekly questions by name (0-10). ``context``: about the person. ``change``: since the start,
    from very much better (0) to very much worse (6).
    """

    peg: tuple[int, int, int]
    weekly: Mapping[str, int]
    phq: tuple[int, ...] = (0,) * 9
    gad: tuple[int, ...] = (0,) * 7
    rmdq: frozenset[int] = frozenset()
    sbst: frozenset[int] = frozenset()
    bothersome: int = 1
    change: int = 3
    context: Mapping[str, int] = field(default_factory=dict)

    def then(self, **changes: Any) -> Feels:
        """The same person later: ``weekly`` and ``context`` change in part, the rest as a whole."""
        for name in ("weekly", "context"):
            changes[name] = {**getattr(self, name), **changes.get(name, {})}
        return replace(self, **changes)


@dataclass(frozen=True)
class Week:
    """What has changed by a weekly check-in, in the person's own words and in their answers.

    ``yes``: safety questions answered with yes. ``misses``: the check-in is let pass.
    """

    says: str = ""
    feels: Mapping[str, Any] = field(default_factory=dict)
    yes: frozenset[str] = frozenset()
    misses: bool = False


@dataclass(frozen=True)
class Flare:
    """The person tells of a flare-up."""

    days: int
    says: str


@dataclass(frozen=True)
class Rates:
    """The person rates the movements of their ladder, for the first time or again (0-100)."""

    ratings: Mapping[str, int]
    says: str = ""


@dataclass(frozen=True)
class Agrees:
    """The provider agrees to a movement that waits for them."""

    movement: str
    says: str


@dataclass(frozen=True)
class Try:
    """One try of a feared movement: fear and belief in the prediction, before and after (0-100)."""

    movement: str
    prediction: str
    happened: str
    fear: tuple[int, int]
    belief: tuple[int, int]
    habits: str = ""
    where: str = ""


@dataclass(frozen=True)
class Reply:
    """What the practice does about an alert of a rule, so long ``after`` it was opened.

    ``contacts``: attempts to reach the patient. ``closes``: when it is resolved, if later.
    ``clears``: the reason with which a safety hold is cleared then. Of several replies to one rule
    each is for one alert, and the last for all that follow.
    """

    rule: str
    after: timedelta
    contacts: tuple[tuple[bool, str], ...]
    code: str
    note: str
    clears: str | None = None
    closes: timedelta | None = None


@dataclass(frozen=True)
class Person:
    """One journey. ``at_home`` is when the person sits down with Lumbra; ``away``: days without it.

    ``tries`` are the amounts of the first tries at ``aim``; later ones follow the quota, except on
    the days in ``does``, and on ``steady_days`` (Monday 0) they go on by themselves, whatever the
    home page asks for. ``notes``: what else is written down with the practice of a module.
    """

    file: str
    title: str
    portrait: str
    given_name: str
    family_name: str
    begins: date
    start: Feels
    weeks: Mapping[int, Week]
    aim: Mapping[str, Any]
    tries: tuple[int, ...]
    goal: Mapping[str, Any]
    replies: tuple[Reply, ...]
    screen: frozenset[str] = frozenset()
    time_zone: str = "Europe/London"
    weekday: str = "tuesday"
    at_home: time = time(18, 30)
    steady_days: tuple[int, ...] = (0, 1, 2, 4, 5)
    away: tuple[tuple[date, date], ...] = ()
    does: Mapping[date, float] = field(default_factory=dict)
    on: Mapping[date, Flare | Rates | Agrees] = field(default_factory=dict)
    ladder: Mapping[str, int] = field(default_factory=dict)
    feared: tuple[Try, ...] = ()
    confidence: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def is_away(self, day: date) -> bool:
        """Whether they leave Lumbra alone on a day."""
        return any(first <= day <= last for first, last in self.away)


def answers(
    asked: Sequence[Mapping[str, Any]], feels: Feels, yes: frozenset[str]
) -> dict[str, Any]:
    """A person's answers to questions as FHIR items; those behind another only if it is yes."""
    given: dict[str, Any] = {}
    for item in asked:
        link = item["linkId"]
        if "enableWhen" in item and not yes:
            continue
        said = _said(link, feels, yes)
        if item["type"] == "choice":
            said = item["answerOption"][int(said)]["valueCoding"]["code"]
        given[link] = said
    return given


def _said(link: str, feels: Feels, yes: frozenset[str]) -> Any:
    kind, _, part = link.partition(".")
    if kind in ("peg", "phq", "gad"):
        return getattr(feels, kind)[int(part) - 1]
    if kind == "safety":
        return bool(yes) if part == "gateway" else part in yes
    if kind in ("weekly", "context"):
        return getattr(feels, kind)[part]
    if kind == "pgic":
        return feels.change
    if link == "sbst.9":
        return feels.bothersome
    return int(part) in getattr(feels, kind)
