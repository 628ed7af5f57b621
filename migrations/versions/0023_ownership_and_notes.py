"""Whose an alert is, who is away, and what providers note on a patient.

Revision ID: 0023
Revises: 0022
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
IS_OPEN = "status IN ('new', 'delivered', 'acknowledged', 'in_progress')"


def upgrade() -> None:
    op.add_column("alert", sa.Column("owner_id", sa.Uuid()))
    op.add_column("alert", sa.Column("respond_from", sa.DateTime(timezone=True)))
    op.add_column("alert_event", sa.Column("owner_id", sa.Uuid()))
    for table in ("alert", "alert_event"):
        op.create_foreign_key(op.f(f"fk_{table}_owner_id"), table, "provider", ["owner_id"], ["id"])
    # Whoever acknowledged it has it; it waits since it was opened, raised or reopened.
    op.execute(
        """
        UPDATE alert SET owner_id = acknowledged_by, respond_from = coalesce(
            (SELECT max(event.at) FROM alert_event event WHERE event.alert_id = alert.id
             AND event.action IN ('open', 'raise-tier', 'reopen')), opened_at)
        """
    )
    op.alter_column("alert", "respond_from", nullable=False)
    op.create_index(
        "ix_alert_owner",
        "alert",
        ["practice_id", "owner_id", "tier", "respond_by", "id"],
        postgresql_where=sa.text(IS_OPEN),
    )
    op.add_column("provider", sa.Column("away_from", sa.Date()))
    op.add_column("provider", sa.Column("away_until", sa.Date()))
    op.add_column("provider", sa.Column("cover_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_provider_cover_id"), "provider", "provider", ["cover_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_provider_away"), "provider", "away_until >= away_from")
    op.create_check_constraint(op.f("ck_provider_cover"), "provider", "cover_id <> id")
    _make_notes()


def _make_notes() -> None:
    op.create_table(
        "patient_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("corrects_id", sa.Uuid()),
        sa.ForeignKeyConstraint(
            ["author_id"], ["provider.id"], name=op.f("fk_patient_note_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["patient_note.id"], name=op.f("fk_patient_note_corrects_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_patient_note_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_patient_note_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_note")),
    )
    op.create_index("ix_patient_note_patient", "patient_note", ["patient_id", "id"])
    op.create_index("uq_patient_note_corrects", "patient_note", ["corrects_id"], unique=True)
    visible = (
        "practice_id::text = current_setting('lumbra.practice_id', true)"
        " OR current_setting('lumbra.practice_id', true) = '*'"
    )
    # What was written stays.
    op.execute(f"GRANT SELECT, INSERT ON patient_note TO {ROLE}")
    op.execute("ALTER TABLE patient_note ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON patient_note USING ({visible})")


def downgrade() -> None:
    op.drop_table("patient_note")
    for column in ("cover_id", "away_until", "away_from"):
        op.drop_column("provider", column)
    op.drop_index("ix_alert_owner", table_name="alert")
    op.drop_column("alert_event", "owner_id")
    op.drop_column("alert", "respond_from")
    op.drop_column("alert", "owner_id")
