"""What a provider has shown they can do. Pure.

Attendance is never competence: training alone changed what physicians believed, not what patients
got (van der Windt 2008). The numbers are Lumbra's own defaults, in ``content/training``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

NOT_STARTED, IN_TRAINING, COMPETENT, LAPSED = "not_started", "in_training", "competent", "lapsed"
LEVELS = (NOT_STARTED, IN_TRAINING, COMPETENT, LAPSED)
ATTENDED, QUIZ, ROLEPLAY, OBSERVED, PORTFOLIO, BOOSTER = (
    "attended",
    "quiz",
    "roleplay",
    "observed",
    "portfolio",
    "booster",
)
KINDS = (ATTENDED, QUIZ, ROLEPLAY, OBSERVED, PORTFOLIO, BOOSTER)
SAFE = 100


@dataclass(frozen=True)
class TierRule:
    """What care of a complexity (risk group) needs: topics, and whether consultations were seen."""

    topics: tuple[str, ...]
    observed: bool


@dataclass(frozen=True)
class CompetenceRule:
    """Percents 0-100. ``roleplay_topics`` are those that are practised with others.

    Of the newest ``observed`` consultations the mean reaches ``observed_mean`` and none lies below
    ``observed_floor``. It is valid for ``valid_days``, as long as the mean of the newest
    ``rolling`` ones stays at ``rolling_floor`` and no booster, due on ``booster_days`` after the
    decision, is more than ``booster_grace_days`` late.
    """

    version: str
    tiers: Mapping[str, TierRule]
    roleplay_topics: frozenset[str]
    quiz_percent: int
    roleplay_percent: int
    observed: int
    observed_mean: int
    observed_floor: int
    valid_days: int
    rolling: int
    rolling_floor: int
    booster_days: tuple[int, ...]
    booster_grace_days: int


@dataclass(frozen=True)
class Evidence:
    """Something a provider did, at an instant. ``percent`` 0-100, where it was rated.

    ``safety_percent``: of the items on danger alone, where it has such. ``rater``: who rated, where
    somebody did; a quiz marks itself.
    """

    kind: str
    topic: str | None
    at: datetime
    percent: Decimal | None = None
    safety_percent: Decimal | None = None
    rater: str | None = None


@dataclass(frozen=True)
class Decided:
    """Somebody found a provider competent for a tier."""

    tier: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Competence:
    """The level for a tier at an instant, until when, and why."""

    level: str
    until: datetime | None
    reasons: tuple[str, ...]


def lacking(
    rule: CompetenceRule, tier: str, provider: str, mentor: str | None, shown: Sequence[Evidence]
) -> tuple[str, ...]:
    """What is missing before a provider may be found competent for a tier; empty: nothing.

    What one rated of oneself does not count. Raises ``KeyError`` for an unknown tier.
    """
    needed = rule.tiers[tier]
    counted = [each for each in shown if each.rater != provider]
    found = []
    for topic in needed.topics:
        found += _topic_lacks(rule, topic, counted)
    if needed.observed:
        found += _observed_lacks(rule, mentor, counted)
    if any(each.safety_percent != SAFE for each in _with_safety(rule, needed, counted)):
        found.append("the items on danger are not all right")
    return tuple(found)


def may_decide(provider: str, mentor: str | None, by: str) -> str | None:
    """Why somebody may not decide on a provider's competence; ``None`` when they may."""
    if by == provider:
        return "Nobody decides on their own competence."
    if by == mentor:
        return "A mentor does not decide alone on a provider they mentored."
    return None


def competence(
    rule: CompetenceRule,
    tier: str,
    shown: Sequence[Evidence],
    decided: Sequence[Decided],
    at: datetime,
) -> Competence:
    """The level for a tier at an instant.

    Without a decision nobody is competent, whatever was attended and shown.
    """
    newest = max(
        (d for d in decided if d.tier == tier and d.at <= at), key=lambda d: d.at, default=None
    )
    known = [each for each in shown if each.at <= at]
    if newest is None:
        return Competence(IN_TRAINING if known else NOT_STARTED, None, ())
    until = newest.at + timedelta(days=rule.valid_days)
    reasons = [*_lapses(rule, rule.tiers[tier], newest, until, known, at)]
    return Competence(LAPSED if reasons else COMPETENT, until, tuple(reasons))


def may_take_new(rule: CompetenceRule, group: str, level: str) -> bool:
    """Whether a provider of this level may be given a new patient of a risk group.

    Somebody whose competence has lapsed keeps the patients they have; only care of a tier in which
    consultations must have been seen is closed to new ones.
    """
    return level == COMPETENT or not rule.tiers[group].observed


def next_booster(
    rule: CompetenceRule, decided: Decided, shown: Sequence[Evidence]
) -> datetime | None:
    """When the next booster is due after a decision; ``None`` when all were taken."""
    taken = sum(each.kind == BOOSTER and each.at > decided.at for each in shown)
    left = rule.booster_days[taken:]
    return decided.at + timedelta(days=left[0]) if left else None


def _topic_lacks(rule: CompetenceRule, topic: str, shown: Sequence[Evidence]) -> list[str]:
    found = []
    # A quiz may be taken again, and the best try counts; of role-play the newest does.
    quiz = max((e.percent for e in _of(shown, QUIZ, topic) if e.percent is not None), default=None)
    if quiz is None or quiz < rule.quiz_percent:
        found.append(f"{topic}: quiz {_percent(quiz)}, needs {rule.quiz_percent} %")
    if topic in rule.roleplay_topics:
        played = [e.percent for e in _of(shown, ROLEPLAY, topic) if e.percent is not None]
        newest = played[-1] if played else None
        if newest is None or newest < rule.roleplay_percent:
            found.append(f"{topic}: role-play {_percent(newest)}, needs {rule.roleplay_percent} %")
    return found


def _observed_lacks(
    rule: CompetenceRule, mentor: str | None, shown: Sequence[Evidence]
) -> list[str]:
    newest = _of(shown, OBSERVED)[-rule.observed :]
    values = [e.percent for e in newest if e.percent is not None]
    if len(values) < rule.observed:
        return [f"{len(values)} observed consultations, needs {rule.observed}"]
    found = []
    mean = _mean(values)
    if mean < rule.observed_mean:
        found.append(f"observed consultations: mean {_percent(mean)}, needs {rule.observed_mean} %")
    if min(values) < rule.observed_floor:
        found.append(f"an observed consultation lies below {rule.observed_floor} %")
    if mentor is not None and all(e.rater == mentor for e in newest):
        found.append("all were observed by the mentor: one needs another rater")
    return found


def _with_safety(
    rule: CompetenceRule, needed: TierRule, shown: Sequence[Evidence]
) -> list[Evidence]:
    # The newest quiz of each topic that asks about danger, and the consultations that count.
    newest = {e.topic: e for e in _of(shown, QUIZ) if e.topic in needed.topics}
    seen = _of(shown, OBSERVED)[-rule.observed :] if needed.observed else []
    return [e for e in (*newest.values(), *seen) if e.safety_percent is not None]


def _lapses(
    rule: CompetenceRule,
    needed: TierRule,
    decided: Decided,
    until: datetime,
    shown: Sequence[Evidence],
    at: datetime,
) -> list[str]:
    found = []
    if at >= until:
        found.append(f"valid until {until:%d %B %Y}")
    values = [e.percent for e in _of(shown, OBSERVED) if e.percent is not None][-rule.rolling :]
    if needed.observed and len(values) == rule.rolling and _mean(values) < rule.rolling_floor:
        found.append(
            f"the last {rule.rolling} observed consultations: mean {_percent(_mean(values))}, "
            f"needs {rule.rolling_floor} %"
        )
    due = next_booster(rule, decided, shown)
    if due is not None and at - due > timedelta(days=rule.booster_grace_days):
        found.append(
            f"the booster of {due:%d %B %Y} is more than {rule.booster_grace_days} days late"
        )
    return found


def _of(shown: Sequence[Evidence], kind: str, topic: str | None = None) -> list[Evidence]:
    """Evidence of a kind, and of a topic where one is given, oldest first."""
    found = [e for e in shown if e.kind == kind and topic in (None, e.topic)]
    return sorted(found, key=lambda e: e.at)


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _percent(value: Decimal | None) -> str:
    return "none" if value is None else f"{value.quantize(Decimal('0.1')).normalize():f} %"
