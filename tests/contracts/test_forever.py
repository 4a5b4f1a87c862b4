"""A partition count and a derived id are for ever: a release that changes one reads another log, or says all anew.

If one of these fails, the code is to be put back. Another partition count is another log (`hoso adopt-log`); another
meaning is another purpose, beside the old one. What is new and not recorded yet: `python -m tests.contracts.forever`.
"""

from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner

from connectors.facts import follow
from connectors.settings import Settings
from schemas.postal import OrderCancelled
from streams.settings import WorkerSettings
from tests.builders import received
from tests.contracts import forever
from tests.contracts.forever import KEYS, LOGS, grown, recorded

FOR_EVER = "this is for ever: agencies' and carriers' systems, and our own topics, know it by heart"
ADD = "python -m tests.contracts.forever"


@pytest.mark.parametrize("what", ["partitions", "places", "names", "vectors", "said"])
def test_what_is_recorded_is_still_so(what: str) -> None:
    now: dict[str, Any] = getattr(forever, what)()
    before = recorded()[what]

    # A rule may say less than it did; what it says keeps its id.
    changed = {name: (one, now[name]) for name, one in before.items() if name in now and now[name] != one}
    gone = before.keys() - now.keys() if what != "said" else set()

    assert not changed and not gone, f"{FOR_EVER}: {changed} {sorted(gone)}"


def test_every_purpose_that_ids_were_derived_from_is_still_in_the_code() -> None:
    gone = set(recorded()["purposes"]) - set(forever.purposes())

    assert not gone, f"{FOR_EVER}; a fact that is no longer said may go from the record, by hand: {sorted(gone)}"


def test_what_is_new_is_recorded() -> None:
    assert grown(recorded(), forever.everything()) == recorded(), ADD


def test_the_log_has_the_partitions_that_both_rooms_think_it_has() -> None:
    counts = {kind.model_fields["log_partitions"].default for kind in (Settings, WorkerSettings)}

    assert counts == {LOGS[0]}


def test_both_rooms_clients_put_a_dossier_in_the_same_partition() -> None:
    choose = DefaultPartitioner()

    for log in LOGS:
        places = list(range(log))
        theirs = {key: choose(key.encode(), places, places) for key in KEYS}
        assert theirs == forever.places()[f"of a log of {log}"]


def test_all_that_is_derived_from_the_log_has_its_partitions() -> None:
    as_the_log = {name: row for name, row in forever.partitions().items() if row["of a log of 24"] == 24}

    assert set(as_the_log) == {
        "dossier.events",
        "dossier.deadlines",
        "dossier.state",
        "postal.requests",
        "agency.notices",
        "hoso-worker-dossiers-changelog",
    }


def test_an_answer_of_the_post_keeps_its_id() -> None:
    cause = received().model_copy(update={"id": "in-1"})
    data = OrderCancelled.Data(leg="D1", carrier="myvnpost", reason="x")

    fact = follow(cause, OrderCancelled, data, source="/hoso/dispatch", at=cause.time)

    assert fact.id == "64d2337c-0a6b-5725-9f39-c852bc0a5c1e", FOR_EVER


def test_a_record_is_not_altered_by_writing_it_again() -> None:
    before = {"said": {"a": "1", "b": "2"}, "purposes": ["x"]}

    assert grown(before, {"said": {"a": "other", "c": "3"}, "purposes": ["y"]}) == {
        "said": {"a": "1", "b": "2", "c": "3"},
        "purposes": ["x", "y"],
    }
