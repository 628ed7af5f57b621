"""The words in which a practice tells what no other part of Lumbra knows. Pure.

Codes, not free text, so that they can be counted; the words beside them are for people.
"""

from __future__ import annotations

REFUSALS = {
    "not-interested": "not interested",
    "no-time": "no time",
    "no-device": "no phone or internet that suits",
    "language": "language",
    "other-care": "has other care",
    "too-unwell": "too unwell",
    "privacy": "does not want to share data",
    "other": "another reason",
}
TARGETS = {
    "physiotherapy": "physiotherapy",
    "psychologically-informed-physiotherapy": "psychologically informed physiotherapy",
    "psychology": "psychology",
    "pain-service": "pain service",
    "occupational-health": "occupational health",
    "hospital": "hospital or emergency care",
    "other": "elsewhere",
}
ATTENDED, COMPLETED, NOT_TAKEN_UP = "attended", "completed", "not-taken-up"
REFERRAL_STEPS = {
    ATTENDED: "came for the first time",
    COMPLETED: "completed",
    NOT_TAKEN_UP: "not taken up",
}
EVENTS = {
    "pain-flare": "a flare-up that needed care",
    "injury": "a fall or an injury",
    "neurological": "a new neurological sign",
    "mood": "worse mood or distress",
    "self-harm": "self-harm or a suicide attempt",
    "other-illness": "another illness",
    "privacy": "a breach of privacy",
    "other": "something else",
}
# What makes an event serious: ICH E2A (1994); FHIR AdverseEvent.seriousness and its criteria.
SERIOUS_BECAUSE = {
    "death": "death",
    "life-threatening": "life-threatening",
    "hospital": "a stay in hospital, or a longer one",
    "disability": "lasting disability",
    "important": "medically important for another reason",
}
RELATED = ("possible", "probable", "definite")
RELATEDNESS = ("unrelated", "unlikely", *RELATED)
CONTEXTS = {
    "staffing": "staff",
    "guideline": "a guideline or a rule",
    "outage": "an outage",
    "campaign": "a local campaign",
    "demand": "many patients, or few",
    "funding": "money",
    "other": "something else",
}
