"""The pool of item codes of a carrier, and the day that an order asks for in every try."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_codes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("carrier", sa.String(length=31), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="FREE, BOUND, SPENT"),
        sa.Column("reference", sa.String(length=200), nullable=True, comment="of the leg that it is or was bound to"),
        sa.Column("added_at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("bound_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.Column("spent_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_codes")),
        sa.UniqueConstraint("carrier", "code", name=op.f("uq_item_codes_carrier_code")),
        comment="Item codes that a carrier issued beforehand; none is ever given back. "
        "Writer: dispatch; hoso carrier pool adds",
    )
    op.create_index("ix_item_codes_state", "item_codes", ["carrier", "state", "id"], unique=False)
    op.create_index(
        "ix_item_codes_bound",
        "item_codes",
        ["carrier", "reference"],
        unique=True,
        sqlite_where=sa.text("state = 'BOUND'"),
        postgresql_where=sa.text("state = 'BOUND'"),
    )
    op.add_column(
        "owed",
        sa.Column("day", sa.String(length=10), nullable=True, comment="of collection, as its first call asked for it"),
    )


def downgrade() -> None:
    op.drop_column("owed", "day")
    op.drop_index("ix_item_codes_bound", table_name="item_codes")
    op.drop_index("ix_item_codes_state", table_name="item_codes")
    op.drop_table("item_codes")
