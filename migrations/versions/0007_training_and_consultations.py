"""Providers' training and competence, rated consultations, and who leads whose care.

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"
TABLES = (
    "training_record",
    "competence_decision",
    "consultation",
    "consultation_rating",
    "care_lead",
)
GROUPS = "('low', 'medium', 'high')"


def upgrade() -> None:
    op.add_column("provider", sa.Column("mentor_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_provider_mentor_id"), "provider", "provider", ["mentor_id"], ["id"]
    )
    op.execute(f"GRANT UPDATE (mentor_id) ON provider TO {ROLE}")
    op.create_table(
        "training_record",
        _reference("training_record", "provider_id", "provider"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("tool_version", sa.String(), nullable=False),
        sa.Column("percent", sa.Numeric(4, 1), nullable=True),
        sa.Column("safety_percent", sa.Numeric(4, 1), nullable=True),
        sa.Column("answers", postgresql.JSONB(none_as_null=True), nullable=True),
        _reference("training_record", "rater_id", "provider", nullable=True),
        _at("at"),
        *_owned("training_record"),
        sa.CheckConstraint(
            "kind IN ('attended', 'quiz', 'roleplay', 'observed', 'portfolio', 'booster')",
            name=op.f("ck_training_record_kind"),
        ),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_training_record_percent")),
        sa.CheckConstraint(
            "safety_percent BETWEEN 0 AND 100", name=op.f("ck_training_record_safety_percent")
        ),
        sa.CheckConstraint("rater_id <> provider_id", name=op.f("ck_training_record_rater")),
    )
    op.create_index("ix_training_record_provider", "training_record", ["provider_id", "at"])
    op.create_table(
        "competence_decision",
        _reference("competence_decision", "provider_id", "provider"),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        _reference("competence_decision", "decided_by", "provider"),
        sa.Column("note", sa.String(), nullable=True),
        _at("at"),
        *_owned("competence_decision"),
        sa.CheckConstraint(f"tier IN {GROUPS}", name=op.f("ck_competence_decision_tier")),
        sa.CheckConstraint(
            "decided_by <> provider_id", name=op.f("ck_competence_decision_decided_by")
        ),
    )
    op.create_index(
        "ix_competence_decision_provider", "competence_decision", ["provider_id", "tier", "at"]
    )
    op.create_table(
        "consultation",
        _reference("consultation", "patient_id", "patient"),
        _reference("consultation", "provider_id", "provider"),
        _at("held_at"),
        sa.Column("risk_group", sa.String(), nullable=True),
        sa.Column("stratum", sa.String(), nullable=False),
        _at("recorded_at"),
        *_owned("consultation"),
        sa.CheckConstraint("stratum IN ('early', 'late')", name=op.f("ck_consultation_stratum")),
    )
    op.create_index("ix_consultation_patient", "consultation", ["patient_id", "held_at"])
    op.create_index("ix_consultation_practice", "consultation", ["practice_id", "held_at"])
    op.create_table(
        "consultation_rating",
        _reference("consultation_rating", "consultation_id", "consultation"),
        _reference("consultation_rating", "rater_id", "provider"),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("checklist_version", sa.String(), nullable=False),
        sa.Column("scores", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("prohibited", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("fidelity", sa.Numeric(4, 1), nullable=True),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("skill", sa.Integer(), nullable=True),
        sa.Column("alliance", sa.Integer(), nullable=True),
        _at("at"),
        *_owned("consultation_rating"),
        sa.CheckConstraint(
            "source IN ('observer', 'self')", name=op.f("ck_consultation_rating_source")
        ),
        sa.CheckConstraint(
            "fidelity BETWEEN 0 AND 100", name=op.f("ck_consultation_rating_fidelity")
        ),
        sa.CheckConstraint("skill BETWEEN 0 AND 6", name=op.f("ck_consultation_rating_skill")),
        sa.CheckConstraint(
            "alliance BETWEEN 0 AND 6", name=op.f("ck_consultation_rating_alliance")
        ),
    )
    op.create_index(
        "uq_consultation_rating_rater",
        "consultation_rating",
        ["consultation_id", "rater_id"],
        unique=True,
    )
    op.create_table(
        "care_lead",
        _reference("care_lead", "patient_id", "patient"),
        _reference("care_lead", "provider_id", "provider"),
        _reference("care_lead", "assigned_by", "provider"),
        sa.Column("risk_group", sa.String(), nullable=True),
        sa.Column("emergency_reason", sa.String(), nullable=True),
        _at("since"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        *_owned("care_lead"),
        sa.CheckConstraint("until > since", name=op.f("ck_care_lead_period")),
    )
    op.create_index(
        "uq_care_lead_open",
        "care_lead",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("ix_care_lead_provider", "care_lead", ["provider_id", "until"])
    for table in TABLES:
        visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY practice_scope ON {table} USING ({visible})")
    # A lead is ended when another begins; all else is only ever added.
    op.execute(f"GRANT UPDATE (until) ON care_lead TO {ROLE}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("provider", "mentor_id")


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _reference(table: str, name: str, other: str, nullable: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.Uuid(), key, nullable=nullable)


def _owned(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
