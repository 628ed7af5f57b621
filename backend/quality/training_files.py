"""Reading ``content/training``: topics, the consultation checklist, and the rule of competence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from backend.core.content import ContentError, Document
from backend.programme.module_files import quiz_item
from backend.programme.module_text import steps
from backend.programme.modules import item_faults
from backend.quality.competence import CompetenceRule, TierRule
from backend.quality.fidelity import Checklist, ChecklistItem
from backend.quality.sampling import SamplingRule
from backend.quality.topics import Case, Question, RolePlay, Topic

FOLDER = "training"
FEWEST_QUESTIONS = 3
_NAME = re.compile(r"(T\d{1,2})-[a-z-]+\.md")
_UNREADABLE = (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError)


@cache
def load_topics(content: Path) -> Mapping[str, Topic]:
    """Every topic by id, in order. Raises ``ContentError`` that names the file and the fault."""
    files = [*(content / FOLDER).glob("T*.md")]
    found = {topic.id: topic for topic in (load_topic(file) for file in sorted(files))}
    return {name: found[name] for name in sorted(found, key=lambda name: int(name[1:]))}


def load_topic(file: Path) -> Topic:
    """One topic. Raises ``ContentError``."""
    try:
        post = frontmatter.load(str(file))
        raw: Mapping[str, Any] = post.metadata
        topic = Topic(
            id=raw["topic"],
            version=str(raw["version"]),
            title=raw["title"],
            minutes=raw["minutes"],
            objectives=tuple(raw["objectives"]),
            steps=steps(post.content, ""),
            quiz=tuple(
                Question(quiz_item(each), each.get("safety", False)) for each in raw["quiz"]
            ),
            cases=tuple(Case(each["story"], quiz_item(each)) for each in raw["cases"]),
            roleplay=_roleplay(raw.get("roleplay")),
            sources=tuple(raw["sources"]),
            verified=raw["verified"],
            next_review=raw["next_review"],
        )
        faults = [*_faults(topic, file, raw)]
    except _UNREADABLE as error:
        raise ContentError(file, f"{type(error).__name__}: {error}") from None
    for fault in faults:
        raise ContentError(file, fault)
    return topic


@cache
def load_checklist(content: Path) -> tuple[Checklist, SamplingRule, Decimal]:
    """The consultation checklist, how many are to be observed, and the kappa below which raters
    talk. Raises ``ContentError``."""
    document = Document.read(content / FOLDER / "checklist.yaml")
    with document.reading():
        raw = dict(document.value)
        items = tuple(ChecklistItem(**each) for each in raw.pop("items"))
        prohibited = tuple(ChecklistItem(**each) for each in raw.pop("prohibited"))
        names = [item.id for item in (*items, *prohibited)]
        if len(set(names)) < len(names):
            raise document.fault("an item stands here twice", "items")
        if raw["safety_item"] not in {item.id for item in items}:
            raise document.fault("there is no such item", "safety_item")
        sampling = SamplingRule(**raw.pop("sampling"))
        kappa = Decimal(str(raw.pop("recalibrate_below")))
        return Checklist(items=items, prohibited=prohibited, **raw), sampling, kappa


@cache
def load_competence(content: Path) -> CompetenceRule:
    """The rule of competence. Raises ``ContentError``."""
    document = Document.read(content / FOLDER / "competence.yaml")
    topics = load_topics(content)
    with document.reading():
        raw = dict(document.value)
        tiers = {
            tier: TierRule(tuple(each["topics"]), each["observed"])
            for tier, each in raw.pop("tiers").items()
        }
        practised = frozenset(raw.pop("roleplay_topics"))
        for name in sorted(practised.union(*(tier.topics for tier in tiers.values()))):
            if name not in topics:
                raise document.fault(f"there is no topic {name}", "tiers")
        for name in sorted(practised):
            if topics[name].roleplay is None:
                raise document.fault(f"{name} has no role-play", "roleplay_topics")
        return CompetenceRule(
            tiers=tiers,
            roleplay_topics=practised,
            booster_days=tuple(raw.pop("booster_days")),
            **raw,
        )


def _roleplay(raw: Mapping[str, Any] | None) -> RolePlay | None:
    return None if raw is None else RolePlay(raw["task"], tuple(raw["rated"]))


def _faults(topic: Topic, file: Path, raw: Mapping[str, Any]) -> Iterator[str]:
    name = _NAME.fullmatch(file.name)
    if name is None or name.group(1) != topic.id:
        yield f"says it is {topic.id}; a file is named after its topic, such as T1-some-words.md"
    if len(topic.quiz) < FEWEST_QUESTIONS:
        yield f"has {len(topic.quiz)} questions; at least {FEWEST_QUESTIONS} are needed"
    if not topic.steps or not topic.cases or not topic.objectives or not topic.sources:
        yield "needs a text, a case, objectives and sources"
    items = [*(q.item for q in topic.quiz), *(case.item for case in topic.cases)]
    if len({item.id for item in items}) < len(items):
        yield "a question stands here twice"
    for item in items:
        yield from (f"{item.id}: {fault}" for fault in item_faults(item))
    if not isinstance(topic.next_review, date):
        yield "next_review must be a date, such as 2027-11-23"
    if not raw.get("reviewed_by"):
        yield "has no reviewer"
