"""What devices tell, once for each of their ids, and which of two things told last counts.

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"
# What has one value for each key, and goals: the event that the present value came from.
OF_AN_EVENT = ("practice_log", "activity_event", "goal")


def upgrade() -> None:
    for table in OF_AN_EVENT:
        made = sa.text("gen_random_uuid()")
        op.add_column(table, sa.Column("event_id", sa.Uuid(), server_default=made, nullable=False))
    op.execute(f"GRANT UPDATE (event_id) ON activity_event TO {ROLE}")
    op.create_table(
        "client_event",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("told_at", "occurred_at", "received_at")
        ),
        sa.Column(
            "body", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'rejected')", name=op.f("ck_client_event_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'rejected') = (reason IS NOT NULL)", name=op.f("ck_client_event_reason")
        ),
        sa.CheckConstraint("occurred_at <= received_at", name=op.f("ck_client_event_occurred")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_client_event_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_client_event_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_event")),
    )
    op.create_index("uq_client_event_id", "client_event", ["patient_id", "event_id"], unique=True)
    op.create_index("ix_client_event_type", "client_event", ["patient_id", "type"])
    visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
    op.execute(f"GRANT SELECT, INSERT ON client_event TO {ROLE}")
    op.execute("ALTER TABLE client_event ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON client_event USING ({visible})")


def downgrade() -> None:
    op.drop_table("client_event")
    for table in OF_AN_EVENT:
        op.drop_column(table, "event_id")
