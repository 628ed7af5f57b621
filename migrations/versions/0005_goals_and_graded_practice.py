"""Goals, and what is told about a graded activity beside its practice.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"


def upgrade() -> None:
    op.create_table(
        "activity_event",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "values", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_owned("activity_event"),
        sa.CheckConstraint(
            "kind IN ('aim', 'flare', 'rated', 'approved')", name=op.f("ck_activity_event_kind")
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_activity_event_activity_id")
        ),
    )
    op.create_index(
        "uq_activity_event_day",
        "activity_event",
        ["activity_id", "kind", "item", "day"],
        unique=True,
    )
    op.create_table(
        "goal",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("activity", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("starts_from", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("times_a_week", sa.Integer(), nullable=False),
        sa.Column("by_day", sa.Date(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("obstacle", sa.String(), nullable=False),
        sa.Column("if_then", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reached", sa.Numeric(), nullable=True),
        sa.Column("attainment", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        *_owned("goal"),
        sa.CheckConstraint("times_a_week BETWEEN 1 AND 7", name=op.f("ck_goal_times_a_week")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 10", name=op.f("ck_goal_confidence")),
        sa.CheckConstraint(
            "starts_from >= 0 AND amount > starts_from", name=op.f("ck_goal_amount")
        ),
        sa.CheckConstraint("attainment BETWEEN -2 AND 2", name=op.f("ck_goal_attainment")),
    )
    op.create_index("ix_goal_patient", "goal", ["patient_id", "set_at"])
    # The same day told again replaces the earlier words; a goal is changed by setting another.
    op.execute(f'GRANT SELECT, INSERT, UPDATE ("values", at) ON activity_event TO {ROLE}')
    op.execute(f"GRANT SELECT, INSERT, UPDATE (reached, attainment, told_at) ON goal TO {ROLE}")
    for table in ("activity_event", "goal"):
        visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY practice_scope ON {table} USING ({visible})")
    op.add_column("adaptation", sa.Column("occurrence", sa.String(), nullable=True))
    op.create_index(
        "uq_adaptation_occurrence",
        "adaptation",
        ["activity_id", "rule", "occurrence"],
        unique=True,
        postgresql_where=sa.text("occurrence IS NOT NULL"),
    )
    op.create_index("ix_safety_hold_patient", "safety_hold", ["patient_id", "opened_at"])


def downgrade() -> None:
    op.drop_index("ix_safety_hold_patient", table_name="safety_hold")
    op.drop_index("uq_adaptation_occurrence", table_name="adaptation")
    op.drop_column("adaptation", "occurrence")
    op.drop_table("goal")
    op.drop_table("activity_event")


def _owned(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f(f"fk_{table}_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
