"""Batteries: instruments put together for one occasion, and whether answers fit what was asked.

A question is put once: a link id that several instruments share, and a question that says it asks
the ``same_question`` as another, are answered once and scored for each.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from backend.instruments.definitions import (
    ANCHORS,
    ENGLISH,
    ENTRY_FORMAT,
    LONGEST_TEXT,
    MAXIMUM,
    MINIMUM,
    Answer,
    Battery,
    Condition,
    DangerItem,
    Gate,
    Group,
    Instrument,
    Item,
    Option,
    Part,
)

LONGEST_KEY = 100
GATE = ("enableWhen", "enableBehavior")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Questionnaire:
    """What one person is asked on one occasion.

    ``behind`` maps a question to the yes/no question that opens it; ``same`` a question that is
    not put to the one that is put in its place; ``carried`` are answers given earlier the same day.
    """

    battery: str
    version: str
    title: str
    instruments: tuple[str, ...]
    groups: tuple[Group, ...]
    behind: Mapping[str, str]
    danger: tuple[DangerItem, ...]
    copyright: str = field(default="")
    language: str = ENGLISH
    same: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, Answer] = field(default_factory=dict)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """All questions by link id, in their order."""
        return {item.link_id: item for group in self.groups for item in group.items}

    @cached_property
    def gates(self) -> Mapping[str, tuple[Gate, ...]]:
        """The conditions of each question that has some, as far as they ask what is asked here."""
        known = self.items.keys() | self.carried.keys()
        found = {
            item.link_id: tuple(_within(known, group.gate, item.gate))
            for group in self.groups
            for item in group.items
        }
        return {link: gates for link, gates in found.items() if gates}


def compose(
    battery: Battery,
    instruments: Mapping[str, Instrument],
    occasion: int,
    language: str = ENGLISH,
) -> Questionnaire:
    """What a battery asks on its ``occasion``-th time (from 1). Pure.

    ``instruments`` are worded in ``language``, or in English where there is no translation.
    """
    shared = shared_questions(instruments.values())
    used: list[Instrument] = []
    groups: list[Group] = []
    behind: dict[str, str] = {}
    put: dict[str, str] = {}
    same: dict[str, str] = {}
    for part in battery.parts:
        instrument = instruments[part.alternate[(occasion - 1) % len(part.alternate)]]
        if part.when_worded and not instrument.worded:
            continue
        used.append(instrument)
        wanted = _wanted(part, instrument, occasion)
        for group in instrument.groups:
            items = []
            for item in group.items:
                link = item.link_id
                if link in wanted and (root := shared.get(link, link)) not in put:
                    put[root] = link
                    items.append(item)
                    if part.behind and link != part.behind:
                        behind[link] = part.behind
                elif link in wanted and put[root] != link:
                    same[link] = put[root]
            if items:
                groups.append(replace(group, items=tuple(items)))
    asked = set(put.values())
    danger = {d.link_id: d for i in used for d in i.danger if d.link_id in asked}
    return Questionnaire(
        battery=battery.id,
        version=f"urn:lumbra:questionnaire:{battery.id}|{battery.version}",
        title=battery.titles.get(language, battery.titles[ENGLISH]),
        instruments=tuple(dict.fromkeys(instrument.id for instrument in used)),
        groups=tuple(groups),
        behind=behind,
        danger=tuple(danger.values()),
        copyright=" ".join(dict.fromkeys(i.copyright for i in used)),
        language=language,
        same=same,
    )


def shared_questions(instruments: Iterable[Instrument]) -> dict[str, str]:
    """Every question that says it asks the same as another, with that other one."""
    return {link: other for each in instruments for link, other in each.same_question.items()}


def carrying(
    asked: Questionnaire, earlier: Mapping[str, Any], shared: Mapping[str, str]
) -> Questionnaire:
    """The questionnaire without what was answered ``earlier`` the same day. Pure.

    ``shared`` are the ``shared_questions`` of all instruments. An answer that does not fit its
    question is not carried: the question is put again.
    """
    by_question = {shared.get(link, link): answer for link, answer in earlier.items()}
    carried = fitting(
        asked,
        {link: earlier.get(link, by_question.get(shared.get(link, link))) for link in asked.items},
    )
    if not carried:
        return asked
    left = (
        replace(group, items=tuple(i for i in group.items if i.link_id not in carried))
        for group in asked.groups
    )
    return replace(
        asked,
        groups=tuple(group for group in left if group.items),
        behind={link: opener for link, opener in asked.behind.items() if opener not in carried},
        danger=tuple(d for d in asked.danger if d.link_id not in carried),
        carried=carried,
    )


def to_score(asked: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    """All answers that scales may use: those given, those carried, and each shared one under the
    name of every question it answers. Pure."""
    known = {**asked.carried, **answers}
    shared = {link: known[put] for link, put in asked.same.items() if put in known}
    return {**shared, **known}


def enabled(asked: Questionnaire, answers: Mapping[str, Any]) -> Iterator[Item]:
    """The questions that are open, given the answers so far.

    An answer to a question that is closed itself opens none.
    """
    given = dict(asked.carried)
    for link, item in asked.items.items():
        opener = asked.behind.get(link)
        if opener is not None and answers.get(opener) is not True:
            continue
        if all(_opens(gate, given) for gate in asked.gates.get(link, ())):
            if answers.get(link) is not None:
                given[link] = answers[link]
            yield item


def check_answers(asked: Questionnaire, answers: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a set of answers, by link id; empty when it can be scored. Pure."""
    faults = {
        link[:LONGEST_KEY]: "This question is not asked here."
        for link in answers
        if link not in asked.items
    }
    is_open = {item.link_id for item in enabled(asked, answers)}
    for link, item in asked.items.items():
        answer = answers.get(link)
        if answer is None:
            if link in is_open and item.required:
                faults[link] = "This question needs an answer."
        elif link not in is_open:
            faults[link] = _why_closed(asked, link)
        elif (message := _misfit(item, answer)) is not None:
            faults[link] = message
    return faults


def fitting(asked: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that fit their own question, whether or not that question was open. Pure."""
    return {
        link: answer
        for link, answer in answers.items()
        if link in asked.items and answer is not None and _misfit(asked.items[link], answer) is None
    }


def as_fhir(asked: Questionnaire) -> dict[str, Any]:
    """The questionnaire as a FHIR R4 resource, in its language."""
    url, _, version = asked.version.partition("|")
    return {
        "resourceType": "Questionnaire",
        "url": url,
        "version": version,
        "title": asked.title,
        "status": "active",
        "language": asked.language,
        "subjectType": ["Patient"],
        "copyright": asked.copyright,
        "item": [_group_as_fhir(group, asked) for group in asked.groups],
    }


def _wanted(part: Part, instrument: Instrument, occasion: int) -> set[str]:
    if part.rotate:
        start = (occasion - 1) * part.take
        turn = [part.rotate[(start + n) % len(part.rotate)] for n in range(part.take)]
        return {*part.always, *turn}
    if part.always:
        return set(part.always)
    return {item.link_id for item in instrument.items} - part.omit


def _within(known: Set[str], *gates: Gate | None) -> Iterator[Gate]:
    """The gates without conditions on questions that this occasion does not know."""
    for gate in gates:
        if gate and (conditions := tuple(c for c in gate.conditions if c.question in known)):
            yield replace(gate, conditions=conditions)


def _opens(gate: Gate, given: Mapping[str, Any]) -> bool:
    holds = (_holds(condition, given.get(condition.question)) for condition in gate.conditions)
    return any(holds) if gate.any_of else all(holds)


def _holds(condition: Condition, answer: Any) -> bool:
    """FHIR R4: but for ``exists``, a question without an answer meets no condition."""
    if condition.operator == "exists":
        return (answer is not None) is condition.answer
    if answer is None or not _comparable(answer, condition.answer):
        return False
    return _COMPARISONS[condition.operator](answer, condition.answer)


def _comparable(one: Any, other: Any) -> bool:
    # True == 1 in Python; an answer must be of the condition's own kind.
    numbers = (int, Decimal)
    return type(one) is type(other) or (type(one) in numbers and type(other) in numbers)


def _why_closed(asked: Questionnaire, link: str) -> str:
    if link in asked.behind:
        return f"This is only asked after a yes to {asked.behind[link]}."
    questions = dict.fromkeys(c.question for gate in asked.gates[link] for c in gate.conditions)
    return f"This is only asked after other answers to {', '.join(questions)}."


def _misfit(item: Item, answer: Any) -> str | None:
    if item.type == "choice":
        codes = [option.code for option in item.options]
        return None if answer in codes else f"Choose one of: {', '.join(codes)}."
    if item.type == "boolean":
        return None if isinstance(answer, bool) else "Answer true or false."
    if item.type == "string":
        return _unwritable(answer)
    assert item.minimum is not None and item.maximum is not None
    fits = type(answer) is int and item.minimum <= answer <= item.maximum
    return None if fits else f"Give a whole number from {item.minimum} to {item.maximum}."


def _unwritable(answer: Any) -> str | None:
    if not isinstance(answer, str) or not answer.strip() or len(answer) > LONGEST_TEXT:
        return f"Write up to {LONGEST_TEXT} characters, or leave it out."
    # Neither half a surrogate pair nor a NUL can be stored.
    storable = "\0" not in answer and not any("\ud800" <= each <= "\udfff" for each in answer)
    return None if storable else "This text holds a character that cannot be stored."


def _group_as_fhir(group: Group, asked: Questionnaire) -> dict[str, Any]:
    items = [_item_as_fhir(item, asked) for item in group.items]
    if group.items[0].link_id == group.link_id:
        return items[0]
    stem = {"text": group.stem} if group.stem else {}
    made = {"linkId": group.link_id, **stem, "type": "group"}
    # Where all its questions wait for the same answer the group does too, or its stem would stand
    # above nothing.
    gates = [{key: item[key] for key in GATE if key in item} for item in items]
    if all(gate == gates[0] for gate in gates):
        made |= gates[0]
    return {**made, "item": items}


def _item_as_fhir(item: Item, asked: Questionnaire) -> dict[str, Any]:
    made: dict[str, Any] = {"linkId": item.link_id}
    if item.codes:
        made["code"] = [dict(code) for code in item.codes]
    if item.prefix:
        made["prefix"] = item.prefix
    if item.text:
        made["text"] = item.text
    made |= {"type": item.type, "required": item.required}
    made |= _enable_when(asked.behind.get(item.link_id), asked.gates.get(item.link_id, ()))
    if item.options:
        made["answerOption"] = [{"valueCoding": _coding(option)} for option in item.options]
    if item.type == "string":
        made["maxLength"] = LONGEST_TEXT
    if item.minimum is not None:
        made["extension"] = [
            {"url": MINIMUM, "valueInteger": item.minimum},
            {"url": MAXIMUM, "valueInteger": item.maximum},
        ]
        if item.anchors:
            low, high = item.anchors
            ends = [{"url": "low", "valueString": low}, {"url": "high", "valueString": high}]
            made["extension"].append({"url": ANCHORS, "extension": ends})
            # Our own extension is for our own pages; this one other renderers show.
            hint = f"{item.minimum} = {low}, {item.maximum} = {high}"
            made["extension"].append({"url": ENTRY_FORMAT, "valueString": hint})
    return made


def _coding(option: Option) -> dict[str, str]:
    parts = {"system": option.system, "code": option.code, "display": option.words}
    return {name: value for name, value in parts.items() if value}


def _enable_when(opener: str | None, gates: Iterable[Gate]) -> dict[str, Any]:
    """FHIR joins all conditions of a question by one word; the loader sees to it that one does."""
    conditions = [condition for gate in gates for condition in gate.conditions]
    any_of = any(gate.any_of for gate in gates)
    if opener is not None:
        conditions.append(Condition(opener, "=", True))
    if not conditions:
        return {}
    made: dict[str, Any] = {"enableWhen": [_condition_as_fhir(each) for each in conditions]}
    if len(conditions) > 1:
        made["enableBehavior"] = "any" if any_of else "all"
    return made


def _condition_as_fhir(condition: Condition) -> Mapping[str, Any]:
    answer = condition.answer
    made: dict[str, Any] = {"question": condition.question, "operator": condition.operator}
    if condition.system is not None:
        coding = {"system": condition.system, "code": answer}
        made["answerCoding"] = {name: value for name, value in coding.items() if value}
    elif isinstance(answer, bool):
        made["answerBoolean"] = answer
    elif isinstance(answer, int):
        made["answerInteger"] = answer
    elif isinstance(answer, Decimal):
        made["answerDecimal"] = float(answer)
    else:
        made["answerString"] = answer
    return made
