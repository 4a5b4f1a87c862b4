"""The key of each day, whose dossier a row of the feed tells of, and what was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_keys",
        sa.Column("id", sa.String(length=60), nullable=False, comment="purpose and day"),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False, comment="in Viet Nam, driven"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True, comment="what opens; none once it is destroyed"),
        sa.Column("public", sa.LargeBinary(), nullable=True, comment="what seals, where that is another key"),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("destroyed_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_keys")),
        comment="The key of a day and purpose. Writer: whoever seals first that day; the edge destroys",
    )
    op.create_index("ix_day_keys_purpose", "day_keys", ["purpose", "day"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("dossier", sa.String(length=200), nullable=False),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("keys", sa.Integer(), nullable=False, comment="how many were destroyed"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 over the destroyed keys' ids"),
        sa.Column("feed", sa.Integer(), nullable=False, comment="rows of the feed that were blanked"),
        sa.Column("unmatched", sa.Integer(), nullable=False, comment="carriers' updates that were deleted"),
        sa.Column("fact", sa.LargeBinary(), nullable=False, comment="what the log is told of it"),
        sa.Column("stated_at", sa.Float(), nullable=True, comment="driven unix seconds: when the fact was on the log"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        comment="What was erased, when; nothing is ever removed. Writer: hoso erase",
    )
    op.create_index(op.f("ix_erasures_dossier"), "erasures", ["dossier"], unique=False)
    op.create_index(
        "ix_owed_done",
        "owed",
        ["queue", "done_at"],
        unique=False,
        sqlite_where=sa.text("state = 'DONE'"),
        postgresql_where=sa.text("state = 'DONE'"),
    )
    op.add_column("feed", sa.Column("dossier", sa.String(length=200), nullable=True, comment="whom the row tells of"))
    op.create_index(op.f("ix_feed_dossier"), "feed", ["dossier"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_owed_done", table_name="owed")
    op.drop_index(op.f("ix_feed_dossier"), table_name="feed")
    op.drop_column("feed", "dossier")
    op.drop_index(op.f("ix_erasures_dossier"), table_name="erasures")
    op.drop_table("erasures")
    op.drop_index("ix_day_keys_purpose", table_name="day_keys")
    op.drop_table("day_keys")
