"""Reading what a consultation is held against and when a provider is competent."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from backend.core.content import Document
from backend.quality.competence import CompetenceRule, TierRule
from backend.quality.fidelity import Checklist, ChecklistItem

FOLDER = "training"


@cache
def load_checklist(content: Path) -> Checklist:
    """The consultation checklist. Raises ``ContentError``."""
    document = Document.read(content / FOLDER / "checklist.yaml")
    raw = document.value
    with document.reading():
        items = tuple(ChecklistItem(**each) for each in raw["items"])
        prohibited = tuple(ChecklistItem(**each) for each in raw["prohibited"])
        names = [item.id for item in (*items, *prohibited)]
        if len(set(names)) < len(names):
            raise document.fault("an item stands here twice", "items")
        if raw["safety_item"] not in {item.id for item in items}:
            raise document.fault("there is no such item", "safety_item")
        return Checklist(**{**raw, "items": items, "prohibited": prohibited})


@cache
def load_competence(content: Path) -> tuple[str, CompetenceRule]:
    """The rule of competence, after its version. Raises ``ContentError``."""
    document = Document.read(content / FOLDER / "competence.yaml")
    raw = dict(document.value)
    with document.reading():
        tiers = {
            tier: TierRule(tuple(each["topics"]), each["observed"])
            for tier, each in raw.pop("tiers").items()
        }
        version = raw.pop("version")
        rule = CompetenceRule(
            tiers=tiers,
            roleplay_topics=frozenset(raw.pop("roleplay_topics")),
            booster_days=tuple(raw.pop("booster_days")),
            **raw,
        )
        return version, rule
