"""Commands: ``flask messaging line show`` and ``flask messaging line open``."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from backend.core import tenancy
from backend.core.database import unit_of_work
from backend.messaging import line, sms

messaging = AppGroup("messaging", help="How texts leave.")
line_group = AppGroup("line", help="The sender's line, which a fault of the account stops.")
messaging.add_command(line_group)


@line_group.command("show")
def show() -> None:
    """Whether the line is open, and if not, why and since when."""
    click.echo(line.trouble() or "open")


@line_group.command("open")
def open_line() -> None:
    """Let texts leave again, once the fault is mended."""
    sender = sms.sender()
    with tenancy.across_practices(), unit_of_work():
        was_stopped = sender is not None and line.reopen(sender, "an operator opened it")
    click.echo("open" if was_stopped else "it was open already")
