"""An entry told before its first writing takes the day of that when it comes."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT UPDATE (at) ON activity_entry TO lumbra_app")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (at) ON activity_entry FROM lumbra_app")
