"""Whether a module may begin for a person, by its contraindications. Pure.

What they are is said by the modules. Some are answered by a provider, some come up from scores: a
GAD-7 of 15 or more, a PHQ-9 of 20 or more (Spitzer 2006; Kroenke 2001). High fear of movement asks
for graded exposure before pacing; thoughts of self-harm put the safety pathway before all else.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal

from backend.programme.modules import Module

GATING = ("stop", "clearance", "route")
NO, YES, CLEARED = "no", "yes", "cleared"

SCORES: Mapping[str, tuple[str, Decimal]] = {
    "gad7-15-or-more": ("gad7.total", Decimal(15)),
    "severe-depression": ("phq9.total", Decimal(20)),
}
HIGH_FEAR, FEAR = "high-fear", "fear-avoidance"
EXPOSURE, EXPOSURE_GRADE = "M06", 2
SELF_HARM_ANSWER, SELF_HARM = "phq9-item-9-above-0", "self_harm"

# What a module's own text says of any change, and what therefore keeps nobody from reading it.
ADVICE = frozenset({"opioid-or-benzodiazepine-change"})

UNANSWERED, APPLIES, REVIEW, SAFETY = "unanswered", "applies", "review", "safety"


@dataclass(frozen=True)
class Known:
    """What is known of a person: a provider's answers by code, the newest scores, the factors that
    are elevated now, the level of an open safety hold, and the grades passed of each module.

    ``asked`` are the codes of which a provider is asked; the others come up from elsewhere.
    """

    asked: Set[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Decimal] = field(default_factory=dict)
    factors: Set[str] = frozenset()
    hold: str | None = None
    passed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """Why a module waits: the code of the contraindication, of which kind, and what it says.

    ``asked`` are all the codes that a provider may still answer so that it opens.

    ``kind``: ``unanswered`` (a provider is asked), ``applies`` (answered yes), ``review`` (a score
    or fear is high, and a provider may agree all the same), ``safety`` (a safety hold stands).
    """

    code: str
    kind: str
    text: str
    asked: tuple[str, ...] = ()


def blocked(module: Module, known: Known) -> Reason | None:
    """Why a module may not begin, the first reason there is; ``None`` when it may."""
    kinds = [(each, _kind(each.code, each.action, known)) for each in module.contraindications]
    asked = tuple(each.code for each, kind in kinds if kind in (UNANSWERED, REVIEW))
    for each, kind in kinds:
        if kind is not None:
            return Reason(each.code, kind, each.text, asked)
    return None


def locked(module: Module, hold: str | None, answers: Mapping[str, str]) -> bool:
    """Whether a module that has begun stands still: a safety hold of this level locks it, or a
    provider has said that it is not for this person."""
    if hold is not None and module.locked_by_safety_hold:
        return True
    known = Known(answers=answers, hold=hold)
    return any(
        _kind(each.code, each.action, known) in (APPLIES, SAFETY)
        for each in module.contraindications
    )


def _kind(code: str, action: str, known: Known) -> str | None:
    if action not in GATING:
        return None
    if code == SELF_HARM_ANSWER:
        return SAFETY if known.hold == SELF_HARM else None
    said = known.answers.get(code)
    if said == YES:
        return APPLIES
    if said is not None:
        return None
    if code in SCORES:
        score, limit = SCORES[code]
        return REVIEW if known.scores.get(score, Decimal(0)) >= limit else None
    if code == HIGH_FEAR:
        first = known.passed.get(EXPOSURE, 0) >= EXPOSURE_GRADE
        return REVIEW if FEAR in known.factors and not first else None
    return UNANSWERED if action == "clearance" and code in known.asked else None
