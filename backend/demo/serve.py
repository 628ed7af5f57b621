"""``make run``: prepare the database, make the demo practice once, serve web and worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from types import FrameType

import click
import pyotp
from flask import Flask
from sqlalchemy import select

from backend.core import migrations, tenancy
from backend.core.clock import MovableClock
from backend.core.database import session, unit_of_work
from backend.core.identity import CLINICIAN
from backend.demo import cohort
from backend.demo.play import LINK, Account, Play
from backend.messaging import service as messaging
from backend.practices import service as practices
from backend.practices.models import Practice, Provider

PRACTICE = "Riverside Surgery"
EMAIL = "clinician@demo.example"
# Everybody may know it: the demo holds made-up people only and refuses to run in production.
PASSWORD = "lumbra-demo-practice"  # noqa: S105
NO_LIMIT = "1000000 per minute"


def run(app: Flask, fresh: bool) -> None:
    """Prepare and serve until interrupted. Raises ``click.ClickException`` in production."""
    settings = app.extensions["settings"]
    if settings.environment == "production":
        raise click.ClickException("The demo does not run in production.")
    url = app.extensions["database"].url
    if fresh:
        migrations.downgrade(url, "base")
    migrations.upgrade(url)
    if _provider(app) is None:
        people = settings.demo_people
        click.echo(f"Making the demo practice: {people} people, up to 12 weeks. Only this once.")
        began = time.monotonic()
        make(app)
        click.echo(f"Done in {time.monotonic() - began:.0f} s.")
    _say_where(app)
    _serve(app)


def make(app: Flask, until: datetime | None = None) -> Account:
    """Make the demo practice by playing its history through the public API, up to ``until``."""
    # Imported here: the app's own commands import this module.
    from backend.app import create_app

    settings = app.extensions["settings"]
    until = until or datetime.now(UTC).replace(second=0, microsecond=0)
    clock = MovableClock(until - timedelta(days=120))
    staging = {
        "rate_limit": NO_LIMIT,
        "sign_in_rate_limit": NO_LIMIT,
        "log_level": "ERROR",
        "sms_transport": "inbox",
        # One session for the whole play; a password check is slow on purpose.
        "provider_session_hours": 24 * 365,
    }
    stage = create_app(settings.model_copy(update=staging), clock)
    with stage.app_context(), tenancy.across_practices(), unit_of_work():
        practice = practices.create_practice(PRACTICE, "GB", "Europe/London", "+441632960123")
        made = practices.create_provider(
            practice.id, EMAIL, "Dr Robin Hale", CLINICIAN, PASSWORD, phone="+441632960124"
        )
        account = Account(EMAIL, PASSWORD, made.totp_secret)
    Play(stage, clock, account, until, cohort.people(settings.demo_people)).run()
    stage.extensions["database"].engine.dispose()
    return account


def code(app: Flask) -> str:
    """The demo clinician's authenticator code of this moment. Raises ``click.ClickException``."""
    provider = _provider(app)
    if provider is None:
        raise click.ClickException("There is no demo practice here; start it with: make run")
    return pyotp.TOTP(provider.totp_secret).now()


def _provider(app: Flask) -> Provider | None:
    with app.app_context(), tenancy.across_practices():
        return session.scalar(select(Provider).where(Provider.email == EMAIL))


def _say_where(app: Flask) -> None:
    settings = app.extensions["settings"]
    provider = _provider(app)
    assert provider is not None
    base = settings.public_url
    click.echo(f"""
Lumbra demo
  Provider console   {base}/console/
    e-mail           {EMAIL}
    password         {PASSWORD}
    code now         {code(app)}   (a new one each 30 s: make code, or add
                     {provider.totp_secret} to an authenticator app)
  Patient            {_invitation(app) or base + "/my/sign-in"}
    the code comes by text; see the inbox
  Inbox              {base}/inbox   (what would have been sent by SMS)
  API                {base}/docs
  Stop with Ctrl-C. Start afresh with: make run FRESH=1
""")


def _invitation(app: Flask) -> str | None:
    base = app.extensions["settings"].public_url
    with app.app_context():
        with tenancy.across_practices():
            known = session.scalar(select(Practice.id).where(Practice.name == PRACTICE))
        for text in messaging.latest(500):
            found = LINK.search(text.body or "")
            if text.practice_id == known and text.purpose == "invitation" and found:
                return f"{base}/{found.group(1)}/{found.group(2)}"
    return None


def _serve(app: Flask) -> None:
    settings = app.extensions["settings"]
    web = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory",
        "--host", "0.0.0.0", "--port", str(settings.port),  # noqa: S104
        "--workers", str(settings.web_workers), "--log-level", "warning", "--no-access-log",
        "backend.stream:application",
    ]  # fmt: skip
    worker = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    # The embedded server stays up as long as one of the three processes lives.
    children = [subprocess.Popen(command, env=os.environ) for command in (web, worker)]  # noqa: S603

    def stop(number: int, frame: FrameType | None) -> None:
        for child in children:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
    stop(signal.SIGTERM, None)
    for child in children:
        child.wait()
