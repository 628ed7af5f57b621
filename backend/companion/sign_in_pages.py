"""From a link or a phone number to a session on this device, and out again."""

from __future__ import annotations

from flask import current_app, redirect, render_template, request, url_for

from backend.companion import forms, session, speech
from backend.companion.base import Page, blueprint, say
from backend.companion.session import for_patients
from backend.companion.speech import gettext
from backend.core.identity import actor, anyone
from backend.core.limits import limiter, sign_in_limit
from backend.core.problems import Problem
from backend.patients import service as patients
from backend.patients import sign_in


@blueprint.get("/i/<token>")
@anyone
def invitation(token: str) -> Page:
    """The link of an invitation: keeps it, and hides it from the address bar."""
    return _follow(token, patients.INVITATION)


@blueprint.get("/c/<token>")
@anyone
def check_in_link(token: str) -> Page:
    """The link of a check-in, likewise."""
    return _follow(token, patients.CHECK_IN)


def _follow(token: str, purpose: str) -> Page:
    link = sign_in.find_link(token)
    if link is None or link.purpose != purpose:
        session.resume()
        return render_template("companion/old_link.html", purpose=purpose), 410
    goal = url_for("companion.home")
    if link.occasion_id is not None:
        goal = url_for("companion.check_in", check_in_id=link.occasion_id)
    patient_id = link.patient_id
    if session.resume():
        if actor.id == patient_id:
            return redirect(goal, 303)
        # A shared phone: the link is for somebody else on it.
        session.leave()
    session.forget()
    speech.speak(sign_in.language_of(link))
    session.remember(link=token, purpose=purpose, goal=goal)
    return redirect(url_for("companion.sign_in_page"), 303)


@blueprint.get("/my/sign-in")
@anyone
def sign_in_page() -> Page:
    """Offer a one-time code: by the link that was followed, or by phone number."""
    return _sign_in_page()


@blueprint.get("/my/sign-in/number")
@anyone
def sign_in_by_number() -> Page:
    """Set the link aside and sign in by phone number."""
    before, language = session.way(), speech.language()
    session.forget()
    speech.speak(language)
    if "goal" in before:
        session.remember(goal=before["goal"])
    return redirect(url_for("companion.sign_in_page"), 303)


@blueprint.get("/my/sign-in/code")
@anyone
def code_page() -> Page:
    """Reached by reloading only; the form begins at the page before."""
    return redirect(url_for("companion.sign_in_page"), 303)


@blueprint.post("/my/sign-in/code")
@anyone
@limiter.limit(sign_in_limit)
def send_code() -> Page:
    """Text the code. Says nothing of whether the person is known."""
    link = session.way().get("link")
    if link is not None:
        if sign_in.find_link(link) is None:
            return _gone()
        sign_in.send_code(link=link)
        return _code_page()
    typed = request.form.get("phone", "")
    phone = forms.phone(typed, session.region())
    if phone is None:
        fault = gettext("Write your mobile number, like +44 7700 900123.")
        return _sign_in_page(fault, typed), 422
    sign_in.send_code(phone=phone)
    return _code_page(phone)


@blueprint.post("/my/sign-in")
@anyone
@limiter.limit(sign_in_limit)
def enter_code() -> Page:
    """Exchange the code for a session on this device."""
    link = session.way().get("link")
    phone = None if link else forms.phone(request.form.get("phone", ""), None)
    code = forms.code(request.form.get("code", ""))
    if link is None and phone is None:
        return redirect(url_for("companion.sign_in_page"), 303)
    if code is None:
        return _code_page(phone, gettext("The code has six digits.")), 422
    if link is not None and sign_in.find_link(link) is None:
        return _gone()
    try:
        sign_in.sign_in(code, phone=phone, link=link, device="web")
    except Problem as problem:
        if problem.status != 401:
            raise
        fault = gettext("This code is not right or is out of date. Ask for a new one.")
        return _code_page(phone, fault), 401
    return redirect(session.arrive(), 303)


def _gone() -> Page:
    purpose, language = session.way().get("purpose", patients.INVITATION), speech.language()
    session.forget()
    speech.speak(language)
    return render_template("companion/old_link.html", purpose=purpose), 410


def _sign_in_page(fault: str | None = None, phone: str = "") -> str:
    way = session.way()
    return render_template(
        "companion/sign_in.html",
        has_link="link" in way,
        away=way.get("away", False),
        fault=fault,
        phone=phone,
    )


def _code_page(phone: str | None = None, fault: str | None = None) -> str:
    settings = current_app.extensions["settings"]
    return render_template(
        "companion/code.html",
        phone=phone,
        fault=fault,
        minutes=settings.code_minutes,
        most=settings.codes_per_hour,
    )


@blueprint.post("/my/sign-out")
@for_patients
def sign_out() -> Page:
    """End the session and forget the person on this device."""
    session.leave()
    session.forget()
    return say(
        gettext("You are signed out"),
        gettext("Nobody can see your pages on this phone now."),
        200,
    )
