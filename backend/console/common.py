"""What several pages ask: the rules in force, what scales are called, the practice's zone."""

from __future__ import annotations

from backend.console import session, why
from backend.core.identity import actor
from backend.instruments import service as instruments
from backend.instruments.definitions import Item
from backend.risk import service as risk
from backend.risk.pathway import Pathway


def rules() -> Pathway:
    """The rules in force; those of an older judgement are named beside it."""
    return risk.pathway(actor.practice_id)


def items() -> dict[str, Item]:
    """Every question by its link id."""
    known = instruments.library().instruments.values()
    return {item.link_id: item for instrument in known for item in instrument.items}


def scales() -> dict[str, why.Scale]:
    """Every scale by its code."""
    return {
        scale.code: why.Scale(
            title=scale.title,
            lowest=float(scale.lowest),
            highest=float(scale.highest),
            higher_is_worse=scale.higher_is_worse,
            source=instrument.source,
            verified=instrument.verified,
        )
        for instrument in instruments.library().instruments.values()
        for scale in instrument.scales
    }


def scale_titles() -> dict[str, str]:
    """What scales are called, by code."""
    return {code: scale.title for code, scale in scales().items()}


def zone() -> str:
    """The practice's zone (IANA)."""
    viewer = session.viewer()
    assert viewer is not None
    return viewer.zone
