"""Keep answers that were carried from earlier the same day; one score of each version.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VERSIONED = ["response_id", "code", "instrument_version", "scoring_version"]


def upgrade() -> None:
    op.add_column(
        "questionnaire_response",
        sa.Column(
            "carried",
            postgresql.JSONB(none_as_null=True),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    # The new index begins with the old one's column and serves its readers, too.
    op.create_index("uq_score_version", "score", VERSIONED, unique=True)
    op.drop_index("ix_score_response", table_name="score")


def downgrade() -> None:
    op.create_index("ix_score_response", "score", ["response_id"], unique=False)
    op.drop_index("uq_score_version", table_name="score")
    op.drop_column("questionnaire_response", "carried")
