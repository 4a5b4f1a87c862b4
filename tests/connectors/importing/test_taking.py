"""Rows through the gate: what is on the log, what a second run says, and what an interruption leaves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.gate.gate import Gate
from connectors.importing import taking
from connectors.importing.sheet import Row
from connectors.importing.stating import Stated, stated
from connectors.importing.taking import Desk, Done, Outcome, in_order, look, look_all, old_effects, take
from connectors.seal import Opener
from connectors.secrets import Secrets
from connectors.store import Store
from connectors.verdicts import TryLater
from schemas.dossier import LOG, Received
from schemas.instant import VIETNAM
from schemas.notice import REJECTIONS
from schemas.reference import Stage
from tests.builders import CODE, a_bundle
from tests.connectors.doubles import FixedReferences, KeptProducer, a_store, some_secrets

NOW = datetime(2026, 11, 5, 8, 0, tzinfo=VIETNAM)
RECEIVED = {
    "fact": "received", "time": "2026-11-02 09:05", "procedure": "1.004873", "channel": "COUNTER",
    "receiving_agency": "H29.12", "competent_agency": "H29.12", "return_mode": "COUNTER",
}  # fmt: skip
CANARY = "Canary Trần Thị Thử"


class Rig:
    """A gate over doubles, and a table's desk beside it."""

    def __init__(self, store: Store, secrets: Secrets) -> None:
        self.bundle, self.producer, self.secrets = a_bundle(), KeptProducer(), secrets
        self.gate = Gate(secrets, store, self.producer, FixedReferences(self.bundle))
        self.desk = Desk(self.bundle.agencies[0], self.bundle, store, secrets.digest, NOW)
        self.pauses: list[float] = []

    def take(self, *rows: Stated) -> list[Done]:
        batches = take(in_order(rows), self.desk, self.gate, self.pauses.append)
        return [one for batch in batches for one in batch]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with a_store(tmp_path) as store:
        yield Rig(store, some_secrets(tmp_path))


def a_row(number: int, dossier: str = CODE, **said: str) -> Stated:
    row = Row(number, RECEIVED | {"dossier": dossier} | {name.replace("__", "."): text for name, text in said.items()})
    return stated(row, "H29.12")


def a_withdrawal(number: int, dossier: str = CODE, reason: str = "đổi ý") -> Stated:
    said = {"dossier": dossier, "fact": "withdrawn", "time": "2026-11-03 10:00", "reason": reason}
    return stated(Row(number, said), "H29.12")


def dossiers(count: int) -> list[str]:
    return [f"H29.12-261102-{number:04}" for number in range(1, count + 1)]


def test_a_row_is_on_the_log_as_any_doors_fact(rig: Rig) -> None:
    (done,) = rig.take(a_row(2))

    (fact,) = rig.producer.on(LOG)
    assert done.outcome is Outcome.TAKEN
    assert isinstance(fact, Received)
    assert (fact.source, fact.subject, fact.id) == ("/agencies/H29.12", CODE, done.stated.event["id"])
    assert fact.digest and fact.trackingcode and fact.refversion == rig.bundle.version


def test_a_second_run_says_nothing_twice(rig: Rig) -> None:
    rows = [a_row(2), a_withdrawal(3)]
    rig.take(*rows)

    again = rig.take(*rows)

    assert {one.outcome for one in again} == {Outcome.ALREADY}
    assert len(rig.producer.on(LOG)) == 2


def test_a_row_that_stands_there_twice_is_one_fact(rig: Rig) -> None:
    done = rig.take(a_row(2), a_row(3))

    assert [one.outcome for one in done] == [Outcome.TAKEN, Outcome.ALREADY]
    assert len(rig.producer.on(LOG)) == 1


def test_an_interrupted_run_goes_on_where_it_was(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "BATCH", 2)
    rows = [a_row(number, code) for number, code in enumerate(dossiers(5), start=2)]
    first = next(take(in_order(rows), rig.desk, rig.gate))

    rest = rig.take(*rows)

    assert [one.outcome for one in first] == [Outcome.TAKEN] * 2
    assert [one.outcome for one in rest] == [Outcome.ALREADY] * 2 + [Outcome.TAKEN] * 3
    assert sorted(fact.subject for fact in rig.producer.on(LOG)) == dossiers(5)


def test_a_broker_that_is_away_is_waited_for_and_then_the_run_stops(rig: Rig) -> None:
    rig.producer.away = True

    with pytest.raises(TryLater):
        rig.take(a_row(2))

    assert rig.pauses == list(taking.WAITS)
    rig.producer.away = False
    assert [one.outcome for one in rig.take(a_row(2))] == [Outcome.TAKEN]


def test_a_row_that_is_refused_holds_up_no_other_and_bothers_nobody_on_the_topic(rig: Rig) -> None:
    wrong = a_row(3, dossiers(2)[1], procedure="9.999999", contact__phone="x")

    done = rig.take(a_row(2), wrong, a_row(4, dossiers(3)[2]))

    refused = next(one for one in done if one.outcome is Outcome.REFUSED)
    assert refused.stated.row.number == 3
    assert {"procedure", "contact.phone"} <= {one.field for one in refused.problems}
    assert len(rig.producer.on(LOG)) == 2
    assert rig.producer.on(REJECTIONS) == []


def test_a_corrected_row_with_the_same_name_is_told_how_to_be_said(rig: Rig) -> None:
    rig.take(a_withdrawal(2))

    (refused,) = rig.take(a_withdrawal(2, reason="lý do khác"))

    assert refused.outcome is Outcome.REFUSED
    assert [one.field for one in refused.problems] == ["id"]
    assert "corrected" in refused.problems[0].problem


def test_a_corrected_fact_takes_the_first_back_and_has_an_id_of_its_own(rig: Rig) -> None:
    (first,) = rig.take(a_row(2))
    taken_back = {"dossier": CODE, "fact": "corrected", "time": "2026-11-02 11:00", "reason": "sai cách trả"}
    back = stated(Row(3, taken_back | {"retracts.id": first.stated.event["id"]}), "H29.12")

    done = rig.take(back, a_row(4, id="lần-2", return_mode="ELECTRONIC"))

    assert {one.outcome for one in done} == {Outcome.TAKEN}


def test_a_dossier_is_opened_before_anything_else_is_said_of_it(rig: Rig) -> None:
    rig.take(a_withdrawal(2), a_row(3))

    assert [fact.type.split(".")[3] for fact in rig.producer.on(LOG)] == ["received", "withdrawn"]


def test_a_dry_run_says_the_same_and_writes_nothing(rig: Rig, tmp_path: Path) -> None:
    rig.take(a_row(2))
    rows = in_order([a_row(2), a_row(3, dossiers(2)[1]), a_row(4, dossiers(2)[1]), a_row(5, procedure="x")])

    dry = [one.outcome for batch in look_all(rows, rig.desk) for one in batch]

    assert len(rig.producer.on(LOG)) == 1
    assert dry == [one.outcome for one in rig.take(*rows)]


def test_no_citizens_detail_is_in_what_is_published_or_kept_or_said(rig: Rig, tmp_path: Path) -> None:
    contact = {
        "contact.name": CANARY, "contact.phone": "0909 123 456", "contact.address.line": CANARY,
        "contact.address.ward_code": "26740", "contact.address.ward": "Phường Mẫu",
        "contact.address.province_code": "79", "contact.address.province": "TP Mẫu",
    }  # fmt: skip
    good = stated(Row(2, RECEIVED | contact | {"dossier": CODE, "return_mode": "POST"}), "H29.12")
    bad = stated(Row(3, RECEIVED | contact | {"dossier": CODE, "contact.phone": CANARY}), "H29.12")

    done = rig.take(good, bad)

    said = b"".join(value for _, _, value in rig.producer.rows)
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("hoso.db*"))
    told = " ".join(one.problem for each in done for one in each.problems).encode()
    assert not any(word in said + kept + told for word in (CANARY.encode(), b"0909 123 456"))
    (fact,) = rig.producer.on(LOG)
    assert isinstance(fact, Received) and fact.data.contact is not None
    opened = Opener(rig.desk.store, rig.secrets.openers_private).open_contact(CODE, fact.data.contact)
    assert opened.name == CANARY


def test_a_row_of_cells_in_the_wrong_columns_is_one_problem(rig: Rig) -> None:
    (done,) = look([stated(Row(2, {"dossier": "x"}, "It has 9 cells."), "H29.12")], rig.desk)

    assert [one.field for one in done.problems] == ["row"]


def test_only_an_agency_that_acts_is_warned_of_history(rig: Rig) -> None:
    rows = [a_row(2), a_row(3, dossiers(2)[1], time="2026-10-01 08:00")]
    acting, quiet = rig.desk.agency, rig.desk.agency.model_copy(update={"stage": Stage.NOTIFY})

    assert [one.row.number for one in old_effects(rows, acting, NOW)] == [3]
    assert old_effects(rows, acting, NOW - timedelta(days=32)) == []
    assert old_effects(rows, quiet, NOW) == []
