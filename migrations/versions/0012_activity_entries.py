"""What a patient writes into the diary of a module, and pain after practice.

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"
TABLE = "activity_entry"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("diary", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "values", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f(f"fk_{TABLE}_activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f(f"fk_{TABLE}_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{TABLE}_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_activity", TABLE, ["activity_id", "at"])
    op.create_index(f"ix_{TABLE}_patient", TABLE, ["patient_id", "day"])
    may_change = 'day, "values", shared, counts, changed_at, removed_at'
    op.execute(f"GRANT SELECT, INSERT, UPDATE ({may_change}) ON {TABLE} TO {ROLE}")
    visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON {TABLE} USING ({visible})")
    op.add_column(
        "practice_log", sa.Column("by_entry", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("practice_log", sa.Column("pain_after", sa.Integer(), nullable=True))
    op.add_column("practice_log", sa.Column("pain_lasted", sa.Boolean(), nullable=True))
    op.create_check_constraint(
        op.f("ck_practice_log_pain_after"), "practice_log", "pain_after BETWEEN 0 AND 10"
    )


def downgrade() -> None:
    op.drop_column("practice_log", "pain_lasted")
    op.drop_column("practice_log", "pain_after")
    op.drop_column("practice_log", "by_entry")
    op.drop_table(TABLE)
