"""Notices that one change of the reference data brought: gathered, told in digests, found together in the feed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("change", sa.String(length=60), nullable=False),
        sa.Column(
            "version", sa.String(length=200), nullable=False, comment="of the reference data, that came into force"
        ),
        sa.Column("in_force_at", sa.String(length=40), nullable=False, comment="ISO 8601"),
        sa.Column("why", sa.Text(), nullable=True, comment="the longest reason that a notice of it gave"),
        sa.Column(
            "parts", sa.Integer(), server_default="0", nullable=False, comment="how many digests were owed of it"
        ),
        sa.Column(
            "since",
            sa.Float(),
            nullable=True,
            comment="driven unix seconds: when the first came that is in no digest yet",
        ),
        sa.Column("last_at", sa.Float(), nullable=True, comment="driven unix seconds: when the last of these came"),
        sa.PrimaryKeyConstraint("agency", "change", name=op.f("pk_digests")),
        comment="A change of the reference data as an agency is told of it: how often, since when more is gathered. "
        "Writer: notify",
    )
    op.create_table(
        "gathered",
        sa.Column("notice_id", sa.String(length=200), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("change", sa.String(length=60), nullable=False),
        sa.Column("dossier", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "was", sa.String(length=200), nullable=False, comment="the version that the dossier rested on before"
        ),
        sa.Column("previous_on", sa.String(length=10), nullable=True),
        sa.Column("due_on", sa.String(length=10), nullable=True),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column(
            "digest", sa.String(length=60), nullable=True, comment="the one that tells of it; none while it is gathered"
        ),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_gathered")),
        comment="Notices that a change of the reference data brought, told in digests. Writer: notify",
    )
    op.create_index("ix_gathered_change", "gathered", ["agency", "change", "digest"], unique=False)
    op.create_index("ix_gathered_at", "gathered", ["at"], unique=False)
    op.add_column(
        "feed",
        sa.Column(
            "change", sa.String(length=60), nullable=True, comment="of the reference data, where it follows from one"
        ),
    )
    op.create_index(
        "ix_feed_change",
        "feed",
        ["agency", "change", "cursor"],
        unique=False,
        sqlite_where=sa.text("change IS NOT NULL"),
        postgresql_where=sa.text("change IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_feed_change", table_name="feed")
    op.drop_column("feed", "change")
    op.drop_index("ix_gathered_at", table_name="gathered")
    op.drop_index("ix_gathered_change", table_name="gathered")
    op.drop_table("gathered")
    op.drop_table("digests")
