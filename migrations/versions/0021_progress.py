"""Progress of a plan: how far it is folded, what joined later, what is optional or left out.

Revision ID: 0021
Revises: 0020
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATUS = "status IN ('waiting', 'active', 'completed', 'stuck'{more})"


def upgrade() -> None:
    op.add_column("care_plan", sa.Column("folded_to", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "care_plan", sa.Column("maintenance_since", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(
        """
        UPDATE care_plan SET folded_to = greatest(care_plan.created_at, (
            SELECT max(at) FROM risk_assessment
            WHERE risk_assessment.patient_id = care_plan.patient_id AND kind = 'trajectory'
        ))
        """
    )
    op.alter_column("care_plan", "folded_to", nullable=False)
    op.add_column("activity", sa.Column("planned", sa.Integer(), nullable=True))
    op.add_column(
        "activity", sa.Column("optional", sa.Boolean(), nullable=False, server_default="false")
    )
    op.execute(
        """
        UPDATE activity SET planned = position WHERE NOT EXISTS (
            SELECT 1 FROM adaptation
            WHERE adaptation.activity_id = activity.id AND adaptation.decision = 'add-module'
        )
        """
    )
    op.drop_constraint(op.f("ck_activity_status"), "activity", type_="check")
    op.create_check_constraint(
        op.f("ck_activity_status"), "activity", STATUS.format(more=", 'skipped'")
    )
    op.add_column(
        "adaptation", sa.Column("language", sa.String(), nullable=False, server_default="en")
    )
    op.add_column("adaptation", sa.Column("provider_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_adaptation_provider_id"), "adaptation", "provider", ["provider_id"], ["id"]
    )


def downgrade() -> None:
    op.drop_column("adaptation", "provider_id")
    op.drop_column("adaptation", "language")
    op.execute("UPDATE activity SET status = 'waiting' WHERE status = 'skipped'")
    op.drop_constraint(op.f("ck_activity_status"), "activity", type_="check")
    op.create_check_constraint(op.f("ck_activity_status"), "activity", STATUS.format(more=""))
    op.drop_column("activity", "optional")
    op.drop_column("activity", "planned")
    op.drop_column("care_plan", "maintenance_since")
    op.drop_column("care_plan", "folded_to")
