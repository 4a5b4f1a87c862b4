"""The read model: how far it is behind its topics, and how many dossiers stand how in it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from sqlalchemy import select

from connectors.broker.ends import ends
from connectors.monitors.board import Sample
from connectors.project import sets
from connectors.project.counting import Late, Open, late_rungs, open_dossiers, parked_dossiers
from connectors.project.heard import TOPICS
from connectors.store import Store
from rules.deadlines.rungs import missed_at
from schemas.instant import date_of, now


class Projection:
    """The look at how far the read model is told."""

    def __init__(self, bootstrap: str, store: Store) -> None:
        self._bootstrap, self._store = bootstrap, store

    def look(self) -> list[Sample]:
        """How many records of each topic it lacks. Nothing where there is no read model. Raises TryLater."""
        try:
            with sets.looking(self._store) as (connection, tables):
                table = tables.projected
                rows = connection.execute(select(table.c.topic, table.c.partition, table.c.next))
                told = {(row.topic, row.partition): row.next for row in rows}
        except sets.NotFilled:
            return []
        # What was told first, then where the topics end: so it is never ahead of them.
        lacks = dict.fromkeys(TOPICS, 0)
        for place, end in ends(self._bootstrap, TOPICS).items():
            lacks[place[0]] += max(0, end - told.get(place, 0))
        return [Sample("hoso_projection_behind_records", (topic,), records) for topic, records in lacks.items()]


class Dossiers:
    """The look at the dossiers. What was shown of an agency once is shown as 0 when it is no more."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def look(self) -> list[Sample]:
        """How many stand how, agency by agency. Nothing where there is no read model. Raises TryLater."""
        today = date_of(now())
        try:
            with sets.looking(self._store) as (connection, tables):
                opened = open_dossiers(connection, tables, today)
                parked = parked_dossiers(connection, tables)
                late = late_rungs(connection, tables, today)
        except sets.NotFilled:
            return []
        return [
            *_open(opened),
            *(Sample("hoso_dossiers_parked", (agency,), parked.get(agency, 0)) for agency in {*opened, *parked}),
            *(
                Sample("hoso_rungs_late", (agency,), late[agency].dossiers if agency in late else 0)
                for agency in {*opened, *late}
            ),
            Sample("hoso_rungs_late_seconds", (), _late_seconds(late.values())),
        ]


def _open(opened: Mapping[str, Open]) -> Iterator[Sample]:
    for agency, found in opened.items():
        for status, dossiers in found.statuses.items():
            yield Sample("hoso_dossiers_open", (agency, status), dossiers)
        yield Sample("hoso_dossiers_near_due", (agency,), found.near_due)
        yield Sample("hoso_dossiers_missed", (agency,), found.missed)
        yield Sample("hoso_dossiers_provisional", (agency,), found.provisional)
        yield Sample("hoso_dossiers_clock_failed", (agency,), found.clock_failed)


def _late_seconds(late: Iterable[Late]) -> float:
    """How long ago the first of them should have been announced."""
    first = min((one.due_on for one in late), default=None)
    return max(0.0, (now() - missed_at(None, first)).total_seconds()) if isinstance(first, date) else 0.0
