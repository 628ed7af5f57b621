"""Commands: ``config``, ``db``, ``admin``, ``content``, ``instruments``, ``pathway`` and more."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from backend import worker
from backend.authoring.commands import content
from backend.config import describe
from backend.core import migrations, tenancy
from backend.core.database import unit_of_work
from backend.core.identity import PROVIDER_ROLES
from backend.core.problems import Problem
from backend.core.schema import ZONES
from backend.evaluation.commands import evaluation
from backend.instruments.commands import instruments
from backend.messaging.commands import messaging

db = AppGroup("db", help="Bring the database to a revision.")
admin = AppGroup("admin", help="First practice and accounts.")
pathway = AppGroup("pathway", help="The rules that a practice follows.")


@click.command("config")
def show_config() -> None:
    """Every setting with its value (secrets masked)."""
    for name, kind, value, description in describe(current_app.extensions["settings"]):
        click.echo(f"{name:32} {value}\n{'':32} {kind}: {description}")


@db.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Migrate up, to the newest revision unless one is given."""
    migrations.upgrade(current_app.extensions["database"].url, revision)


@db.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Migrate down to a revision (`base` for empty)."""
    migrations.downgrade(current_app.extensions["database"].url, revision)


def _must(fits: Callable[[str], object], words: str) -> Callable[..., str | None]:
    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        if value is not None and not fits(value):
            raise click.BadParameter(words)
        return value

    return check


_COUNTRY = _must(re.compile("[A-Za-z]{2}").fullmatch, "Use two letters, such as GB.")
_ZONE = _must(ZONES.__contains__, "Use an IANA name, such as Europe/London.")
_PHONE = _must(re.compile(r"\+[1-9][0-9]{6,14}").fullmatch, "Write it like +447700900123.")
_EMAIL = _must(re.compile(r"[^@\s]+@[^@\s]+").fullmatch, "This is no e-mail address.")


@admin.command("create-practice")
@click.option("--name", required=True)
@click.option("--country", required=True, callback=_COUNTRY, help="two letters, such as GB")
@click.option("--time-zone", required=True, callback=_ZONE, help="IANA, such as Europe/London")
@click.option("--phone", help="shown to patients for questions")
@click.option("--jurisdiction", help="a row of content/jurisdictions.yaml, such as US-TX")
def create_practice(
    name: str, country: str, time_zone: str, phone: str | None, jurisdiction: str | None
) -> None:
    """A new practice; prints its id."""
    from backend.practices import service

    _must_have_hours(jurisdiction)
    with unit_of_work(), tenancy.across_practices():
        practice = service.create_practice(name, country, time_zone, phone, jurisdiction)
    click.echo(practice.id)


@admin.command("set-jurisdiction")
@click.option("--practice", type=click.UUID, required=True)
@click.option("--jurisdiction", help="a row of the table; left out: the country's row alone")
def set_jurisdiction(practice: object, jurisdiction: str | None) -> None:
    """Let a jurisdiction's hours for texts hold for a practice, within its own quiet hours."""
    from uuid import UUID

    from backend.practices import service

    assert isinstance(practice, UUID)
    _must_have_hours(jurisdiction)
    try:
        with unit_of_work(), tenancy.across_practices():
            service.use_jurisdiction(practice, jurisdiction)
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    click.echo(f"{practice}: {jurisdiction or 'as its country'}")


def _must_have_hours(jurisdiction: str | None) -> None:
    from backend.messaging.jurisdiction_files import load_jurisdictions

    rows = load_jurisdictions(current_app.extensions["settings"].content).rows
    if jurisdiction is not None and jurisdiction not in rows:
        raise click.ClickException(f"There is no such row; there are {', '.join(rows)}.")


@admin.command("create-provider")
@click.option("--practice", type=click.UUID, required=True)
@click.option("--email", required=True, callback=_EMAIL)
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(PROVIDER_ROLES), required=True)
@click.option("--phone", callback=_PHONE, help="tier 1 alerts are texted to it")
@click.password_option()
def create_provider(
    practice: object, email: str, name: str, role: str, phone: str | None, password: str
) -> None:
    """A new account; prints the authenticator secret, this once."""
    from uuid import UUID

    from backend.practices import service

    assert isinstance(practice, UUID)
    try:
        with unit_of_work(), tenancy.across_practices():
            service.get_practice(practice)
            made = service.create_provider(practice, email, name, role, password, phone)
    except Problem as problem:
        raise click.ClickException(" ".join([problem.detail, *problem.errors.values()])) from None
    click.echo(f"provider {made.provider.id}")
    click.echo(f"authenticator secret {made.totp_secret}")
    click.echo(made.totp_uri)


_PRACTICE = click.option("--practice", type=click.UUID, required=True)
_PATHWAY = click.option("--pathway", "name", required=True, help="a file in content/pathways")


@pathway.command("check")
@click.option("--pathway", "name", help="one file in content/pathways; all unless given")
def check_pathway(name: str | None) -> None:
    """Validate pathways against instruments, batteries and modules; exits with 1 on a fault."""
    from backend.content_check import pathway_faults
    from backend.risk.pathway_files import names

    folder = current_app.extensions["settings"].content
    wanted = [name] if name else names(folder)
    found = [fault for each in wanted for fault in pathway_faults(folder, each)]
    for fault in found:
        click.echo(fault, err=True)
    if found:
        raise SystemExit(1)
    click.echo("sound")


@pathway.command("list")
def list_pathways() -> None:
    """Every pathway with its version, and the practices that follow it."""
    from sqlalchemy import select

    from backend.core.database import session
    from backend.practices.models import Practice
    from backend.risk.pathway_files import load_pathway, names

    folder = current_app.extensions["settings"].content
    with tenancy.across_practices():
        practices = session.scalars(select(Practice).order_by(Practice.name)).all()
    for name in names(folder):
        click.echo(load_pathway(folder, name).label)
        for practice in practices:
            if practice.pathway == name:
                click.echo(f"  {practice.id}  {practice.name}")


@pathway.command("use")
@_PRACTICE
@_PATHWAY
def use_pathway(practice: object, name: str) -> None:
    """Let a practice follow a pathway from now on. Replay it first."""
    from uuid import UUID

    from backend.practices import service

    assert isinstance(practice, UUID)
    _must_be_sound(name)
    try:
        with unit_of_work(), tenancy.across_practices():
            service.use_pathway(practice, name)
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    click.echo(f"{practice} follows {name}")


@pathway.command("replay")
@_PRACTICE
@_PATHWAY
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="count from this day (UTC)")
def replay_pathway(practice: object, name: str, since: datetime | None) -> None:
    """What a pathway would have alerted on in a practice's stored history. Writes nothing."""
    from uuid import UUID

    from backend import pathway_replay
    from backend.practices import service
    from backend.risk.pathway_files import load_pathway

    assert isinstance(practice, UUID)
    _must_be_sound(name)
    rules = load_pathway(current_app.extensions["settings"].content, name)
    start = since.replace(tzinfo=UTC) if since else None
    try:
        tenancy.enter(practice)
        follows = service.get_practice(practice).pathway
        compared = pathway_replay.compare(practice, rules, start)
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    click.echo(f"then: as it was, now following {follows}; new: {rules.label}")
    for line in pathway_replay.table(compared):
        click.echo(line)


def _must_be_sound(name: str) -> None:
    from backend.content_check import pathway_faults

    found = pathway_faults(current_app.extensions["settings"].content, name)
    if found:
        raise click.ClickException("\n".join(found))


@click.command("worker")
def run_worker() -> None:
    """The clock and the deliveries; any number may run on one database."""
    worker.run(current_app._get_current_object())  # type: ignore[attr-defined]


@click.command("demo")
@click.option("--fresh", is_flag=True, help="drop what is there and make the demo anew")
def demo(fresh: bool) -> None:
    """Prepare the demo practice and serve web and worker until interrupted."""
    from backend.demo import serve

    serve.run(current_app._get_current_object(), fresh)  # type: ignore[attr-defined]


@click.command("demo-code")
def demo_code() -> None:
    """The demo clinician's authenticator code of this moment."""
    from backend.demo import serve

    click.echo(serve.code(current_app._get_current_object()))  # type: ignore[attr-defined]


def init_app(app: Flask) -> None:
    """Attach the commands."""
    groups = (db, admin, content, evaluation, instruments, messaging, pathway)
    for command in (show_config, *groups, run_worker, demo, demo_code):
        app.cli.add_command(command)
