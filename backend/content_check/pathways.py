"""Faults of ``content/pathways``: scores that nobody gives, thresholds that nobody reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from backend.content_check.instruments import Pair
from backend.content_check.questionnaires import LANGUAGES, parts
from backend.content_check.rules import rule_faults
from backend.core.content import ContentError, Document
from backend.risk.pathway import GROUPS, LOADS

THRESHOLDS = ("from", "over", "worst", "best", "one_from", "two_from")


@dataclass(frozen=True)
class Known:
    """What instruments give and batteries ask, for the files that speak of it.

    ``ranges`` are the lowest and highest value by score code; ``answers`` the possible answers by
    linkId, empty for a number; ``asked`` the linkIds by instrument, ``None`` where its file cannot
    be read; ``given`` the scores that some battery asks everything for; ``loose`` the codes and
    linkIds of files at fault, which are let pass.
    """

    ranges: Mapping[str, tuple[Decimal, Decimal]]
    answers: Mapping[str, frozenset[str]]
    asked: Mapping[str, frozenset[str] | None]
    batteries: frozenset[str]
    given: frozenset[str]
    loose: frozenset[str]


def known(pairs: Sequence[Pair], batteries: Any) -> Known:
    """What the instruments and the batteries offer, as far as their files can be read."""
    questions = {
        pair.name: None if pair.questionnaire is None else list(pair.questionnaire.questions())
        for pair in pairs
    }
    asked = {
        name: None if items is None else frozenset(item.link_id for _, item in items)
        for name, items in questions.items()
    }
    scales = [scale for pair in pairs if pair.scoring for scale in pair.scoring.scales]
    said = _mapping(_mapping(batteries).get("batteries"))
    put = [_put(_mapping(battery), asked) for battery in said.values()]
    return Known(
        ranges={s.code: (_decimal(s.range[0]), _decimal(s.range[1])) for s in scales},
        answers={
            item.link_id: frozenset(option.coding.code for option in item.options)
            for items in questions.values()
            for _, item in items or ()
        },
        asked=asked,
        batteries=frozenset(said),
        given=frozenset(s.code for s in scales if any(set(s.items) <= each for each in put)),
        loose=frozenset(name for pair in pairs for name in pair.loose),
    )


def _put(battery: Mapping[str, Any], asked: Mapping[str, frozenset[str] | None]) -> set[str]:
    """Every question that a battery puts on some occasion."""
    found: set[str] = set()
    for part in map(_mapping, battery.get("parts") or []):
        rotate = _mapping(part.get("rotate"))
        if rotate or part.get("always"):
            found |= {*part.get("always", []), *rotate.get("of", [])}
            continue
        for name in part.get("alternate") or [part.get("instrument")]:
            found |= (asked.get(name) or frozenset()) - set(part.get("omit", []))
    return found


def battery_faults(document: Document, offered: Known) -> Iterator[ContentError]:
    """Batteries that ask what there is not. How much they ask, their loader says."""
    for battery, said in _mapping(_mapping(document.value).get("batteries")).items():
        title = _mapping(said).get("title")
        for language, name in LANGUAGES.items():
            if not _mapping(title).get(language):
                message = f"{battery}: the title has no {name} translation ({language})"
                yield document.fault(message, "batteries", battery, "title")
        for number, part in enumerate(map(_mapping, _mapping(said).get("parts") or [])):
            path = ("batteries", battery, "parts", number)
            names = part.get("alternate") or [part.get("instrument")]
            for name in names:
                if name not in offered.asked:
                    yield document.fault(f"{battery}: there is no instrument {name}", *path)
                    continue
                own = offered.asked[name]
                links = {*part.get("omit", []), *part.get("always", [])}
                links |= {*_mapping(part.get("rotate")).get("of", [])}
                links |= {part["behind"]} if part.get("behind") else set()
                for link in sorted(map(str, links - own if own is not None else ())):
                    yield document.fault(f"{battery}: {name} does not ask {link}", *path)


def pathway_faults(
    document: Document, offered: Known, modules: frozenset[str] | None
) -> Iterator[ContentError]:
    """Every fault that the instruments, batteries and modules around a pathway bring to light."""
    said = _mapping(document.value)
    for path, part in parts(said):
        yield from _source_faults(document, path, part, offered)
    yield from _group_faults(document, said, offered)
    yield from _follow_up_faults(document, said, offered)
    yield from _plan_faults(document, _mapping(said.get("plan")), modules)
    yield from rule_faults(document, offered.ranges)


def _source_faults(
    document: Document, path: tuple[str | int, ...], part: Mapping[str, Any], offered: Known
) -> Iterator[ContentError]:
    code, link = part.get("code"), part.get("link")
    if isinstance(code, str) and code not in offered.loose:
        if code not in offered.ranges:
            yield document.fault(f"no instrument gives the score {code}", *path, "code")
            return
        low, high = offered.ranges[code]
        for key in THRESHOLDS:
            if _is_number(part.get(key)) and not low <= Decimal(str(part[key])) <= high:
                message = f"{code} never reaches {part[key]}; it goes from {low} to {high}"
                yield document.fault(message, *path, key)
        ends = part.get("range")
        if ends is not None and ends != [low, high]:
            message = f"{code} goes from {low} to {high}, not {ends}"
            yield document.fault(message, *path, "range")
    if isinstance(link, str) and link not in offered.loose:
        if link not in offered.answers:
            yield document.fault(f"no instrument asks {link}", *path, "link")
            return
        for answer in part.get("in") or []:
            if offered.answers[link] and answer not in offered.answers[link]:
                yield document.fault(f"{link} has no answer {answer}", *path, "in")


def _group_faults(
    document: Document, said: Mapping[str, Any], offered: Known
) -> Iterator[ContentError]:
    rule = _mapping(said.get("stratification"))
    assigning = rule.get("assigning")
    for path, part in parts(rule, ("stratification",)):
        for key in ("total", "psychosocial"):
            code = part.get(key)
            if not isinstance(code, str) or code in offered.loose:
                continue
            if code not in offered.ranges:
                yield document.fault(f"no instrument gives the score {code}", *path, key)
            elif assigning in (None, path[-1]) and code not in offered.given:
                message = f"no battery asks for all of {code}, so nobody gets a risk group"
                yield document.fault(message, *path, key)


def _follow_up_faults(
    document: Document, said: Mapping[str, Any], offered: Known
) -> Iterator[ContentError]:
    for number, rule in enumerate(map(_mapping, said.get("follow_up") or [])):
        code, battery = rule.get("code"), rule.get("battery")
        if code in offered.ranges and code not in offered.given:
            message = f"no battery asks for all of {code}, so this is never followed up"
            yield document.fault(message, "follow_up", number, "code")
        if battery not in offered.batteries:
            message = f"there is no battery {battery}"
            yield document.fault(message, "follow_up", number, "battery")


def _plan_faults(
    document: Document, plan: Mapping[str, Any], modules: frozenset[str] | None
) -> Iterator[ContentError]:
    for number, name in enumerate(plan.get("core") or []):
        if modules is not None and name not in modules:
            yield document.fault(f"there is no module {name}", "plan", "core", number)
    if "matrix" not in plan:
        return
    matrix = _mapping(plan["matrix"])
    for group in matrix.keys() - set(GROUPS):
        message = f"nobody is in the group {group}; groups are {', '.join(GROUPS)}"
        yield document.fault(message, "plan", "matrix", group)
    for group in GROUPS:
        cells = _mapping(matrix.get(group))
        for load in cells.keys() - set(LOADS):
            message = f"nobody has {load} factors; use {', '.join(LOADS)}"
            yield document.fault(message, "plan", "matrix", group, load)
        for load in LOADS:
            if load not in cells:
                message = f"there is no plan for group {group} with {load} factors"
                yield document.fault(message, "plan", "matrix", group, load)


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:g}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
