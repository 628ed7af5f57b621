"""Faults of ``content/pathways``: scores that nobody gives, thresholds that nobody reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from backend.content_check.instruments import Pair
from backend.content_check.questionnaires import LANGUAGES, parts
from backend.content_check.rules import rule_faults
from backend.content_check.shapes import listed, mapping, words
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
    said = mapping(mapping(batteries).get("batteries"))
    put = [_put(mapping(battery), asked) for battery in said.values()]
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
    for part in map(mapping, listed(battery.get("parts"))):
        chosen = {*words(part.get("always")), *words(mapping(part.get("rotate")).get("of"))}
        for name in _instruments(part):
            own = asked.get(name) or frozenset()
            found |= chosen or own - set(words(part.get("omit")))
    return found


def _instruments(part: Mapping[str, Any]) -> list[str]:
    """The instrument of a part, or those that take turns."""
    return words(part.get("alternate")) or [str(part.get("instrument"))]


def battery_faults(document: Document, offered: Known) -> Iterator[ContentError]:
    """Batteries that ask what there is not. How much they ask, their loader says."""
    for battery, said in mapping(mapping(document.value).get("batteries")).items():
        title = mapping(mapping(said).get("title"))
        for language, name in LANGUAGES.items():
            if not title.get(language):
                message = f"{battery}: the title has no {name} translation ({language})"
                yield document.fault(message, "batteries", battery, "title")
        for number, part in enumerate(map(mapping, listed(mapping(said).get("parts")))):
            for message in _part_faults(part, offered):
                yield document.fault(f"{battery}: {message}", "batteries", battery, "parts", number)


def _part_faults(part: Mapping[str, Any], offered: Known) -> Iterator[str]:
    named = {*words(part.get("omit")), *words(part.get("always"))}
    named |= {*words(mapping(part.get("rotate")).get("of")), *words([part.get("behind")])}
    for name in _instruments(part):
        own = offered.asked.get(name)
        if name not in offered.asked:
            yield f"there is no instrument {name}"
        elif own is not None:
            yield from (f"{name} does not ask {link}" for link in sorted(named - own))


def pathway_faults(
    document: Document, offered: Known, modules: frozenset[str] | None
) -> Iterator[ContentError]:
    """Every fault that the instruments, batteries and modules around a pathway bring to light."""
    said = mapping(document.value)
    for path, part in parts(said):
        yield from _source_faults(document, path, part, offered)
    yield from _group_faults(document, said, offered)
    yield from _follow_up_faults(document, said, offered)
    yield from _plan_faults(document, mapping(said.get("plan")), modules)
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
        if isinstance(ends, list) and ends != [low, high]:
            message = f"{code} goes from {low} to {high}, not {ends}"
            yield document.fault(message, *path, "range")
    if isinstance(link, str) and link not in offered.loose:
        if link not in offered.answers:
            yield document.fault(f"no instrument asks {link}", *path, "link")
            return
        for answer in words(part.get("in")):
            if offered.answers[link] and answer not in offered.answers[link]:
                yield document.fault(f"{link} has no answer {answer}", *path, "in")


def _group_faults(
    document: Document, said: Mapping[str, Any], offered: Known
) -> Iterator[ContentError]:
    rule = mapping(said.get("stratification"))
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
    for number, rule in enumerate(map(mapping, listed(said.get("follow_up")))):
        code, battery = str(rule.get("code")), str(rule.get("battery"))
        if code in offered.ranges and code not in offered.given:
            message = f"no battery asks for all of {code}, so this is never followed up"
            yield document.fault(message, "follow_up", number, "code")
        if battery not in offered.batteries:
            message = f"there is no battery {battery}"
            yield document.fault(message, "follow_up", number, "battery")


def _plan_faults(
    document: Document, plan: Mapping[str, Any], modules: frozenset[str] | None
) -> Iterator[ContentError]:
    for path, name in _modules_named(plan):
        if modules is not None and str(name) not in modules:
            yield document.fault(f"there is no module {name}", "plan", *path)
    if "matrix" not in plan:
        return
    matrix = mapping(plan["matrix"])
    for group in sorted(map(str, matrix.keys() - set(GROUPS))):
        message = f"nobody is in the group {group}; groups are {', '.join(GROUPS)}"
        yield document.fault(message, "plan", "matrix", group)
    for group in GROUPS:
        cells = mapping(matrix.get(group))
        for load in sorted(map(str, cells.keys() - set(LOADS))):
            message = f"nobody has {load} factors; use {', '.join(LOADS)}"
            yield document.fault(message, "plan", "matrix", group, load)
        for load in LOADS:
            if load not in cells:
                message = f"there is no plan for group {group} with {load} factors"
                yield document.fault(message, "plan", "matrix", group, load)
            yield from _support_faults(document, plan, group, load)


def _support_faults(
    document: Document, plan: Mapping[str, Any], group: str, load: str
) -> Iterator[ContentError]:
    support = mapping(mapping(mapping(plan["matrix"]).get(group)).get(load)).get("support")
    levels = [mapping(each) for each in listed(plan.get("support_ladder"))]
    if isinstance(support, str) and levels:
        said = [words for each in levels for words in listed(each.get("supports"))]
        known = {words for words in said if isinstance(words, str)}
        if support not in known:
            message = f"no level of support_ladder stands for: {support}"
            yield document.fault(message, "plan", "matrix", group, load, "support")


def _modules_named(plan: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for number, name in enumerate(listed(plan.get("core"))):
        yield ("core", number), name
    for group, names in mapping(plan.get("closing")).items():
        for number, name in enumerate(listed(names)):
            yield ("closing", str(group), number), name
    for domain, name in mapping(mapping(plan.get("coverage")).get("modules")).items():
        yield ("coverage", "modules", str(domain)), name
    if "maintenance" in plan:
        yield ("maintenance",), plan["maintenance"]


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:g}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
