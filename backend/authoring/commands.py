"""Commands: ``flask content check``, ``publish``, ``new``, ``preview``, ``diff`` and ``export``."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from backend.core.content import ContentError
from backend.core.database import unit_of_work
from backend.core.problems import Problem

content = AppGroup("content", help="The files that clinicians write.")
DOMAINS = ("somatic", "psychological", "social")


@content.command("check")
@click.option("--pages", is_flag=True, help="how easy every page is to read, as a table")
def check(pages: bool) -> None:
    """Validate every file under content/; exits with 1 when one has a fault."""
    from backend.content_check import counts, faults

    clock = current_app.extensions["clock"]
    found = faults(_folder(), clock.now())
    for fault in found:
        click.echo(fault, err=True)
    rows = counts.rows(_folder())
    if pages:
        click.echo("\n".join(counts.table(rows)))
    if found:
        raise SystemExit(1)
    click.echo("content is sound")
    click.echo("\n".join(counts.summary(rows)))


@content.command("publish")
def publish() -> None:
    """Write down what the modules say, so that no version changes under people who read it."""
    from backend.programme.module_releases import publish

    try:
        new = publish(_folder() / "modules")
    except ContentError as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(new) or "every version is published already")


@content.group("new")
def new() -> None:
    """Begin a piece of content."""


@new.command("module")
@click.argument("module_id")
@click.argument("title")
@click.option("--domain", type=click.Choice(DOMAINS), default=DOMAINS[0], show_default=True)
def new_module(module_id: str, title: str, domain: str) -> None:
    """The files of a module that is yet to be written, such as M19 "Back to the garden"."""
    from backend.authoring import scaffold

    today = current_app.extensions["clock"].now().date()
    try:
        home = scaffold.new_module(_folder(), module_id, title, domain, today)
    except ContentError as error:
        raise click.ClickException(str(error)) from None
    for file in sorted(home.iterdir()):
        click.echo(file)
    click.echo(f"Write what is TO DO. See it with: flask content preview --open {module_id}")


@content.command("preview")
@click.option("--port", type=click.IntRange(1, 65535), default=8010, show_default=True)
@click.option("--open", "module_id", help="begin with this module, such as M04")
def preview(port: int, module_id: str | None) -> None:
    """Serve every module as patients see it, on this machine only; pages follow the files."""
    from backend.authoring import preview as pages

    click.echo(f"http://127.0.0.1:{port}/preview/{module_id or ''}  (Ctrl-C ends it)")
    pages.serve(current_app.extensions["settings"], port)


@content.command("diff")
@click.argument("before")
@click.argument("after")
def diff(before: str, after: str) -> None:
    """What a patient would see change: M04@1.0.0 M04@2.0.0, or two folders."""
    from backend.authoring import differences

    try:
        folders = [differences.find(_folder(), each) for each in (before, after)]
        lines = list(differences.differences(*folders))
    except ContentError as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(lines).rstrip() or "a patient would see no change")


@content.command("export")
@click.option("--patient", type=click.UUID, required=True, help="the patient's id")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
def export(patient: object, out: Path) -> None:
    """A person's plan as a booklet to print: booklet.html and booklet.pdf in a folder."""
    from uuid import UUID

    from backend.companion import booklet

    assert isinstance(patient, UUID)
    files = [out / f"booklet.{kind}" for kind in ("html", "pdf")]
    for file in files:
        # Another person's booklet must not be taken for this one's.
        if file.exists():
            raise click.ClickException(f"{file} is there already; use an empty folder")
    try:
        with unit_of_work():
            made = booklet.make(patient)
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(files[0], made.html.encode())
    try:
        _write(files[1], booklet.pdf(made))
    except OSError as error:
        raise click.ClickException(f"{files[0]} is made, the PDF is not: {error}") from None
    for file in files:
        click.echo(file)


def _folder() -> Path:
    folder: Path = current_app.extensions["settings"].content
    return folder


def _write(file: Path, said: bytes) -> None:
    """Only who made it may read it, for it is about a person."""
    file.touch(mode=0o600)
    file.write_bytes(said)
