"""The door of evaluation: the report, and what practices tell."""

from __future__ import annotations

from backend.evaluation.records import (
    adverse_events,
    adverse_events_of_practice,
    consulters,
    context,
    follow_referral,
    refer,
    referrals,
    tell_adverse_event,
    tell_consulters,
    tell_context,
    tell_refusal,
)
from backend.evaluation.report import of_all, of_practice

__all__ = [
    "adverse_events",
    "adverse_events_of_practice",
    "consulters",
    "context",
    "follow_referral",
    "of_all",
    "of_practice",
    "refer",
    "referrals",
    "tell_adverse_event",
    "tell_consulters",
    "tell_context",
    "tell_refusal",
]
