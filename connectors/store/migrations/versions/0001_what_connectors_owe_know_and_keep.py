"""What connectors owe, know and keep: the first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency_keys",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("revoked_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_agency_keys")),
        comment="Hashes of the keys agencies show at the HTTP door. Writer: hoso agency",
    )
    op.create_index(op.f("ix_agency_keys_agency"), "agency_keys", ["agency"], unique=False)
    op.create_table(
        "agency_secrets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("retired_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_secrets")),
        comment="What signs an agency's callbacks, sealed. Writer: hoso agency",
    )
    op.create_index(op.f("ix_agency_secrets_agency"), "agency_secrets", ["agency"], unique=False)
    op.create_table(
        "endpoints",
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("verified_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.Column("disabled_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.Column("why", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("agency", name=op.f("pk_endpoints")),
        comment="Whether an agency's callback answered its challenge, or wants no more. Writer: notify",
    )
    op.create_table(
        "feed",
        sa.Column("cursor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("notice_id", sa.String(length=200), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("cursor", name=op.f("pk_feed")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_feed_notice_id")),
        comment="An agency's notices in order, for those who pull. Writer: notify",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feed_agency", "feed", ["agency", "cursor"], unique=False)
    op.create_table(
        "gate_seen",
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("source", "id", name=op.f("pk_gate_seen")),
        comment="Which events came in lately, for a 409 as best it can. Writer: the gate behind both doors",
    )
    op.create_index("ix_gate_seen_at", "gate_seen", ["at"], unique=False)
    op.create_table(
        "items",
        sa.Column("carrier", sa.String(length=31), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("dossier", sa.String(length=200), nullable=False),
        sa.Column("leg", sa.String(length=3), nullable=False),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("carrier", "item", name=op.f("pk_items")),
        comment="Which leg a carrier's item belongs to, learned from order_accepted. Writer: translate",
    )
    op.create_index("ix_items_reference", "items", ["carrier", "reference"], unique=False)
    op.create_table(
        "lanes",
        sa.Column("queue", sa.String(length=30), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("leased_until", sa.Float(), server_default="0", nullable=False, comment="real unix seconds"),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="in a row"),
        sa.Column(
            "opens_at", sa.Float(), server_default="0", nullable=False, comment="driven unix seconds; broken until then"
        ),
        sa.Column(
            "allowed", sa.Integer(), server_default="0", nullable=False, comment="slow start: at once; 0: no limit"
        ),
        sa.PrimaryKeyConstraint("queue", "lane", name=op.f("pk_lanes")),
        comment="A partner's lane: who holds it, whether it is broken. Writer: the lane's holder",
    )
    op.create_table(
        "owed",
        sa.Column("queue", sa.String(length=30), nullable=False),
        sa.Column("id", sa.String(length=300), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column(
            "sequence_key",
            sa.String(length=300),
            nullable=False,
            comment="what keeps its order: one of a key at a time",
        ),
        sa.Column("order_no", sa.BigInteger(), nullable=False, comment="the place within its key"),
        sa.Column("urgency", sa.Integer(), server_default="0", nullable=False, comment="the lower goes first"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False, comment="OWED, IN_FLIGHT, DONE, GAVE_UP, ASIDE"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("in_doubt", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "sent_at",
            sa.Float(),
            nullable=True,
            comment="real unix seconds: when the call began that may have been taken",
        ),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column(
            "answer",
            sa.LargeBinary(),
            nullable=True,
            comment="the facts that say how it ended, written with the end itself",
        ),
        sa.Column(
            "published_at", sa.Float(), nullable=True, comment="driven unix seconds: when the answer was on its topic"
        ),
        sa.Column("created_at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.Column("done_at", sa.Float(), nullable=True, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("queue", "id", name=op.f("pk_owed")),
        comment="What a partner is still owed. Writer: the one component its queue belongs to (dispatch, poll, notify)",
    )
    op.create_index("ix_owed_next", "owed", ["queue", "lane", "state", "urgency", "next_at"], unique=False)
    op.create_index("ix_owed_sequence", "owed", ["queue", "sequence_key", "state", "order_no"], unique=False)
    op.create_index(
        "ix_owed_unpublished",
        "owed",
        ["queue"],
        unique=False,
        sqlite_where=sa.text("answer IS NOT NULL AND published_at IS NULL"),
        postgresql_where=sa.text("answer IS NOT NULL AND published_at IS NULL"),
    )
    op.create_table(
        "sealed_keys",
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("dossier", sa.String(length=200), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_sealed_keys")),
        comment="The wrapped key of each sealed value. Writer: whoever seals (the gate, translate, dispatch)",
    )
    op.create_index(op.f("ix_sealed_keys_dossier"), "sealed_keys", ["dossier"], unique=False)
    op.create_table(
        "unmatched",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("carrier", sa.String(length=31), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("update", sa.LargeBinary(), nullable=False, comment="under the evidence key"),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.Float(), nullable=False, comment="driven unix seconds"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmatched")),
        comment="Updates that belong to no leg we know; tried again as receipts arrive. Writer: translate",
    )
    op.create_index("ix_unmatched_item", "unmatched", ["carrier", "item"], unique=False)
    op.create_index("ix_unmatched_reference", "unmatched", ["carrier", "reference"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_unmatched_reference", table_name="unmatched")
    op.drop_index("ix_unmatched_item", table_name="unmatched")
    op.drop_table("unmatched")
    op.drop_index(op.f("ix_sealed_keys_dossier"), table_name="sealed_keys")
    op.drop_table("sealed_keys")
    op.drop_index(
        "ix_owed_unpublished",
        table_name="owed",
        sqlite_where=sa.text("answer IS NOT NULL AND published_at IS NULL"),
        postgresql_where=sa.text("answer IS NOT NULL AND published_at IS NULL"),
    )
    op.drop_index("ix_owed_sequence", table_name="owed")
    op.drop_index("ix_owed_next", table_name="owed")
    op.drop_table("owed")
    op.drop_table("lanes")
    op.drop_index("ix_items_reference", table_name="items")
    op.drop_table("items")
    op.drop_index("ix_gate_seen_at", table_name="gate_seen")
    op.drop_table("gate_seen")
    op.drop_index("ix_feed_agency", table_name="feed")
    op.drop_table("feed")
    op.drop_table("endpoints")
    op.drop_index(op.f("ix_agency_secrets_agency"), table_name="agency_secrets")
    op.drop_table("agency_secrets")
    op.drop_index(op.f("ix_agency_keys_agency"), table_name="agency_keys")
    op.drop_table("agency_keys")
