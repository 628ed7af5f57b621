"""Commands: ``flask instruments list``, ``release`` and ``rescore``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click
from flask import current_app
from flask.cli import AppGroup

from backend.core.content import ContentError
from backend.instruments import service
from backend.instruments.definitions import Instrument

instruments = AppGroup("instruments", help="Questionnaires and how they are scored.")


@instruments.command("list")
def list_instruments() -> None:
    """Every instrument: versions, whether its wording is here, its terms."""
    settings = current_app.extensions["settings"]
    shipped = service.load_library(settings.content, None, settings.commercial).instruments
    rows = [
        (
            each.id,
            each.version,
            each.scoring_version,
            _wording(each, shipped[each.id]),
            each.terms,
        )
        for each in service.library().instruments.values()
    ]
    _table(("id", "version", "scoring", "wording", "terms"), rows, words=5)


@instruments.command("release")
def release() -> None:
    """Write down what the present versions say, so that none changes under its number."""
    from backend.instruments import releases

    folder = current_app.extensions["settings"].content / "instruments"
    try:
        new = releases.release(folder)
    except ContentError as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(new) or "every version is released already")


@instruments.command("rescore")
@click.option("--instrument", help="this one only (default: all)")
@click.option("--write", is_flag=True, help="keep the new scores, beside the old ones")
def rescore(instrument: str | None, write: bool) -> None:
    """Score stored answers again and report what differs; changes nothing without --write."""
    from backend.instruments import rescoring

    if instrument is not None and instrument not in service.library().instruments:
        raise click.BadParameter(f"There is no instrument {instrument}.")
    report = rescoring.rescore(instrument, write)
    rows = [
        (
            code,
            each.compared,
            each.same,
            each.differing,
            each.newly_scorable,
            each.no_longer_scorable,
        )
        for code, each in sorted(report.scales.items())
    ]
    heads = ("scale", "compared", "same", "differing", "newly scorable", "no longer scorable")
    _table(heads, rows, words=1)
    kept = f"{report.written} new scores kept beside the old ones" if write else "nothing written"
    click.echo(f"{report.responses} responses; {kept}")


def _wording(instrument: Instrument, shipped: Instrument) -> str:
    if shipped.worded:
        return "shipped"
    return "licensed" if instrument.worded else "absent"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]], words: int) -> None:
    """Columns side by side; those after the first ``words`` are numbers, to the right."""
    lines = [list(map(str, row)) for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (
            cell.ljust(width) if number < words else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        click.echo("  ".join(cells).rstrip())
