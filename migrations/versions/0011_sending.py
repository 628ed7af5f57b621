"""Sending at a rate, within a budget, over a line that can be stopped; what is known of numbers.

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLE = "lumbra_app"
SCOPE = "current_setting('lumbra.practice_id', true)"
OLD = (
    "pending", "submitting", "unknown", "accepted", "scheduled", "queued", "sending", "sent",
    "delivered", "undelivered", "failed", "canceled", "read", "rejected", "cancelled", "expired",
    "received",
)  # fmt: skip
NEW = (
    "pending", "claimed", "submitting", "unknown", "unsent", "accepted", "scheduled", "queued",
    "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read", "rejected",
    "cancelled", "expired", "received",
)  # fmt: skip
UNDERWAY = ("accepted", "scheduled", "queued", "sending", "sent")


def upgrade() -> None:
    _allow(NEW)
    op.add_column("communication", sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("communication", sa.Column("retry_of", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_communication_retry_of"), "communication", "communication", ["retry_of"], ["id"]
    )
    op.create_index(
        "ix_communication_retry_of",
        "communication",
        ["retry_of"],
        postgresql_where=sa.text("retry_of IS NOT NULL"),
    )
    for name, where in (
        ("ix_communication_claimed", "status = 'claimed'"),
        ("ix_communication_underway", f"status IN {UNDERWAY}"),
    ):
        op.create_index(name, "communication", ["updated_at"], postgresql_where=sa.text(where))
    op.create_table(
        "phone_number",
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("condition", sa.String(), server_default="usable", nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("failed_sets", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_failed", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "condition IN ('usable', 'unreachable', 'invalid', 'landline', 'no-sms')",
            name=op.f("ck_phone_number_condition"),
        ),
        sa.CheckConstraint("failed_sets >= 0", name=op.f("ck_phone_number_failed_sets")),
        sa.PrimaryKeyConstraint("phone_index", name=op.f("pk_phone_number")),
    )
    op.create_table(
        "sender_line",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_code", sa.Integer(), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sender", name=op.f("pk_sender_line")),
    )
    op.create_table(
        "text_use",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("segments", sa.Integer(), server_default="0", nullable=False),
        sa.Column("texts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_text_use_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_use")),
    )
    op.create_index("uq_text_use_month", "text_use", ["practice_id", "month"], unique=True)
    for table in ("phone_number", "sender_line", "text_use"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {ROLE}")
    visible = f"practice_id::text = {SCOPE} OR {SCOPE} = '*'"
    op.execute("ALTER TABLE text_use ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY practice_scope ON text_use USING ({visible})")
    for column in ("segments_soft", "segments_hard"):
        op.add_column("practice", sa.Column(column, sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_practice_segments"), "practice", "segments_soft >= 0 AND segments_hard >= 0"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_practice_segments"), "practice", type_="check")
    for column in ("segments_hard", "segments_soft"):
        op.drop_column("practice", column)
    for table in ("text_use", "sender_line", "phone_number"):
        op.drop_table(table)
    for index in (
        "ix_communication_underway",
        "ix_communication_claimed",
        "ix_communication_retry_of",
    ):
        op.drop_index(index, table_name="communication")
    op.drop_constraint(op.f("fk_communication_retry_of"), "communication", type_="foreignkey")
    op.drop_column("communication", "retry_of")
    op.drop_column("communication", "turn_at")
    op.execute("UPDATE communication SET status = 'pending' WHERE status = 'claimed'")
    op.execute("UPDATE communication SET status = 'unknown' WHERE status = 'unsent'")
    _allow(OLD)


def _allow(statuses: tuple[str, ...]) -> None:
    name = op.f("ck_communication_status")
    op.drop_constraint(name, "communication", type_="check")
    op.create_check_constraint(name, "communication", f"status IN {statuses}")
