"""The command line, in this process."""

from __future__ import annotations

from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup


def run(app: Flask, *words: str) -> Result:
    """What ``flask <words>`` prints and how it ends, with this app."""
    return app.test_cli_runner().invoke(FlaskGroup(create_app=lambda: app), list(words))
