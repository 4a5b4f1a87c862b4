"""Receipts of results handed over, and the days that are closed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipt_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False, comment="over this day and all before it"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="what receipts.roots is told of it"),
        sa.Column("published_at", sa.Float(), nullable=True, comment="driven unix seconds: when it was on its topic"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_receipt_days")),
        comment="Days whose receipts are closed: nothing is added to one any more. Writer: notify",
    )
    op.create_table(
        "result_receipts",
        sa.Column("dossier", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="the n-th statement about this dossier"),
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="of the public state that it is made from"),
        sa.Column("receiving_agency", sa.String(length=40), nullable=True),
        sa.Column("competent_agency", sa.String(length=40), nullable=True),
        sa.Column("day", sa.String(length=10), nullable=False, comment="whose tree it belongs to"),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the signed receipt as JSON"),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("dossier", "number", name=op.f("pk_result_receipts")),
        comment="Signed receipts of results handed over; the last of a dossier is in effect. Writer: notify",
    )
    op.create_index("ix_result_receipts_day", "result_receipts", ["day", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_result_receipts_day", table_name="result_receipts")
    op.drop_table("result_receipts")
    op.drop_table("receipt_days")
