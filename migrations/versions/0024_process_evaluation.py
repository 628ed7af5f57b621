"""What practices tell for the process evaluation.

Revision ID: 0024
Revises: 0023
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"
TABLES = (
    "consulter_count",
    "refusal",
    "referral",
    "referral_step",
    "adverse_event",
    "context_note",
)
REFUSALS = (
    "not-interested",
    "no-time",
    "no-device",
    "language",
    "other-care",
    "too-unwell",
    "privacy",
    "other",
)
TARGETS = (
    "physiotherapy",
    "psychologically-informed-physiotherapy",
    "psychology",
    "pain-service",
    "occupational-health",
    "hospital",
    "other",
)
EVENTS = (
    "pain-flare",
    "injury",
    "neurological",
    "mood",
    "self-harm",
    "other-illness",
    "privacy",
    "other",
)
SERIOUS = ("death", "life-threatening", "hospital", "disability", "important")
RELATEDNESS = ("unrelated", "unlikely", "possible", "probable", "definite")
CONTEXTS = ("staffing", "guideline", "outage", "campaign", "demand", "funding", "other")


def upgrade() -> None:
    op.create_table(
        "consulter_count",
        _day("month"),
        sa.Column("consulters", sa.Integer(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        *_recorded("consulter_count"),
        _check("consulter_count", "month", "extract(day FROM month) = 1"),
        _check("consulter_count", "eligible", "eligible BETWEEN 0 AND consulters"),
    )
    op.create_index(
        "ix_consulter_count_month", "consulter_count", ["practice_id", "month", "recorded_at"]
    )
    op.create_table(
        "refusal",
        _day("day"),
        sa.Column("reason", sa.String(), nullable=False),
        *_recorded("refusal"),
        _check("refusal", "reason", f"reason IN {REFUSALS}"),
    )
    op.create_index("ix_refusal_day", "refusal", ["practice_id", "day"])
    op.create_table(
        "referral",
        _reference("referral", "patient_id", "patient"),
        sa.Column("target", sa.String(), nullable=False),
        _day("day"),
        *_recorded("referral"),
        _check("referral", "target", f"target IN {TARGETS}"),
    )
    op.create_index("ix_referral_patient", "referral", ["patient_id", "day"])
    op.create_table(
        "referral_step",
        _reference("referral_step", "referral_id", "referral"),
        sa.Column("step", sa.String(), nullable=False),
        _day("day"),
        *_recorded("referral_step"),
        _check("referral_step", "step", "step IN ('attended', 'completed', 'not-taken-up')"),
    )
    op.create_index("ix_referral_step_referral", "referral_step", ["referral_id", "day"])
    op.create_table(
        "adverse_event",
        _reference("adverse_event", "patient_id", "patient"),
        _day("day"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("serious_because", sa.String(), nullable=True),
        sa.Column("relatedness", sa.String(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        _reference("adverse_event", "corrects", "adverse_event", nullable=True),
        *_recorded("adverse_event"),
        _check("adverse_event", "kind", f"kind IN {EVENTS}"),
        _check("adverse_event", "serious_because", f"serious_because IN {SERIOUS}"),
        _check("adverse_event", "relatedness", f"relatedness IN {RELATEDNESS}"),
    )
    op.create_index("ix_adverse_event_patient", "adverse_event", ["patient_id", "day"])
    op.create_index("ix_adverse_event_day", "adverse_event", ["practice_id", "day"])
    op.create_index(
        "uq_adverse_event_corrects",
        "adverse_event",
        ["corrects"],
        unique=True,
        postgresql_where=sa.text("corrects IS NOT NULL"),
    )
    op.create_table(
        "context_note",
        _day("day"),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        *_recorded("context_note"),
        _check("context_note", "code", f"code IN {CONTEXTS}"),
        _check("context_note", "until", "until >= day"),
    )
    op.create_index("ix_context_note_day", "context_note", ["practice_id", "day"])
    for table in TABLES:
        visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY practice_scope ON {table} USING ({visible})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _reference(table: str, name: str, other: str, nullable: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.Uuid(), key, nullable=nullable)


def _recorded(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        _reference(table, "recorded_by", "provider"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
