"""What a person is told after answering: help first, then trend and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml
from flask import current_app

from backend.core.content import ContentError
from backend.practices.models import Practice
from backend.risk.safety import BY_URGENCY

# The language that the other files are translated from.
ORIGINAL = "en"
SENTENCES = {
    "trend": ("stable", "improving", "not_improving", "rising", "rising_fast", "none"),
    "next": ("baseline", "wait", "plan", "follow_up", "check_in"),
    "today": (
        "invited",
        "withdrawn",
        "completed",
        "nothing",
        "join",
        "practice",
        "minute",
        "minutes",
        "when",
        "open_until",
        "next_check_in",
        "trend_later",
        "days_week",
        "days_month",
        "days_none",
        "reminder",
        "progress",
        "progress_later",
        "flare_offer",
        "progress_all",
    ),
    "plan": (
        "advance",
        "complete",
        "hold",
        "step-back",
        "stuck",
        "add-module",
        "swap",
        "swap-grade",
        "step-up",
        "step-down",
        "provider-add",
        "provider-drop",
        "provider-move",
        "week-advance",
        "week-hold",
        "week-step-back",
        "week-new-baseline",
        "pacing-advance",
        "pacing-hold",
        "rung-advance",
        "rung-easier-item",
        "rung-stuck",
        "sleep-window",
    ),
    "why": (
        "safety",
        "join",
        "safety-screen",
        "baseline",
        "weekly",
        "follow-up",
        "practice",
        "optional",
        "core",
        "low-self-efficacy",
        "fear-avoidance",
        "low-mood",
        "sleep",
        "catastrophizing",
        "anxiety",
        "work",
        "social",
        "illness-beliefs",
    ),
}
# The values that a sentence has places for; all others have none.
PLACES = {
    ("today", "invited"): {"practice"},
    ("today", "withdrawn"): {"practice"},
    ("today", "completed"): {"practice"},
    ("today", "minutes"): {"minutes"},
    ("today", "open_until"): {"when"},
    ("today", "next_check_in"): {"when"},
    ("today", "days_week"): {"days"},
    ("today", "days_month"): {"days"},
    ("today", "progress"): {"done", "modules", "week", "weeks"},
    ("today", "progress_later"): {"done", "modules"},
    ("today", "progress_all"): {"modules"},
    ("today", "practice"): {"module"},
    ("why", "practice"): {"planned"},
    ("plan", "sleep-window"): {"hours", "minutes"},
    **{("plan", f"week-{name}"): {"met", "planned"} for name in ("advance", "hold", "step-back")},
    **{("plan", f"pacing-{name}"): {"kept", "planned"} for name in ("advance", "hold")},
    **{("plan", f"rung-{name}"): {"item"} for name in ("advance", "easier-item", "stuck")},
    **{
        ("plan", name): {"module"}
        for name in (
            "add-module",
            "swap",
            "swap-grade",
            "step-down",
            "provider-add",
            "provider-drop",
            "provider-move",
        )
    },
}


@dataclass(frozen=True)
class Texts:
    """The safety and feedback texts of one language."""

    safety: Mapping[str, Any]
    feedback: Mapping[str, Any]


@cache
def load_texts(content: Path, language: str) -> Texts:
    """Read and check the texts. Raises ``ContentError`` when a level or sentence is missing.

    Whom to call on which level, and the numbers, come from the English file whatever the language:
    a number that is changed there must not stay wrong in a translation.
    """
    safety = _read(content / "safety" / f"{language}.yaml")
    if language != ORIGINAL:
        safety = _with_numbers(safety, _read(content / "safety" / f"{ORIGINAL}.yaml"), content)
    feedback = _read(content / "feedback" / f"{language}.yaml")
    for folder, found in (
        ("safety", _safety_faults(safety)),
        ("feedback", _feedback_faults(feedback)),
    ):
        for fault in found:
            raise ContentError(content / folder / f"{language}.yaml", fault)
    return Texts(safety, feedback)


def texts(language: str) -> Texts:
    """The present texts in a language."""
    return load_texts(current_app.extensions["settings"].content, language)


def what_to_do_now(level: str, language: str, practice: Practice) -> dict[str, Any]:
    """The instruction for a red flag, with the country's and the practice's numbers."""
    safety = texts(language).safety
    wording = safety["levels"][level]
    numbers = whom_to_call(language, practice)
    return {
        "level": level,
        "title": wording["title"],
        "text": wording["text"],
        "contacts": [
            {"label": safety["contacts"][kind], "phone": numbers[kind]}
            for kind in wording["contacts"]
            if numbers.get(kind)
        ],
    }


def whom_to_call(language: str, practice: Practice) -> dict[str, str]:
    """The numbers of a country by kind (``emergency``, ``crisis`` ...), and the practice's own.

    A kind that a country has no number for is not there.
    """
    countries = texts(language).safety["countries"]
    found = countries.get(practice.country, countries["default"])
    return {**found, **({"practice": practice.phone} if practice.phone else {})}


def statement(language: str) -> str:
    """The sentence on every end page: nobody watches round the clock."""
    return str(texts(language).safety["statement"])


def trend(decision: str | None, language: str) -> dict[str, Any]:
    """The trend in a sentence."""
    return {"decision": decision, "sentence": texts(language).feedback["trend"][decision or "none"]}


def what_comes_next(kind: str, language: str, **members: Any) -> dict[str, Any]:
    """The next step: ``baseline``, ``wait``, ``plan``, ``follow_up`` or ``check_in``."""
    return {"kind": kind, "sentence": texts(language).feedback["next"][kind], **members}


def sentence(part: str, key: str, language: str, **values: object) -> str:
    """A sentence of ``today`` or ``why``, with its values put in."""
    return str(texts(language).feedback[part][key]).format(**values)


def why(name: str | None, language: str) -> str:
    """Why something is in a person's day; a name without a sentence of its own has the core's."""
    reasons = texts(language).feedback["why"]
    return str(reasons.get(name, reasons["core"]))


def _with_numbers(
    words: Mapping[str, Any], original: Mapping[str, Any], content: Path
) -> Mapping[str, Any]:
    levels = words.get("levels") or {}
    if "countries" in words or any("contacts" in level for level in levels.values()):
        where = content / "safety" / f"{ORIGINAL}.yaml"
        raise ContentError(where, "alone says whom to call; remove it from the translations")
    called = original.get("levels", {})
    return {
        **words,
        "countries": original.get("countries", {}),
        "levels": {
            name: {**wording, "contacts": called.get(name, {}).get("contacts")}
            for name, wording in levels.items()
        },
    }


def _safety_faults(safety: Mapping[str, Any]) -> Iterator[str]:
    for name in ("statement", "after_hold"):
        if not _is_text(safety.get(name)):
            yield f"safety lacks {name}"
    if "default" not in safety.get("countries", {}):
        yield "safety lacks the default numbers"
    known = safety.get("contacts", {})
    for level in BY_URGENCY:
        wording = safety.get("levels", {}).get(level, {})
        if not (_is_text(wording.get("title")) and _is_text(wording.get("text"))):
            yield f"safety level {level} lacks its title or text"
        contacts = wording.get("contacts")
        if not contacts or not set(contacts) <= set(known):
            yield f"safety level {level} lacks contacts, or names unknown ones"


def _feedback_faults(feedback: Mapping[str, Any]) -> Iterator[str]:
    for part, keys in SENTENCES.items():
        for key in keys:
            text = feedback.get(part, {}).get(key)
            if not _is_text(text):
                yield f"feedback lacks {part}.{key}"
            elif _places(text) != PLACES.get((part, key), set()):
                yield f"feedback {part}.{key} has other places for values than it should"


def _places(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _read(file: Path) -> Mapping[str, Any]:
    try:
        loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContentError(file, f"cannot be read: {error}") from None
    if not isinstance(loaded, Mapping):
        raise ContentError(file, "is not a mapping")
    return loaded
