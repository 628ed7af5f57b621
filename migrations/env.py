"""Alembic's entry: one transaction for all, and one migration at a time on a database."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from backend.models import Base

LOCK = 741002


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.configure(connection=connection, target_metadata=Base.metadata)
        context.run_migrations()


run()
