"""Webhook endpoints, and the log of what was sent to them.

Revision ID: 0026
Revises: 0025
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"
TABLES = ("webhook_endpoint", "webhook_delivery")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _endpoints()
    _deliveries()
    visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY practice_scope ON {table} USING ({visible})")


def _endpoints() -> None:
    table = "webhook_endpoint"
    op.create_table(
        table,
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("event_types", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", INSTANT, nullable=True),
        sa.Column("place_version", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", INSTANT, nullable=True),
        sa.Column("queued_at", INSTANT, nullable=True),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'disabled')", name=op.f(f"ck_{table}_status")),
        sa.CheckConstraint(
            "(status = 'disabled') = (disabled_reason IS NOT NULL)",
            name=op.f(f"ck_{table}_disabled"),
        ),
        sa.CheckConstraint(
            "disabled_reason IN ('by-hand', 'failing', 'gone')",
            name=op.f(f"ck_{table}_disabled_reason"),
        ),
        sa.CheckConstraint(
            "num_nulls(old_secret, old_secret_until) IN (0, 2)", name=op.f(f"ck_{table}_old_secret")
        ),
        sa.CheckConstraint(
            "num_nulls(claim, claimed_until) IN (0, 2)", name=op.f(f"ck_{table}_claim")
        ),
        sa.CheckConstraint("failures >= 0", name=op.f(f"ck_{table}_failures")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["provider.id"], name=op.f(f"fk_{table}_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_practice", table, ["practice_id", "created_at"])
    op.create_index(
        f"ix_{table}_active",
        table,
        ["practice_id", "id"],
        postgresql_where=sa.text("status = 'active'"),
    )


def _deliveries() -> None:
    table = "webhook_delivery"
    op.create_table(
        table,
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("queued_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("response", sa.String(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'delivered', 'failed')", name=op.f(f"ck_{table}_status")
        ),
        sa.CheckConstraint("cause IN ('feed', 'replay', 'test')", name=op.f(f"ck_{table}_cause")),
        sa.CheckConstraint(
            "(status = 'pending') = (finished_at IS NULL)", name=op.f(f"ck_{table}_finished")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
            name=op.f(f"fk_{table}_endpoint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_endpoint", table, ["endpoint_id", "id"])
    op.create_index(f"ix_{table}_age", table, ["created_at"])
    op.create_index(
        f"ix_{table}_pending", table, ["queued_at"], postgresql_where=sa.text("status = 'pending'")
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
