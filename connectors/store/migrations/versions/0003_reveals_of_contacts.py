"""Who opened a citizen's contact, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reveals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=True, comment="the person's own"),
        sa.Column("dossier", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False, comment="in the person's words"),
        sa.Column("kinds", sa.String(length=200), nullable=False, comment="the facts that were opened"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveals")),
        comment="Who opened a citizen's contact, when and why; nothing is ever removed. Writer: the console",
    )
    op.create_index(op.f("ix_reveals_dossier"), "reveals", ["dossier"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_reveals_dossier"), table_name="reveals")
    op.drop_table("reveals")
