"""The job queue (Procrastinate): a job carries an id, the row it names is the truth."""

from __future__ import annotations

from typing import Any

import procrastinate
from flask import Flask
from procrastinate import tasks
from sqlalchemy.engine import make_url

from backend.core.database import APP_ROLE, session

queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
_registered: dict[str, Flask] = {}


def register(app: Flask) -> None:
    """Name the app that this process's jobs work for."""
    _registered["app"] = app


def registered() -> Flask:
    """The app that this process's jobs work for."""
    return _registered["app"]


def defer(task: tasks.Task[Any, Any, Any], jobs: list[dict[str, Any]], **options: Any) -> None:
    """Queue jobs in the session's own transaction: they exist if and only if it commits."""
    if jobs:
        connection = session.connection().connection.driver_connection
        task.configure(connection=connection, **options).batch_defer(*jobs)


def connector(app: Flask) -> procrastinate.PsycopgConnector:
    """A connector for a worker process, with the application's own database role."""
    url = make_url(app.extensions["database"].url).set(drivername="postgresql")
    return procrastinate.PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False),
        kwargs={"options": f"-c role={APP_ROLE} -c timezone=UTC"},
        min_size=1,
        max_size=4,
    )
