"""Pathways of a practice's own: the decisions they make, and when the clock looks at a plan.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"

KINDS_BEFORE = "kind IN ('stratification', 'factor-profile', 'response-index', 'trajectory')"
KINDS = "kind IN ('stratification', 'comparison', 'factor-profile', 'response-index', 'trajectory')"
DECISION_KINDS = (
    "kind IN ('alert', 'step-up', 'hand-over', 'call', 'remind', 'swap', 'red-flag-check', "
    "'step-down', 'non-engagement')"
)


def upgrade() -> None:
    # The pathway that everybody followed is now a default that a practice may leave.
    op.alter_column("practice", "pathway", server_default="default")
    op.execute("UPDATE practice SET pathway = 'default' WHERE pathway = 'standard'")
    _replace_kinds(KINDS)
    op.add_column("care_plan", sa.Column("review_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_care_plan_review",
        "care_plan",
        ["review_at"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "decision",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("for_patient", sa.String(), nullable=True),
        sa.Column(
            "inputs", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(DECISION_KINDS, name=op.f("ck_decision_kind")),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name=op.f("ck_decision_tier")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_decision_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_decision_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["questionnaire_response.id"],
            name=op.f("fk_decision_response_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_patient", "decision", ["patient_id", "at"])
    # What was decided is written once.
    op.execute(f"GRANT SELECT, INSERT ON decision TO {ROLE}")
    visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
    op.execute("ALTER TABLE decision ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON decision USING ({visible})")


def downgrade() -> None:
    op.drop_table("decision")
    op.drop_index("ix_care_plan_review", table_name="care_plan")
    op.drop_column("care_plan", "review_at")
    op.execute("DELETE FROM risk_assessment WHERE kind = 'comparison'")
    _replace_kinds(KINDS_BEFORE)
    # The version before knows one pathway.
    op.execute("UPDATE practice SET pathway = 'standard'")
    op.alter_column("practice", "pathway", server_default="standard")


def _replace_kinds(kinds: str) -> None:
    name = op.f("ck_risk_assessment_kind")
    op.drop_constraint(name, "risk_assessment", type_="check")
    op.create_check_constraint(name, "risk_assessment", kinds)
