"""Migrations: up, down without a trace, up again, two at once, and in step with the models."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool

from backend.core import migrations
from backend.models import Base
from tests.conftest import SECRET
from tests.owner import ask
from tests.shipped import ROOT

# Everything that lies in a schema, by what it is.
OBJECTS = """
    SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
    UNION SELECT 'policy ' || polname || polrelid::regclass FROM pg_policy
"""
# What the models say in ways that Alembic does not compare: checks, and indexes over some rows.
RULES = """
    SELECT 'index', indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = ANY(%s)
    UNION
    SELECT contype::text, conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text = ANY(%s)
    UNION
    SELECT 'column', table_name || '.' || column_name,
        concat_ws(' ', data_type, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY(%s)
"""
TABLES = sorted(Base.metadata.tables)
# Alembic's own book-keeping stays, empty.
LEFT_BEHIND = {
    "relation alembic_version",
    "relation alembic_version_pkc",
    "type alembic_version",
    "type _alembic_version",
}


def objects(database: str) -> set[str]:
    return {name for (name,) in ask(database, OBJECTS)}


def rules(database: str) -> dict[tuple[str, str], str]:
    return {(kind, name): rule for kind, name, rule in ask(database, RULES, [TABLES] * 3)}


def test_up_down_and_up_again(empty_database: str) -> None:
    assert objects(empty_database) == set()
    migrations.upgrade(empty_database)
    made = objects(empty_database)
    assert "relation patient" in made and "relation procrastinate_jobs" in made
    migrations.downgrade(empty_database, "base")
    assert objects(empty_database) == LEFT_BEHIND
    migrations.upgrade(empty_database)
    assert objects(empty_database) == made


def test_upgrading_what_is_current_changes_nothing(database: str) -> None:
    before = objects(database), rules(database)
    migrations.upgrade(database)
    assert (objects(database), rules(database)) == before


def test_the_schema_is_what_the_models_say(database: str) -> None:
    engine = create_engine(database, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, kind, parents: (
                    not str(name).startswith(("procrastinate_", "alembic_version"))
                ),
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_checks_keys_and_partial_indexes_are_what_the_models_say(
    database: str, empty_database: str
) -> None:
    engine = create_engine(empty_database, poolclass=pool.NullPool)
    Base.metadata.create_all(engine)
    migrated, modelled = rules(database), rules(empty_database)
    assert len(modelled) > 300
    assert migrated == modelled


def test_a_failed_upgrade_leaves_nothing(empty_database: str) -> None:
    ask(empty_database, "CREATE TABLE score (id int)")
    before = objects(empty_database)
    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(empty_database)
    assert objects(empty_database) == before


def test_two_upgrades_at_once_do_it_once(empty_database: str) -> None:
    environment = {
        **os.environ,
        "LUMBRA_ENV": "test",
        "DATABASE_URL": empty_database,
        "LUMBRA_SECRET_KEY": SECRET,
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert ask(empty_database, "SELECT count(*) FROM alembic_version") == [(1,)]
    assert "relation patient" in objects(empty_database)
