"""What the feed's events are called, and the moves they come from. Pure."""

from __future__ import annotations

from backend.alerts import states

OPENED = "open"
EVIDENCE = "evidence"
TIER_RAISED = "raise-tier"
RETIMED = "retime"

# An alert that has reached a screen is no news to a machine: it has no event.
TYPES = {
    OPENED: "alert.raised",
    EVIDENCE: "alert.evidence-added",
    TIER_RAISED: "alert.tier-raised",
    RETIMED: "alert.times-changed",
    states.ACKNOWLEDGE: "alert.acknowledged",
    states.START: "alert.started",
    states.CONTACT: "alert.contact-recorded",
    states.ESCALATE: "alert.escalated",
    states.RESOLVE: "alert.resolved",
    states.DISMISS: "alert.dismissed",
    states.REOPEN: "alert.reopened",
    states.ASSIGN: "alert.assigned",
    states.TAKE: "alert.taken",
    states.HAND_OVER: "alert.handed-over",
    states.RELEASE: "alert.released",
}


def evidence_action(tier_before: int, tier: int) -> str:
    """What new evidence did: a tier that rises is told as such (1 is the highest)."""
    return TIER_RAISED if tier < tier_before else EVIDENCE
