"""Practices, provider accounts and provider sign-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backend.core import audit, sessions, tenancy
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.practices.models import Practice, Provider

TOTP_SECONDS = 30
SHORTEST_PASSWORD = 12
# How long a password alone may set up the second factor of a new account.
FACTOR_WITHIN = timedelta(days=14)
DEFAULT_SERVICE_HOURS = {
    day: ["08:00", "18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
}


@dataclass(frozen=True)
class NewProvider:
    """A fresh account and the secret its authenticator app needs; the secret is shown once."""

    provider: Provider
    totp_secret: str
    totp_uri: str


@dataclass(frozen=True)
class Holiday:
    """A day without service, and what it is called."""

    day: date
    name: str


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody_hash() -> str:
    # Checked when there is no such account, so that the answer takes as long.
    return _hasher().hash("nobody has this password")


def create_practice(
    name: str,
    country: str,
    time_zone: str,
    phone: str | None = None,
    jurisdiction: str | None = None,
) -> Practice:
    """A new tenant with weekday service hours and the default pathway.

    The caller has checked that there are hours for texts in ``jurisdiction``.
    """
    practice = Practice(
        id=new_id(),
        name=name,
        country=country.upper(),
        jurisdiction=jurisdiction,
        time_zone=time_zone,
        phone=phone,
        service_hours=DEFAULT_SERVICE_HOURS,
        holidays=[],
        created_at=now(),
    )
    session.add(practice)
    session.flush()
    audit.record("practice.create", practice_id=practice.id)
    return practice


def get_practice(practice_id: UUID) -> Practice:
    """The practice. Raises ``Problem`` 404."""
    practice = session.get(Practice, practice_id)
    if practice is None:
        raise not_found("practice")
    return practice


def use_pathway(practice_id: UUID, name: str) -> Practice:
    """Let a practice follow another pathway from now on; what it has decided stays as it is.

    The caller has checked that there is such a pathway. Raises ``Problem`` 404.
    """
    practice = get_practice(practice_id)
    before, practice.pathway = practice.pathway, name
    audit.record("practice.pathway", practice_id=practice.id, before=before, after=name)
    session.flush()
    return practice


def use_jurisdiction(practice_id: UUID, code: str | None) -> Practice:
    """Let another jurisdiction's hours for texts hold from now on; ``None``: the country's alone.

    The caller has checked that there is such a row. Raises ``Problem`` 404.
    """
    practice = get_practice(practice_id)
    before, practice.jurisdiction = practice.jurisdiction, code
    audit.record("practice.jurisdiction", practice_id=practice.id, before=before, after=code)
    session.flush()
    return practice


def holidays_of(practice: Practice) -> list[Holiday]:
    """A practice's days without service, in their order."""
    return [Holiday(date.fromisoformat(each["day"]), each["name"]) for each in practice.holidays]


def set_service_hours(
    hours: Mapping[str, Sequence[str]],
    holidays: Sequence[Mapping[str, Any]],
    time_zone: str | None = None,
) -> Practice:
    """When the actor's practice is open, by weekday, and on which days it is closed all the same.

    The caller sees to what is timed by it, and has checked the values.
    """
    practice = get_practice(actor.practice_id)
    practice.service_hours = {day: list(span) for day, span in hours.items()}
    practice.holidays = [
        {"day": each["day"].isoformat(), "name": each["name"]}
        for each in sorted(holidays, key=lambda each: each["day"])
    ]
    practice.time_zone = time_zone or practice.time_zone
    audit.record(
        "practice.service-hours",
        practice_id=practice.id,
        hours=practice.service_hours,
        holidays=len(practice.holidays),
        time_zone=practice.time_zone,
    )
    session.flush()
    return practice


def create_provider(
    practice_id: UUID,
    email: str,
    name: str,
    role: str,
    password: str,
    phone: str | None = None,
    created_by: UUID | None = None,
) -> NewProvider:
    """Open an account. Raises ``Problem`` 422 (short password) or 409 (e-mail taken)."""
    if len(password) < SHORTEST_PASSWORD:
        raise invalid({"password": f"Use at least {SHORTEST_PASSWORD} characters."})
    if password.lower() in (email.lower(), name.lower()):
        raise invalid({"password": "Use something other than your name or e-mail."})
    if _by_email(email) is not None:
        raise _email_taken()
    secret = pyotp.random_base32()
    provider = Provider(
        id=new_id(),
        practice_id=practice_id,
        email=email,
        name=name,
        role=role,
        phone=phone,
        password_hash=_hasher().hash(password),
        totp_secret=secret,
        created_at=now(),
        created_by=created_by,
    )
    session.add(provider)
    try:
        session.flush()
    except IntegrityError:
        # Somebody took it between the look above and now.
        raise _email_taken() from None
    audit.record(
        "provider.create",
        practice_id=practice_id,
        entity="provider",
        entity_id=provider.id,
        role=role,
    )
    return NewProvider(provider, secret, authenticator_uri(email, secret))


def authenticator_uri(email: str, secret: str) -> str:
    """What an authenticator app reads an account from."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Lumbra")


def list_providers() -> list[Provider]:
    """All accounts of the actor's practice, by name."""
    found = select(Provider).where(Provider.practice_id == actor.practice_id)
    return list(session.scalars(found.order_by(Provider.name)))


def sign_in(email: str, password: str, code: str, device: str | None = None) -> sessions.Tokens:
    """E-mail, password and authenticator code to a session.

    Raises ``Problem`` 401 with one and the same sentence whatever was wrong, and 429 while the
    account is paused after repeated failures.
    """
    provider = _knock(email, password)
    step = _totp_step(provider, code)
    if not _password_fits(provider.password_hash, password) or step is None or not provider.active:
        raise _failed(provider)
    if _hasher().check_needs_rehash(provider.password_hash):
        provider.password_hash = _hasher().hash(password)
    return _let_in(provider, step, device)


def begin_factor(email: str, password: str) -> UUID:
    """Somebody who has never signed in gets a fresh authenticator secret, which nobody else has
    seen; the id of their account.

    Raises ``Problem`` 401 and 429 as ``sign_in`` does, and 409 when the factor is in use already or
    the account has waited for longer than ``FACTOR_WITHIN``.
    """
    provider = _knock(email, password)
    if not _password_fits(provider.password_hash, password) or not provider.active:
        raise _failed(provider)
    if provider.totp_step:
        raise _factor_in_use()
    if now() - provider.created_at > FACTOR_WITHIN:
        raise Problem(
            409,
            "account-too-old",
            f"This account has waited for more than {FACTOR_WITHIN.days} days. "
            "Ask your administrator for a new one.",
        )
    with tenancy.across_practices():
        provider.totp_secret = pyotp.random_base32()
        session.flush()
        audit.record(
            "provider.factor-begun",
            practice_id=provider.practice_id,
            entity="provider",
            entity_id=provider.id,
        )
    return provider.id


def new_factor(provider_id: UUID) -> tuple[str, str]:
    """The secret that an authenticator app must be given, and the same as its URI.

    The caller knows that it is the account's own person who asks. Raises ``Problem`` 409 once the
    factor is in use: then nobody is shown it again.
    """
    provider = _unproven(provider_id)
    return provider.totp_secret, authenticator_uri(provider.email, provider.totp_secret)


def prove_factor(provider_id: UUID, code: str, device: str | None = None) -> sessions.Tokens:
    """The first code of a new factor opens the first session.

    Raises ``Problem`` 401 for a code that is not right, 409 as ``new_factor`` does, and 429 while
    the account is paused.
    """
    provider = _unproven(provider_id)
    _refuse_paused(provider)
    step = _totp_step(provider, code)
    if step is None or not provider.active:
        _count_failure(provider)
        session.commit()
        raise Problem(
            401,
            "sign-in-refused",
            "This code is not right. Write the newest one that your app shows for Lumbra.",
        )
    return _let_in(provider, step, device)


def _knock(email: str, password: str) -> Provider:
    """The account of an e-mail, locked. Raises ``Problem`` 401 when there is none, and 429."""
    provider = _by_email(email, lock=True)
    if provider is None:
        _password_fits(_nobody_hash(), password)
        raise _refused()
    _refuse_paused(provider)
    return provider


def _refuse_paused(provider: Provider) -> None:
    at = now()
    if provider.locked_until is not None and provider.locked_until > at:
        wait = int((provider.locked_until - at).total_seconds()) + 1
        raise Problem(
            429,
            "account-paused",
            "Too many failed sign-ins. Wait a little and try again.",
            headers={"Retry-After": str(wait)},
        )


def _failed(provider: Provider) -> Problem:
    _count_failure(provider)
    # The answer is a refusal, but the count must stand.
    session.commit()
    return _refused()


def _let_in(provider: Provider, step: int, device: str | None) -> sessions.Tokens:
    provider.failed_attempts = 0
    provider.locked_until = None
    provider.totp_step = step
    life = timedelta(hours=current_app.extensions["settings"].provider_session_hours)
    return sessions.open_session(provider.id, provider.practice_id, provider.role, life, device)


def _unproven(provider_id: UUID) -> Provider:
    query = select(Provider).where(Provider.id == provider_id).with_for_update()
    with tenancy.across_practices():
        provider = session.scalar(query)
    if provider is None or provider.totp_step:
        raise _factor_in_use()
    return provider


def _factor_in_use() -> Problem:
    return Problem(
        409, "factor-in-use", "Your authenticator app is set up already: sign in with its code."
    )


def _by_email(email: str, lock: bool = False) -> Provider | None:
    query = select(Provider).where(func.lower(Provider.email) == email.lower())
    if lock:
        query = query.with_for_update()
    with tenancy.across_practices():
        return session.scalar(query)


def _totp_step(provider: Provider, code: str) -> int | None:
    totp = pyotp.TOTP(provider.totp_secret)
    current = int(now().timestamp()) // TOTP_SECONDS
    for step in (current, current - 1, current + 1):
        if step > provider.totp_step and totp.verify(code, for_time=step * TOTP_SECONDS):
            return step
    return None


def _password_fits(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _count_failure(provider: Provider) -> None:
    settings = current_app.extensions["settings"]
    provider.failed_attempts += 1
    if provider.failed_attempts >= settings.lockout_attempts:
        provider.failed_attempts = 0
        provider.locked_until = now() + timedelta(minutes=settings.lockout_minutes)
    with tenancy.across_practices():
        session.flush()
        audit.record(
            "provider.sign-in-refused",
            practice_id=provider.practice_id,
            entity="provider",
            entity_id=provider.id,
        )


def _email_taken() -> Problem:
    return Problem(409, "email-taken", "There is an account with this e-mail already.")


def _refused() -> Problem:
    return Problem(401, "sign-in-refused", "E-mail, password or code is not right.")
