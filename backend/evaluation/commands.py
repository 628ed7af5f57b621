"""Commands: ``flask evaluation export`` and ``flask evaluation release``."""

from __future__ import annotations

import json
from datetime import datetime

import click
from flask import current_app
from flask.cli import AppGroup

from backend.core import tenancy
from backend.core.content import ContentError
from backend.core.database import unit_of_work
from backend.core.problems import Problem
from backend.evaluation import indicator_files, periods, report, suppression, tidy

evaluation = AppGroup("evaluation", help="How the programme is carried out, in figures.")
_DAY = click.DateTime(["%Y-%m-%d"])


@evaluation.command("export")
@click.option("--from", "since", type=_DAY, required=True, help="first day")
@click.option("--to", "last", type=_DAY, required=True, help="last day")
@click.option("--by", type=click.Choice(periods.WAYS), default=periods.WHOLE, show_default=True)
@click.option(
    "--threshold",
    type=click.IntRange(min=suppression.THRESHOLD),
    default=suppression.THRESHOLD,
    show_default=True,
    help="keep back counts of people below this",
)
@click.option(
    "--format", "shape", type=click.Choice(["csv", "json"]), default="csv", show_default=True
)
def export(since: datetime, last: datetime, by: str, threshold: int, shape: str) -> None:
    """Every practice's figures and those of all together, small numbers kept back."""
    try:
        with tenancy.across_practices(), unit_of_work():
            found = report.of_all(since.date(), last.date(), by, threshold)
    except Problem as problem:
        raise click.ClickException(next(iter(problem.errors.values()))) from None
    table = tidy.rows(found.indicators, found.periods, found.figures, found.as_of)
    written = json.dumps(list(table), indent=1) if shape == "json" else tidy.as_csv(table)
    click.echo(written, nl=shape == "json")


@evaluation.command("release")
def release() -> None:
    """Write down what the present definitions say, so that none changes under its number."""
    try:
        new = indicator_files.release(current_app.extensions["settings"].content)
    except ContentError as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(new) or "every version is published already")
