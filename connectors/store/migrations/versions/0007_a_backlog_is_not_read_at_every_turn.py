"""Whose turn it is, and when the next is due, are the first of an index, however much is owed."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_owed_turn", "owed", ["queue", "lane", "state", "urgency", "next_at", "order_no"], unique=False)
    op.create_index("ix_owed_when", "owed", ["queue", "lane", "state", "next_at"], unique=False)
    op.drop_index("ix_owed_next", table_name="owed")


def downgrade() -> None:
    op.create_index("ix_owed_next", "owed", ["queue", "lane", "state", "urgency", "next_at"], unique=False)
    op.drop_index("ix_owed_when", table_name="owed")
    op.drop_index("ix_owed_turn", table_name="owed")
