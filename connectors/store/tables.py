"""Every table, with the one component that writes it. Bodies are bytes; instants of the trade are driven unix seconds,
leases and the age of a call real ones.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Serial = BigInteger().with_variant(Integer, "sqlite")
"""A number the database counts: SQLite counts only plain integers."""

OWED = Table(
    "owed",
    METADATA,
    Column("queue", String(30), primary_key=True),
    Column("id", String(300), primary_key=True),
    Column("lane", String(80), nullable=False),
    Column("sequence_key", String(300), nullable=False, comment="what keeps its order: one of a key at a time"),
    Column("order_no", BigInteger, nullable=False, comment="the place within its key"),
    Column("urgency", Integer, nullable=False, server_default="0", comment="the lower goes first"),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(20), nullable=False, comment="OWED, IN_FLIGHT, DONE, GAVE_UP, ASIDE"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Float, nullable=False, comment="driven unix seconds"),
    Column("in_doubt", Boolean, nullable=False, server_default=text("false")),
    Column("sent_at", Float, comment="real unix seconds: when the call began that may have been taken"),
    Column("day", String(10), comment="of collection, as its first call asked for it"),
    Column("last_error", Text),
    Column("answer", LargeBinary, comment="the facts that say how it ended, written with the end itself"),
    Column("published_at", Float, comment="driven unix seconds: when the answer was on its topic"),
    Column("created_at", Float, nullable=False, comment="driven unix seconds"),
    Column("done_at", Float, comment="driven unix seconds"),
    Index("ix_owed_turn", "queue", "lane", "state", "urgency", "next_at", "order_no"),
    Index("ix_owed_when", "queue", "lane", "state", "next_at"),
    Index("ix_owed_sequence", "queue", "sequence_key", "state", "order_no"),
    Index(
        "ix_owed_done",
        "queue",
        "done_at",
        sqlite_where=text("state = 'DONE'"),
        postgresql_where=text("state = 'DONE'"),
    ),
    Index(
        "ix_owed_unpublished",
        "queue",
        sqlite_where=text("answer IS NOT NULL AND published_at IS NULL"),
        postgresql_where=text("answer IS NOT NULL AND published_at IS NULL"),
    ),
    comment="What a partner is still owed. Writer: the one component its queue belongs to (dispatch, poll, notify)",
)

LANES = Table(
    "lanes",
    METADATA,
    Column("queue", String(30), primary_key=True),
    Column("lane", String(80), primary_key=True),
    Column("owner", String(200)),
    Column("leased_until", Float, nullable=False, server_default="0", comment="real unix seconds"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("opens_at", Float, nullable=False, server_default="0", comment="driven unix seconds; broken until then"),
    Column("allowed", Integer, nullable=False, server_default="0", comment="slow start: at once; 0: no limit"),
    comment="A partner's lane: who holds it, whether it is broken. Writer: the lane's holder",
)

ITEMS = Table(
    "items",
    METADATA,
    Column("carrier", String(31), primary_key=True),
    Column("item", String(200), primary_key=True),
    Column("reference", String(200), nullable=False),
    Column("dossier", String(200), nullable=False),
    Column("leg", String(3), nullable=False),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Index("ix_items_reference", "carrier", "reference"),
    comment="Which leg a carrier's item belongs to, learned from order_accepted. Writer: translate",
)

UNMATCHED = Table(
    "unmatched",
    METADATA,
    Column("id", String(60), primary_key=True),
    Column("carrier", String(31), nullable=False),
    Column("item", String(200), nullable=False),
    Column("reference", String(200), nullable=False),
    Column("update", LargeBinary, nullable=False, comment="under the key of its day"),
    Column("why", String(200), nullable=False),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Index("ix_unmatched_item", "carrier", "item"),
    Index("ix_unmatched_reference", "carrier", "reference"),
    comment="Updates that belong to no leg we know; tried again as receipts arrive. Writer: translate; hoso erase",
)

ITEM_CODES = Table(
    "item_codes",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("carrier", String(31), nullable=False),
    Column("code", String(30), nullable=False),
    Column("state", String(10), nullable=False, comment="FREE, BOUND, SPENT"),
    Column("reference", String(200), comment="of the leg that it is or was bound to"),
    Column("added_at", Float, nullable=False, comment="driven unix seconds"),
    Column("bound_at", Float, comment="driven unix seconds"),
    Column("spent_at", Float, comment="driven unix seconds"),
    UniqueConstraint("carrier", "code"),
    Index("ix_item_codes_state", "carrier", "state", "id"),
    Index(
        "ix_item_codes_bound",
        "carrier",
        "reference",
        unique=True,
        sqlite_where=text("state = 'BOUND'"),
        postgresql_where=text("state = 'BOUND'"),
    ),
    comment="Item codes that a carrier issued beforehand; none is ever given back. "
    "Writer: dispatch; hoso carrier pool adds",
)

SEALED_KEYS = Table(
    "sealed_keys",
    METADATA,
    Column("key_id", String(64), primary_key=True),
    Column("dossier", String(200), nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    comment="The wrapped key of each sealed value. Writer: whoever seals (the gate, translate, dispatch); hoso erase",
)

AGENCY_KEYS = Table(
    "agency_keys",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("agency", String(40), nullable=False, index=True),
    Column("created_at", Float, nullable=False, comment="driven unix seconds"),
    Column("revoked_at", Float, comment="driven unix seconds"),
    comment="Hashes of the keys agencies show at the HTTP door. Writer: hoso agency",
)

AGENCY_SECRETS = Table(
    "agency_secrets",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("agency", String(40), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False, comment="driven unix seconds"),
    Column("retired_at", Float, comment="driven unix seconds"),
    comment="What signs an agency's callbacks, sealed. Writer: hoso agency",
)

FEED = Table(
    "feed",
    METADATA,
    Column("cursor", Serial, primary_key=True, autoincrement=True),
    Column("agency", String(40), nullable=False),
    Column("notice_id", String(200), nullable=False),
    Column("topic", String(100), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Column("dossier", String(200), index=True, comment="whom the row tells of"),
    Column("change", String(60), comment="of the reference data, where it follows from one"),
    UniqueConstraint("notice_id"),
    Index("ix_feed_agency", "agency", "cursor"),
    Index(
        "ix_feed_change",
        "agency",
        "change",
        "cursor",
        sqlite_where=text("change IS NOT NULL"),
        postgresql_where=text("change IS NOT NULL"),
    ),
    comment="An agency's notices in order, for those who pull. Writer: notify; hoso erase blanks",
    sqlite_autoincrement=True,
)

DIGESTS = Table(
    "digests",
    METADATA,
    Column("agency", String(40), primary_key=True),
    Column("change", String(60), primary_key=True),
    Column("version", String(200), nullable=False, comment="of the reference data, that came into force"),
    Column("in_force_at", String(40), nullable=False, comment="ISO 8601"),
    Column("why", Text, comment="the longest reason that a notice of it gave"),
    Column("parts", Integer, nullable=False, server_default="0", comment="how many digests were owed of it"),
    Column("since", Float, comment="driven unix seconds: when the first came that is in no digest yet"),
    Column("last_at", Float, comment="driven unix seconds: when the last of these came"),
    comment="A change of the reference data as an agency is told of it: how often, since when more is gathered. "
    "Writer: notify",
)

GATHERED = Table(
    "gathered",
    METADATA,
    Column("notice_id", String(200), primary_key=True),
    Column("agency", String(40), nullable=False),
    Column("change", String(60), nullable=False),
    Column("dossier", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("was", String(200), nullable=False, comment="the version that the dossier rested on before"),
    Column("previous_on", String(10)),
    Column("due_on", String(10)),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Column("digest", String(60), comment="the one that tells of it; none while it is gathered"),
    Index("ix_gathered_change", "agency", "change", "digest"),
    Index("ix_gathered_at", "at"),
    comment="Notices that a change of the reference data brought, told in digests. Writer: notify",
)

ENDPOINTS = Table(
    "endpoints",
    METADATA,
    Column("agency", String(40), primary_key=True),
    Column("url", String(500), nullable=False),
    Column("verified_at", Float, comment="driven unix seconds"),
    Column("disabled_at", Float, comment="driven unix seconds"),
    Column("why", String(500)),
    comment="Whether an agency's callback answered its challenge, or wants no more. Writer: notify",
)

GATE_SEEN = Table(
    "gate_seen",
    METADATA,
    Column("source", String(120), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Index("ix_gate_seen_at", "at"),
    comment="Which events came in lately, for a 409 as best it can. Writer: the gate behind both doors",
)

RESULT_RECEIPTS = Table(
    "result_receipts",
    METADATA,
    Column("dossier", String(200), primary_key=True),
    Column("number", Integer, primary_key=True, comment="the n-th statement about this dossier"),
    Column("id", String(60), nullable=False),
    Column("sequence", Integer, nullable=False, comment="of the public state that it is made from"),
    Column("receiving_agency", String(40)),
    Column("competent_agency", String(40)),
    Column("day", String(10), nullable=False, comment="whose tree it belongs to"),
    Column("leaf", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the signed receipt as JSON"),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Index("ix_result_receipts_day", "day", "id"),
    comment="Signed receipts of results handed over; the last of a dossier is in effect. Writer: notify",
)

RECEIPT_DAYS = Table(
    "receipt_days",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("chain", String(64), nullable=False, comment="over this day and all before it"),
    Column("body", LargeBinary, nullable=False, comment="what receipts.roots is told of it"),
    Column("published_at", Float, comment="driven unix seconds: when it was on its topic"),
    comment="Days whose receipts are closed: nothing is added to one any more. Writer: notify",
)

REVEALS = Table(
    "reveals",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Column("person", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("agency", String(40), comment="the person's own"),
    Column("dossier", String(200), nullable=False, index=True),
    Column("why", Text, nullable=False, comment="in the person's words"),
    Column("kinds", String(200), nullable=False, comment="the facts that were opened"),
    comment="Who opened a citizen's contact, when and why; nothing is ever removed. Writer: the console",
)

DAY_KEYS = Table(
    "day_keys",
    METADATA,
    Column("id", String(60), primary_key=True, comment="purpose and day"),
    Column("purpose", String(20), nullable=False),
    Column("day", String(10), nullable=False, comment="in Viet Nam, driven"),
    Column("wrapped", LargeBinary, comment="what opens; none once it is destroyed"),
    Column("public", LargeBinary, comment="what seals, where that is another key"),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Column("destroyed_at", Float, comment="driven unix seconds"),
    Index("ix_day_keys_purpose", "purpose", "day"),
    comment="The key of a day and purpose. Writer: whoever seals first that day; the edge destroys",
)

ERASURES = Table(
    "erasures",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("dossier", String(200), nullable=False, index=True),
    Column("at", Float, nullable=False, comment="driven unix seconds"),
    Column("keys", Integer, nullable=False, comment="how many were destroyed"),
    Column("digest", String(64), nullable=False, comment="SHA-256 over the destroyed keys' ids"),
    Column("feed", Integer, nullable=False, comment="rows of the feed that were blanked"),
    Column("unmatched", Integer, nullable=False, comment="carriers' updates that were deleted"),
    Column("fact", LargeBinary, nullable=False, comment="what the log is told of it"),
    Column("stated_at", Float, comment="driven unix seconds: when the fact was on the log"),
    comment="What was erased, when; nothing is ever removed. Writer: hoso erase",
)
