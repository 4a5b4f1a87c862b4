"""The tables of the read model: made in sets, so that one is filled while another serves.

A set's tables bear its name before theirs (`read2a_dossiers`): the number is the form of this release's tables. Nothing
migrates: another form is another set, filled from the topics. Each table has one topic as its only source. Of a contact
only its ward comes in, and no name, no free text. Instants are driven unix seconds, days are text, YYYY-MM-DD.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import SchemaItem

FORM = 2
"""Another form of the tables is another number: a release that changes a column counts it up."""
LETTERS = ("a", "b")
"""A form has two sets: while one serves, the other is filled or is what served before."""

CONTROL = MetaData()
SETS = Table(
    "read_sets",
    CONTROL,
    Column("name", String(10), primary_key=True, comment="form and letter: 1a"),
    Column("form", Integer, nullable=False),
    Column("state", String(10), nullable=False, comment="FILLING, SERVING, BEFORE"),
    Column("topics", Text, nullable=False, comment="the identity of each topic it is filled from, as JSON"),
    Column("since", Float, nullable=False, comment="driven unix seconds: since when in this state"),
    comment="The sets of tables there are. Writer: project",
)

Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps a row by its number itself only if that is a plain integer."""
DAY, CODE, AGENCY, WORD = String(10), String(200), String(40), String(200)


@dataclass(frozen=True)
class Tables:
    """One set."""

    metadata: MetaData
    projected: Table
    dossiers: Table
    tracking: Table
    facts: Table
    deadlines: Table
    notices: Table
    receipts: Table
    rejections: Table
    reference: Table


@cache
def tables_of(name: str) -> Tables:
    """The tables of the set of this name."""
    made = MetaData()

    def table(short: str, *items: SchemaItem, comment: str) -> Table:
        return Table(f"read{name}_{short}", made, *items, comment=f"{comment}. Writer: project")

    def index(short: str, *columns: str | Column[Any]) -> Index:
        return Index(f"ix_read{name}_{short}", *columns)

    def few(short: str, column: Column[Any], which: ColumnElement[bool]) -> Index:
        """An index of the few rows that somebody has to look at, in each dialect's words for such a question."""
        on_sqlite = text(f"{column.name} = 1") if isinstance(column.type, Boolean) else which
        return Index(f"ix_read{name}_{short}", column, sqlite_where=on_sqlite, postgresql_where=which)

    due_on, problem = Column("due_on", DAY), Column("problem", Text)
    parked, refused = Column("parked", Boolean, nullable=False), Column("refused", Boolean, nullable=False)
    carrier_code = Column("carrier_code", WORD, comment="of a movement that is not understood: the carrier's code")
    heard_by = Column("heard_by", Float, comment="until when the next word of one of its parcels is expected")

    return Tables(
        metadata=made,
        projected=table(
            "projected",
            Column("topic", String(100), primary_key=True),
            Column("partition", Integer, primary_key=True),
            Column("next", BigInteger, nullable=False),
            comment="How far each partition is told: the offset that comes next, written with the rows",
        ),
        dossiers=table(
            "dossiers",
            Column("code", CODE, primary_key=True),
            Column("sequence", Integer, nullable=False),
            Column("recorded_at", Float, nullable=False, comment="when its last fact was taken in"),
            Column("status", WORD, nullable=False),
            Column("national_status", Integer),
            Column("undelivered", Boolean, nullable=False),
            Column("receiving_agency", AGENCY),
            Column("competent_agency", AGENCY),
            Column("holder", AGENCY),
            Column("procedure_code", WORD),
            Column("channel", WORD),
            Column("return_mode", WORD),
            Column("promised_due_on", DAY),
            Column("clock_state", WORD, nullable=False),
            Column("started_at", Float),
            due_on,
            Column("due_at", Float),
            Column("outcome", WORD),
            Column("provisional", Boolean, nullable=False),
            Column("reason", WORD),
            Column("basis", Text),
            problem,
            Column("waiting", Integer, nullable=False),
            parked,
            refused,
            heard_by,
            Column("refversion", String(200)),
            Column("started_under", String(200)),
            Column("entered_at", Float, comment="its first reception or signed minutes"),
            Column("ended_at", Float, comment="its last fact that ends a clock"),
            Column("clock_facts", Text, nullable=False, comment="JSON, as in the public state; so are these two"),
            Column("days", Text, nullable=False),
            Column("legs", Text, nullable=False),
            index("dossiers_agency", "competent_agency", "ended_at"),
            index("dossiers_received", "receiving_agency", "clock_state"),
            index("dossiers_due", "clock_state", "due_on", "competent_agency", "receiving_agency", "holder", "status"),
            few("dossiers_problem", problem, problem.is_not(None)),
            few("dossiers_parked", parked, parked),
            few("dossiers_refused", refused, refused),
            few("dossiers_heard_by", heard_by, heard_by.is_not(None)),
            comment="Each dossier as the workers said it last, from dossier.state",
        ),
        tracking=table(
            "tracking",
            Column("code", String(20), primary_key=True),
            Column("dossier", CODE, nullable=False),
            comment="Which dossier a citizen's tracking code is of, from dossier.events",
        ),
        facts=table(
            "facts",
            Column("place", Number, primary_key=True, autoincrement=False, comment="partition and offset in one"),
            Column("dossier", CODE, nullable=False),
            Column("ref", String(330), nullable=False, comment="source and id"),
            Column("kind", WORD, nullable=False),
            Column("at", Float, nullable=False),
            Column("recorded_at", Float, nullable=False),
            Column("word", WORD, comment="channel, stage, outcome, direction or status, as the kind has it"),
            Column("agency", AGENCY),
            Column("leg", String(3)),
            Column("carrier", String(31)),
            Column("certainty", WORD),
            Column("day", DAY, comment="the new due date, the promised one or the limit"),
            Column("amount", BigInteger),
            Column("complete", Boolean),
            Column("retracts", String(330), comment="source and id of the fact taken back"),
            carrier_code,
            Column("evidence", String(64), comment="and the digest of the webhook it came in"),
            Column("ward", String(6), comment="where a contact lies: the code of its ward, and nothing else of it"),
            Column("scores", String(20), comment="a citizen's points for each question, a digit each"),
            index("facts_dossier", "dossier", "kind"),
            index("facts_kind", "kind", "at"),
            few("facts_not_understood", carrier_code, carrier_code.is_not(None)),
            comment="What happened to a dossier, without contact and words, from dossier.events",
        ),
        deadlines=table(
            "deadlines",
            Column("place", Number, primary_key=True, autoincrement=False, comment="partition and offset in one"),
            Column("dossier", CODE, nullable=False),
            Column("kind", WORD, nullable=False),
            Column("at", Float, nullable=False),
            Column("recorded_at", Float, nullable=False),
            Column("day", DAY, comment="the due date or the limit"),
            Column("word", WORD, comment="outcome, reason, policy, expected status or violation, as the kind has it"),
            Column("holder", AGENCY),
            Column("leg", String(3)),
            Column("carrier", String(31)),
            Column("step", Integer),
            Column("days", Integer, comment="working days left, or days late below zero"),
            index("deadlines_dossier", "dossier", "kind"),
            index("deadlines_kind", "kind", "at"),
            comment="What was said of a dossier's deadlines and legs, from dossier.deadlines",
        ),
        notices=table(
            "notices",
            Column("id", String(200), primary_key=True),
            Column("dossier", CODE, nullable=False),
            Column("agency", AGENCY, nullable=False),
            Column("kind", WORD, nullable=False),
            Column("sequence", Integer, nullable=False),
            Column("at", Float, nullable=False),
            Column("recorded_at", Float, nullable=False),
            index("notices_dossier", "dossier"),
            index("notices_kind", "kind", "at"),
            comment="What an agency is owed a word about, without the words, from agency.notices",
        ),
        receipts=table(
            "receipts",
            Column("place", Number, primary_key=True, autoincrement=False, comment="partition and offset in one"),
            Column("notice", String(200), nullable=False),
            Column("dossier", CODE, nullable=False),
            Column("agency", AGENCY, nullable=False),
            Column("kind", WORD, nullable=False, comment="delivered, attempt_failed, gave_up, stepped_aside"),
            Column("attempt", Integer, nullable=False),
            Column("status", Integer),
            Column("at", Float, nullable=False),
            Column("next_at", Float),
            index("receipts_notice", "notice"),
            index("receipts_kind", "kind", "at"),
            comment="What became of telling an agency, from agency.receipts",
        ),
        rejections=table(
            "rejections",
            Column("place", Number, primary_key=True, autoincrement=False, comment="partition and offset in one"),
            Column("agency", AGENCY, nullable=False),
            Column("at", Float, nullable=False),
            Column("faults", Integer, nullable=False),
            index("rejections_at", "at"),
            comment="How many faulty fields the gate named to an agency, from agency.rejections",
        ),
        reference=table(
            "reference",
            Column("version", String(200), primary_key=True),
            Column("place", BigInteger, nullable=False, comment="the newest one is in force"),
            Column("body", Text, nullable=False, comment="the bundle as JSON"),
            comment="Every version of the reference data, from reference",
        ),
    )
