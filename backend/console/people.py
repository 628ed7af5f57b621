"""The practice's accounts: opened, closed, opened again, with another role or a new phone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from backend.alerts import absences
from backend.alerts.schemas import AbsenceIn
from backend.console import first_sign_in, forms
from backend.console.forms import Filled
from backend.console.navigation import MANAGERS
from backend.console.session import signed_in
from backend.console.site import blueprint, carry_out, done, undo
from backend.core.clock import now
from backend.core.identity import (
    ADMINISTRATOR,
    CLINICIAN,
    LEAD,
    PROVIDER_ROLES,
    RESEARCHER,
    STAFF,
    actor,
)
from backend.core.problems import Problem, not_found
from backend.practices import absence, accounts
from backend.practices import service as practices
from backend.practices.models import Provider
from backend.practices.schemas import ProviderIn, RoleIn

ROLES = {
    CLINICIAN: "Clinician: sees and treats patients",
    LEAD: "Lead: a clinician who also answers for the practice",
    ADMINISTRATOR: "Administrator: enrols patients and opens accounts; sees nothing clinical",
    RESEARCHER: "Researcher: sees figures without names",
}
NOTICES = {
    "opened": "The account is open. Tell them their e-mail and first password: at the page of the "
    "first sign-in they set up their authenticator app, within 14 days.",
    "closed": "The account is closed. Its sessions have ended.",
    "reopened": "The account is open again, with the same password and authenticator app.",
    "role": "The role is changed. They must sign in anew.",
    "away": "The absence is noted.",
    "back": "The absence is ended. Alerts that were passed on stay where they are.",
}
_CHOICES = [(role, ROLES[role]) for role in PROVIDER_ROLES]


@blueprint.get("/settings/people")
@signed_in(*MANAGERS)
def people() -> str:
    """The practice's accounts, and for administrators the form to open one."""
    return _people(Filled())


@blueprint.post("/settings/people")
@signed_in(ADMINISTRATOR)
def open_account() -> Any:
    """Open an account; whose it is gives their authenticator app a secret at the first sign-in."""
    filled = forms.read(ProviderIn, request.form)
    return carry_out(
        filled,
        lambda: (
            practices.create_provider(
                actor.practice_id, created_by=actor.id, **filled.values
            ).provider.id
        ),
        _people,
        lambda made: url_for("console.person", provider_id=made, done="opened"),
    )


@blueprint.get("/settings/people/<uuid:provider_id>")
@signed_in(ADMINISTRATOR)
def person(provider_id: UUID) -> str:
    """One account, and what can be done about it."""
    return _person(provider_id)


@blueprint.post("/settings/people/<uuid:provider_id>/closure")
@signed_in(ADMINISTRATOR)
def close_account(provider_id: UUID) -> Any:
    """Close an account. It can be opened again."""
    return carry_out(
        forms.confirmed(Filled(), request.form),
        lambda: accounts.close(provider_id),
        lambda filled, sentence: _person(provider_id, "closure", filled, sentence),
        lambda _: url_for("console.person", provider_id=provider_id, done="closed"),
    )


@blueprint.post("/settings/people/<uuid:provider_id>/opening")
@signed_in(ADMINISTRATOR)
def reopen_account(provider_id: UUID) -> Any:
    """Open a closed account again."""
    return carry_out(
        Filled(),
        lambda: accounts.reopen(provider_id),
        lambda filled, sentence: _person(provider_id, "opening", filled, sentence),
        lambda _: url_for("console.person", provider_id=provider_id, done="reopened"),
    )


@blueprint.post("/settings/people/<uuid:provider_id>/role")
@signed_in(ADMINISTRATOR)
def change_role(provider_id: UUID) -> Any:
    """Give an account another role."""
    filled = forms.read(RoleIn, request.form)
    return carry_out(
        filled,
        lambda: accounts.change_role(provider_id, **filled.values),
        lambda again, sentence: _person(provider_id, "role", again, sentence),
        lambda _: url_for("console.person", provider_id=provider_id, done="role"),
    )


@blueprint.post("/settings/people/<uuid:provider_id>/second-factor")
@signed_in(ADMINISTRATOR)
def renew_second_factor(provider_id: UUID) -> Any:
    """A new secret for an authenticator app; the answer shows it, this once."""
    filled = forms.confirmed(Filled(), request.form)
    if filled.errors:
        return _person(provider_id, "second-factor", filled), 422
    try:
        made = accounts.renew_second_factor(provider_id)
    except Problem as problem:
        undo(problem)
        return _person(provider_id, "second-factor", Filled(), problem.detail), problem.status
    # No redirect: the secret is in no address and no store, and a page shown anew has none.
    return render_template(
        "console/second_factor.html",
        person=made.provider,
        uri=made.totp_uri,
        groups=first_sign_in.in_groups(made.totp_secret),
        picture=first_sign_in.picture(made.totp_uri),
    )


@blueprint.get("/settings/absence")
@signed_in(*STAFF)
def absences_page() -> str:
    """Who is away, and the form to say so: of oneself, or for leads of anybody."""
    return _absences(Filled())


@blueprint.post("/settings/absence/<uuid:provider_id>")
@signed_in(*STAFF)
def go_away(provider_id: UUID) -> Any:
    """Say when somebody is away, and who covers."""
    filled = forms.read(AbsenceIn, request.form)
    return carry_out(
        filled,
        lambda: absences.go_away(provider_id, **filled.values),
        lambda again, sentence: _absences(again, sentence, provider_id),
        lambda _: url_for("console.absences_page", done="away"),
    )


@blueprint.post("/settings/absence/<uuid:provider_id>/end")
@signed_in(*STAFF)
def come_back(provider_id: UUID) -> Any:
    """Somebody is back, or does not go."""
    return carry_out(
        Filled(),
        lambda: absence.end_absence(provider_id),
        _absences,
        lambda _: url_for("console.absences_page", done="back"),
    )


def _people(filled: Filled, sentence: str | None = None) -> str:
    found = practices.list_providers()
    return render_template(
        "console/people.html",
        open_accounts=[each for each in found if each.active],
        closed_accounts=[each for each in found if not each.active],
        may_change=actor.role == ADMINISTRATOR,
        roles=_CHOICES,
        shortest=practices.SHORTEST_PASSWORD,
        filled=filled,
        sentence=sentence,
    )


def _person(
    provider_id: UUID,
    form: str | None = None,
    filled: Filled | None = None,
    sentence: str | None = None,
) -> str:
    """One account; ``form`` with ``filled`` is the form that was just refused."""
    return render_template(
        "console/person.html",
        person=_account(provider_id),
        is_own=provider_id == actor.id,
        roles=_CHOICES,
        form=form,
        refused=filled or Filled(),
        nothing=Filled(),
        sentence=sentence,
        notice=done(NOTICES),
    )


def _account(provider_id: UUID) -> Provider:
    found = next((each for each in practices.list_providers() if each.id == provider_id), None)
    if found is None:
        raise not_found("provider")
    return found


def _absences(filled: Filled, sentence: str | None = None, refused: UUID | None = None) -> str:
    team = absence.colleagues()
    mine = [each for each in team if each.id == actor.id or actor.role != CLINICIAN]
    return render_template(
        "console/absences.html",
        team=team,
        mine=mine,
        names={each.id: each.name for each in team},
        refused=refused,
        filled=filled,
        nothing=Filled(),
        today=now().date(),
        sentence=sentence,
        notice=done(NOTICES),
    )
