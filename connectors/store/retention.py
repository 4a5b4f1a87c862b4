"""What is past its time, a small batch at a time, by the one process that writes each table. Instants are driven."""

from sqlalchemy import Connection, delete, select
from sqlalchemy import tuple_ as both

from connectors.store.gate_seen import EXPECTED
from connectors.store.queue import OwedState
from connectors.store.tables import FEED, GATE_SEEN, GATHERED, OWED, UNMATCHED


def done(connection: Connection, queue: str, before: float, most: int) -> int:
    """Delete rows of a queue that ended well before this moment; how many.

    What gave up or stepped aside stays for ever, and so does an answer that is not known to be on its topic.
    """
    said = OWED.c.answer.is_(None) | (OWED.c.published_at > 0)
    old = (OWED.c.queue == queue, OWED.c.state == OwedState.DONE, OWED.c.done_at < before, said)
    rows = select(OWED.c.id).where(*old).order_by(OWED.c.done_at).limit(most)
    return connection.execute(delete(OWED).where(OWED.c.queue == queue, OWED.c.id.in_(rows))).rowcount


def feed(connection: Connection, before: float, most: int) -> int:
    """Delete the first rows of the feed, as far as they were fed before this moment; how many."""
    first = select(FEED.c.cursor, FEED.c.at).order_by(FEED.c.cursor).limit(most).subquery()
    rows = select(first.c.cursor).where(first.c.at < before)
    return connection.execute(delete(FEED).where(FEED.c.cursor.in_(rows))).rowcount


def gathered(connection: Connection, before: float, most: int) -> int:
    """Forget which notices a digest told that came before this moment; how many."""
    told = (GATHERED.c.at < before, GATHERED.c.digest.is_not(None))
    rows = select(GATHERED.c.notice_id).where(*told).order_by(GATHERED.c.at).limit(most)
    return connection.execute(delete(GATHERED).where(GATHERED.c.notice_id.in_(rows))).rowcount


def seen(connection: Connection, before: float, most: int) -> int:
    """Forget events that came in before this moment, but for the last of each source and what is expected again."""
    later = GATE_SEEN.alias("later")
    newer = select(1).where(later.c.source == GATE_SEEN.c.source, later.c.at > GATE_SEEN.c.at).exists()
    rows = (
        select(GATE_SEEN.c.source, GATE_SEEN.c.id)
        .where(GATE_SEEN.c.at < before, GATE_SEEN.c.digest != EXPECTED, newer)
        .order_by(GATE_SEEN.c.at)
        .limit(most)
    )
    old = connection.execute(rows).all()
    if not old:
        return 0
    mine = both(GATE_SEEN.c.source, GATE_SEEN.c.id).in_([tuple(row) for row in old])
    return connection.execute(delete(GATE_SEEN).where(mine)).rowcount


def unmatched(connection: Connection, before: float, most: int) -> int:
    """Delete updates that waited for their receipt since before this moment; how many."""
    rows = select(UNMATCHED.c.id).where(UNMATCHED.c.at < before).order_by(UNMATCHED.c.at).limit(most)
    return connection.execute(delete(UNMATCHED).where(UNMATCHED.c.id.in_(rows))).rowcount
