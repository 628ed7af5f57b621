"""What providers learn and show: topics with their quiz, one's own competence, and everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from backend.console import forms
from backend.console.forms import Filled
from backend.console.session import signed_in
from backend.console.site import blueprint, carry_out, done
from backend.core.identity import CARE_TEAM, LEAD, actor
from backend.practices import absence
from backend.quality import competence
from backend.quality import service as quality
from backend.quality.learning import RATED
from backend.quality.schemas import CompetenceIn, MentorIn, TrainingIn

LEVELS = {
    competence.NOT_STARTED: "Not started",
    competence.IN_TRAINING: "In training",
    competence.COMPETENT: "Competent",
    competence.LAPSED: "Lapsed",
}
KINDS = {
    competence.ATTENDED: "Attended",
    competence.QUIZ: "Quiz",
    competence.ROLEPLAY: "Role-play",
    competence.OBSERVED: "Observed consultation",
    competence.PORTFOLIO: "Portfolio",
    competence.BOOSTER: "Booster",
}
NOTICES = {
    "quiz": "Your answers are marked and kept. What there is to say to each stands below it.",
    "attended": "It is noted that you attended. Attendance alone is never competence.",
    "recorded": "It is recorded.",
    "found": "The provider is found competent.",
    "mentor": "The mentor is changed.",
}


@blueprint.get("/training")
@signed_in(*CARE_TEAM)
def training() -> str:
    """The topics, and the signed-in provider's own competence."""
    return render_template(
        "console/training.html",
        topics=quality.my_topics(),
        found=quality.portrait(actor.id),
        levels=LEVELS,
        kinds=KINDS,
    )


@blueprint.get("/training/topics/<topic_id>")
@signed_in(*CARE_TEAM)
def topic(topic_id: str) -> str:
    """One topic."""
    return _topic(topic_id, Filled())


@blueprint.post("/training/topics/<topic_id>/quiz")
@signed_in(*CARE_TEAM)
def answer_quiz(topic_id: str) -> Any:
    """Answer a topic's quiz; the page then says what there is to say to each answer."""
    filled = _answers(topic_id, request.form)
    return carry_out(
        filled,
        lambda: quality.answer_quiz(topic_id, filled.values),
        lambda filled, sentence: _topic(topic_id, filled, sentence),
        lambda _: url_for("console.topic", topic_id=topic_id, done="quiz"),
    )


@blueprint.post("/training/topics/<topic_id>/attendance")
@signed_in(*CARE_TEAM)
def attend(topic_id: str) -> Any:
    """Note that one attended the teaching on a topic."""
    return carry_out(
        Filled(),
        lambda: quality.record_training(actor.id, competence.ATTENDED, topic_id, None),
        lambda filled, sentence: _topic(topic_id, filled, sentence),
        lambda _: url_for("console.topic", topic_id=topic_id, done="attended"),
    )


@blueprint.get("/training/record")
@signed_in(*CARE_TEAM)
def record_page() -> str:
    """The form to record what a colleague did and how it was rated."""
    return _record(Filled())


@blueprint.post("/training/record")
@signed_in(*CARE_TEAM)
def record_training() -> Any:
    """Record something a colleague did; who records a rating is its rater."""
    who = _chosen(request.form)
    filled = forms.read(TrainingIn, request.form)
    errors = dict(filled.errors) if who else {**filled.errors, "colleague": "Choose a colleague."}
    sent = {**filled.sent, "colleague": request.form.get("colleague", "")}

    def record() -> None:
        assert who is not None
        quality.record_training(who, **filled.values)

    return carry_out(
        Filled(sent, filled.values, errors),
        record,
        _record,
        lambda _: url_for("console.record_page", done="recorded"),
    )


@blueprint.get("/training/team")
@signed_in(LEAD)
def team() -> str:
    """Everybody's competence."""
    return render_template("console/training_team.html", found=quality.team(), levels=LEVELS)


@blueprint.get("/training/team/<uuid:provider_id>")
@signed_in(LEAD)
def colleague(provider_id: UUID) -> str:
    """One provider's competence, and what the lead may do about it."""
    return _colleague(provider_id)


@blueprint.post("/training/team/<uuid:provider_id>/competence")
@signed_in(LEAD)
def find_competent(provider_id: UUID) -> Any:
    """Find a provider competent for a tier; refused while something is lacking."""
    filled = forms.confirmed(forms.read(CompetenceIn, request.form), request.form)
    return carry_out(
        filled,
        lambda: quality.decide(provider_id, **filled.values),
        lambda again, sentence: _colleague(provider_id, "competence", again, sentence),
        lambda _: url_for("console.colleague", provider_id=provider_id, done="found"),
    )


@blueprint.post("/training/team/<uuid:provider_id>/training")
@signed_in(LEAD)
def record_of_colleague(provider_id: UUID) -> Any:
    """Record something a provider did."""
    filled = forms.read(TrainingIn, request.form)
    return carry_out(
        filled,
        lambda: quality.record_training(provider_id, **filled.values),
        lambda again, sentence: _colleague(provider_id, "training", again, sentence),
        lambda _: url_for("console.colleague", provider_id=provider_id, done="recorded"),
    )


@blueprint.post("/training/team/<uuid:provider_id>/mentor")
@signed_in(LEAD)
def set_mentor(provider_id: UUID) -> Any:
    """Say who mentors a provider; nobody, where none is chosen."""
    filled = forms.read(MentorIn, request.form) if request.form.get("mentor_id") else Filled()
    return carry_out(
        filled,
        lambda: quality.set_mentor(provider_id, filled.values.get("mentor_id")),
        lambda again, sentence: _colleague(provider_id, "mentor", again, sentence),
        lambda _: url_for("console.colleague", provider_id=provider_id, done="mentor"),
    )


def _topic(topic_id: str, filled: Filled, sentence: str | None = None) -> str:
    tried = quality.last_try(topic_id)
    return render_template(
        "console/topic.html",
        view=quality.topic(topic_id),
        tried=tried,
        marked={item["id"]: item for item in tried.result.items} if tried else {},
        filled=filled,
        sentence=sentence,
        notice=done(NOTICES),
    )


def _record(filled: Filled, sentence: str | None = None) -> str:
    return render_template(
        "console/training_record.html",
        colleagues=[each for each in absence.colleagues() if each.id != actor.id],
        topics=quality.my_topics(),
        kinds=[(kind, KINDS[kind]) for kind in RATED],
        filled=filled,
        sentence=sentence,
        notice=done(NOTICES),
    )


def _colleague(
    provider_id: UUID,
    form: str | None = None,
    filled: Filled | None = None,
    sentence: str | None = None,
) -> str:
    """One provider; ``form`` with ``filled`` is the form that was just refused."""
    found = quality.portrait(provider_id)
    return render_template(
        "console/training_colleague.html",
        found=found,
        colleagues=[each for each in absence.colleagues() if each.id != provider_id],
        topics=quality.my_topics(),
        rated=[(kind, KINDS[kind]) for kind in RATED],
        kinds=KINDS,
        levels=LEVELS,
        form=form,
        refused=filled or Filled(),
        nothing=Filled(),
        sentence=sentence,
        notice=done(NOTICES),
    )


def _answers(topic_id: str, form: Mapping[str, str]) -> Filled:
    """The chosen options by question; each question that has none is named."""
    asked = quality.topic(topic_id).topic.quiz
    sent = {q.item.id: form.get(f"answer.{q.item.id}", "") for q in asked}
    chosen = {name: int(text[:3]) for name, text in sent.items() if text.isdecimal()}
    errors = {f"answers.{name}": "Choose an answer." for name in sent if name not in chosen}
    return Filled(sent, chosen, errors)


def _chosen(form: Mapping[str, str]) -> UUID | None:
    try:
        return UUID(form.get("colleague", ""))
    except ValueError:
        return None
