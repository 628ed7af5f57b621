"""What happens to a text that a patient sends: danger first, then stop, then all else.

Each text is kept, and most are answered on the spot with a fixed sentence. No free text is scored.
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.alerts import service as alerts
from backend.checkins import by_text, feedback
from backend.core.database import session
from backend.messaging import keywords, received
from backend.messaging import service as messaging
from backend.messaging.plain_words import plain
from backend.messaging.received import Answer, Received, Writer
from backend.patients import service as patients
from backend.patients.models import Enrolment
from backend.practices.models import Practice
from backend.risk import reviews
from backend.risk import service as risk
from backend.risk.decisions import Assessment, State, decide
from backend.risk.safety import SELF_HARM

# A machine that answers by itself must not talk with ours for ever.
MOST_ANSWERS_A_DAY = 10
# How an alert's evidence names what made it.
_FOUND = {
    "emergency": "words that suggest an emergency",
    "self_harm": "words that suggest self-harm",
    "maybe_stop": "may ask for no more texts; they have not been ended",
    "wrong_number": "says that the number is somebody else's",
}


def receive(text: Received) -> Answer | None:
    """Do what a text calls for; returns what to answer, or None for silence.

    1. Words that suggest danger: the practice is alerted and the safety answer goes back, whatever
       else the text says and whatever was opted out of.
    2. Stop, or "wrong number": no more texts at once, from any practice. The carrier confirms a
       stop itself.
    3. Start and help. What may be a stop is put to the practice.
    4. Numbers from somebody who has agreed to answer by text: answers to their check-in.
    5. All else is kept; who wrote is told, once a day, that nobody reads it and whom to call.

    The caller holds the number, sees every practice and commits.
    """
    people = _people(text.phone_index)
    asks = keywords.meaning(text.body, text.opt_out_type)
    if asks in (keywords.STOP, keywords.WRONG_NUMBER):
        messaging.opt_out(text.phone, "reply" if asks == keywords.STOP else asks)
    if asks == keywords.WRONG_NUMBER:
        for person in people:
            patients.refuse_number(person)
            _alert(person, people, "wrong_number", None)
    danger = risk.danger_in_words(plain(text.body))
    if danger:
        said: Answer | None = _on_danger(danger, people)
    elif asks is None and people and not messaging.is_opted_out(text.phone_index):
        return _take_answer(text, people)
    else:
        said = _answer(text, asks, people)
    received.keep(text, _writers(text, people), said)
    return said


def _take_answer(text: Received, people: Sequence[Enrolment]) -> Answer | None:
    """A text that asks for nothing: answers to a check-in, or words that nobody reads."""
    language, may_answer = _language(text), _may_answer(text)
    turn = by_text.answer(text, people)
    writers = people if turn is None or turn.person is None else [turn.person]
    if turn is None:
        said = _not_read(text, people[0])
    elif not may_answer:
        said = None
    else:
        said = _said_to(turn, turn.person, language)
    received.keep(text, _writers(text, writers), said)
    return said


def _said_to(turn: by_text.Turn, person: Enrolment | None, language: str) -> Answer:
    if person is None:
        return _say(turn.template, language)
    if turn.told is not None and turn.told["now"] is not None:
        return _safety(turn.told["now"]["level"], person)
    numbers = {**_numbers(person), **turn.params}
    return received.answer(turn.template, person.patient.language, numbers)


def _answer(text: Received, asks: str | None, people: Sequence[Enrolment]) -> Answer | None:
    match asks:
        case keywords.STOP:
            return None
        case keywords.WRONG_NUMBER:
            return _say("wrong-number", _language(text))
        case keywords.START:
            if messaging.is_opted_out(text.phone_index):
                messaging.opt_in(text.phone, "reply")
            return None
        case keywords.HELP:
            # With its advanced opt-out the carrier names the keyword, and has answered already.
            return None if text.opt_out_type else _say("help", _language(text))
    if asks != keywords.MAYBE_STOP or not people or messaging.is_opted_out(text.phone_index):
        return None
    said = _about_practice("maybe-stop", people[0])
    for person in people:
        _alert(person, people, "maybe_stop", said)
    return said if _may_answer(text) else None


def _not_read(text: Received, person: Enrolment) -> Answer | None:
    told = received.answered_since(text.phone_index, received.a_day_ago(), "not-read")
    return _about_practice("not-read", person) if not told and _may_answer(text) else None


def _may_answer(text: Received) -> bool:
    answered = received.answered_since(text.phone_index, received.a_day_ago())
    return answered < MOST_ANSWERS_A_DAY


def _on_danger(level: str, people: Sequence[Enrolment]) -> Answer:
    if not people:
        return _say("danger-unknown", "en")
    said = _safety(level, people[0])
    for person in people:
        _alert(person, people, level, said)
    return said


def _safety(level: str, person: Enrolment) -> Answer:
    language = person.patient.language
    numbers = _numbers(person)
    name = "danger-self-harm" if level == SELF_HARM and "crisis" in numbers else "danger"
    return received.answer(name, language, numbers)


def _about_practice(name: str, person: Enrolment) -> Answer:
    return received.answer(name, person.patient.language, _numbers(person))


def _numbers(person: Enrolment) -> dict[str, str]:
    practice = session.get_one(Practice, person.practice_id)
    numbers = feedback.whom_to_call(person.patient.language, practice)
    return {**numbers, "practice": practice.name, "phone": practice.phone or practice.name}


def _say(name: str, language: str) -> Answer:
    return received.answer(name, language, {})


def _alert(person: Enrolment, people: Sequence[Enrolment], found: str, said: Answer | None) -> None:
    """Tell the practice, by its own rules; by Lumbra's where its own do not speak of texts."""
    session.refresh(person, with_for_update={"of": Enrolment})
    new = Assessment(text=found)
    decisions = decide(risk.pathway(person.practice_id).rule_book, State(), new)
    if all(decision.tier is None for decision in decisions):
        decisions = decide(risk.default_pathway().rule_book, State(), new)
    reviews.store(person.practice_id, {person.patient_id: decisions})
    evidence = {"text message": _FOUND[found], "others on this number": len(people) - 1}
    told = said.words if said else None
    alerts.raise_for(person.practice_id, person.patient_id, decisions, evidence, told)


def _people(phone_index: bytes) -> list[Enrolment]:
    """Who may have written: everybody in the programme with this number, or else whoever was
    texted there last."""
    current = patients.at_number(phone_index)
    if current:
        return current
    last = received.last_texted(phone_index)
    found = patients.newest_of(last.patient_id) if last and last.patient_id else None
    return [found] if found else []


def _writers(text: Received, people: Sequence[Enrolment]) -> list[Writer]:
    if people:
        return [
            Writer(p.practice_id, p.patient.language, p.patient.time_zone, p.patient_id)
            for p in people
        ]
    last = received.last_texted(text.phone_index)
    return [last] if last else []


def _language(text: Received) -> str:
    last = received.last_texted(text.phone_index)
    return last.language if last else "en"
