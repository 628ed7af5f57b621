"""Decisions by history: what counts no more, and what a plan's moves rest on.

Revision ID: 0028
Revises: 0027
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
INDEX = "uq_adaptation_occurrence"
COLUMNS = ["activity_id", "rule", "occurrence"]
KEPT = "occurrence IS NOT NULL"


def upgrade() -> None:
    op.add_column(
        "adaptation", sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True)
    )
    # What was decided stays as it is; only that it no longer counts is noted.
    op.execute(f"GRANT UPDATE (superseded_at) ON adaptation TO {ROLE}")
    _index(f"{KEPT} AND superseded_at IS NULL")
    op.add_column("care_plan", sa.Column("planned_support", sa.String(), nullable=True))
    op.execute(
        """
        UPDATE care_plan SET planned_support = coalesce((
            SELECT inputs ->> 'before' FROM adaptation
            WHERE adaptation.care_plan_id = care_plan.id AND decision = 'step-up'
            ORDER BY at, id LIMIT 1
        ), support)
        """
    )
    op.alter_column("care_plan", "planned_support", nullable=False)
    for name in ("joined_at", "swapped_at"):
        op.add_column("activity", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        UPDATE activity SET joined_at = CASE WHEN planned IS NOT NULL THEN care_plan.created_at
            ELSE coalesce((
                SELECT min(at) FROM adaptation
                WHERE adaptation.activity_id = activity.id
                AND decision IN ('add-module', 'provider-add', 'step-down')
            ), started_at, care_plan.created_at) END
        FROM care_plan WHERE care_plan.id = activity.care_plan_id
        """
    )
    op.execute(
        """
        UPDATE activity SET swapped_at = (
            SELECT min(at) FROM adaptation
            WHERE adaptation.activity_id = activity.id AND decision = 'swap'
        )
        """
    )
    op.execute(
        """
        UPDATE risk_assessment SET inputs = risk_assessment.inputs
            || jsonb_build_object('week', check_in.occasion)
        FROM questionnaire_response, check_in
        WHERE questionnaire_response.id = risk_assessment.response_id
        AND check_in.id = questionnaire_response.check_in_id
        AND check_in.kind = 'weekly' AND risk_assessment.kind = 'trajectory'
        """
    )


def downgrade() -> None:
    op.execute("UPDATE risk_assessment SET inputs = inputs - 'week' WHERE kind = 'trajectory'")
    op.drop_column("activity", "swapped_at")
    op.drop_column("activity", "joined_at")
    op.drop_column("care_plan", "planned_support")
    # Of the same occurrence, what counts keeps its name.
    op.execute("UPDATE adaptation SET occurrence = NULL WHERE superseded_at IS NOT NULL")
    _index(KEPT)
    op.drop_column("adaptation", "superseded_at")


def _index(where: str) -> None:
    op.drop_index(INDEX, table_name="adaptation")
    op.create_index(INDEX, "adaptation", COLUMNS, unique=True, postgresql_where=sa.text(where))
