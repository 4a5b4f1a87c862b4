"""`hoso confirm`: what a carrier only reported becomes sure by an operator's word, row by row and once."""

import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Message, Producer, read_key
from connectors.confirming import Claim, Judged, Outcome, Word, claims, judge, legs
from connectors.operators import source_of
from connectors.partner_lists import WrongList, amount_of, read_list, renamed, time_of
from connectors.reference import publish
from hoso.cli.confirm import confirm
from rules.post.leg import Leg
from schemas.dossier import LOG
from schemas.event import Event
from schemas.ops import StatusConfirmed
from schemas.postal import ParcelStatus
from tests.builders import CODE, a_bundle, a_move, a_postal_fact, fold, received, result_ready

D1 = f"{CODE}/D1"
ITEM = "EA000000011VN"
APP = typer.Typer()
APP.command("confirm")(confirm)


def taken(item: str | None = ITEM, carrier: str = "myvnpost", leg: str = "D1", **more: Any) -> Event:
    code = more.pop("code", CODE)
    return a_postal_fact(
        "order_accepted",
        "2026-11-03 15:40",
        code=code,
        leg=leg,
        carrier=carrier,
        item_code=item,
        **{"reference": f"{code}/{leg}"} | more,
    )


def reported(
    status: str = "DELIVERED", at: str = "2026-11-04 10:00", certainty: str = "REPORTED", **more: Any
) -> Event:
    return a_move(status, at, certainty=certainty, **{"carrier_code": "14", "item_code": ITEM} | more)


def on_the_log(*events: Event) -> list[Message]:
    return [Message(LOG, 0, at, event.subject.encode(), event.encode()) for at, event in enumerate(events)]


def a_claim(status: str = "DELIVERED", reference: str = D1, item: str = "", line: int = 2, at: str = "") -> Claim:
    return Claim(line, reference, item, status, time_of(at) if at else None)


def judged(log: Iterable[Event], *wanted: Claim, carrier: str = "myvnpost", **given: Any) -> list[Judged]:
    word = Word(carrier, "the day's list", "one", **given)
    return list(judge(word, wanted, legs(on_the_log(*log), wanted)))


def told(one: Judged) -> tuple[str, str]:
    return one.outcome.value, one.says


# ---------------------------------------------------------------- what is confirmed


def test_a_reported_status_becomes_one_fact_on_its_dossiers_log() -> None:
    [row] = judged([taken(), reported()], a_claim())

    assert row.fact is not None
    assert (row.outcome, row.fact.subject, row.fact.data.leg) == (Outcome.CONFIRMED, CODE, "D1")
    assert (row.fact.data.status, row.fact.data.by) == (ParcelStatus.DELIVERED, "one")
    assert row.fact.data.why == "the day's list, line 2"


def test_a_confirmed_delivery_returns_the_result_to_the_citizen() -> None:
    log = [received(return_mode="POST"), result_ready("2026-11-03 15:30"), taken(), reported(leg="D1")]
    [row] = judged(log, a_claim())
    assert row.fact is not None
    fact = row.fact.model_copy(update={"refversion": log[0].refversion})

    before, _ = fold(log)
    after, _ = fold([*log, fact])

    assert (_status(before.leg("D1")), _status(after.leg("D1"))) == (None, ParcelStatus.DELIVERED)


def _status(leg: Leg | None) -> ParcelStatus | None:
    assert leg is not None
    return leg.known.status


def test_the_same_words_give_the_same_id_and_other_words_another() -> None:
    log = [taken(), reported()]
    [first], [again] = (judged(log, a_claim()) for _ in range(2))
    [other] = judged(log, a_claim(line=3))

    assert first.fact and again.fact and other.fact
    assert first.fact.id == again.fact.id != other.fact.id


def test_a_row_may_name_a_parcel_by_the_carriers_number_and_its_status_by_the_carriers_code() -> None:
    [row] = judged([taken(), reported()], a_claim("14", "", ITEM))

    assert (row.outcome, row.leg, row.status) == (Outcome.CONFIRMED, D1, ParcelStatus.DELIVERED)


def test_a_movement_that_came_before_its_receipt_counts_for_a_row_that_names_the_number() -> None:
    [row] = judged([reported(item_code=None), taken()], a_claim("DELIVERED", "", ITEM))

    assert row.outcome is Outcome.CONFIRMED


def test_the_name_of_a_codes_list_may_be_left_out() -> None:
    [row] = judged([taken(), reported(carrier_code="old:100")], a_claim("100"))

    assert row.outcome is Outcome.CONFIRMED


def test_what_is_sure_already_is_not_said_again() -> None:
    by_the_carrier = judged([taken(), reported(), reported(certainty="CONFIRMED")], a_claim())
    [first, second] = judged([taken(), reported()], a_claim(), a_claim(line=3))
    assert first.fact is not None
    by_an_operator = judged([taken(), reported(), first.fact], a_claim())

    assert told(by_the_carrier[0]) == ("already", "the carrier confirmed it itself")
    assert (first.outcome, told(second)) == (Outcome.CONFIRMED, ("already", "an operator said so before"))
    assert told(by_an_operator[0]) == ("already", "an operator said so before")


def test_of_two_attempts_one_of_which_is_sure_the_other_is_confirmed() -> None:
    sure = reported("DELIVERY_FAILED", "2026-11-04 10:00", "CONFIRMED", carrier_code="15")
    other = reported("DELIVERY_FAILED", "2026-11-05 10:00", carrier_code="15")

    assert judged([taken(), sure, other], a_claim("DELIVERY_FAILED"))[0].outcome is Outcome.CONFIRMED


def test_a_status_that_was_never_reported_is_confirmed_beforehand_only_on_demand() -> None:
    [row] = judged([taken()], a_claim(), unreported=True)

    assert (row.outcome, row.says) == (Outcome.CONFIRMED, "not reported yet: it counts once the carrier says so")


def test_a_time_of_another_day_is_remarked_and_confirmed() -> None:
    log = [taken(), reported(at="2026-11-04 10:00")]

    near, far = judged(log, a_claim(at="04/11/2026 10:30"))[0], judged(log, a_claim(at="20/11/2026"))[0]

    assert (near.outcome, near.says) == (Outcome.CONFIRMED, "")
    assert (far.outcome, far.says) == (Outcome.CONFIRMED, "the carrier reported it for 2026-11-04 10:00")


@pytest.mark.parametrize(
    ("name", "source"),
    [("Trần Thị Đào", "/operators/tran.thi.dao"), ("root", "/operators/root"), (" / ", "/operators/somebody")],
)
def test_an_operators_source_has_no_space_in_it(name: str, source: str) -> None:
    assert source_of(name) == source


# ---------------------------------------------------------------- what is refused

OTHER = "H29.12-261102-0002"
REFUSALS = {
    "another carrier's": ([taken(), reported()], a_claim(), "ghn", "is not a leg of ghn, but of myvnpost"),
    "after a fallback": (
        [taken(carrier="ghn"), reported(), taken(carrier="myvnpost")],
        a_claim(),
        "ghn",
        "is not a leg of ghn, but of myvnpost",
    ),
    "nobody's": ([taken()], a_claim(reference=f"{OTHER}/D1"), "myvnpost", "nothing on the log bears"),
    "never reported": ([taken(), reported("IN_TRANSIT")], a_claim(), "myvnpost", "never reported DELIVERED"),
    "a code never sent": ([taken(), reported()], a_claim("15"), "myvnpost", "was not reported on"),
    "an unknown code": (
        [taken(), reported("UNKNOWN", carrier_code="26")],
        a_claim("26"),
        "myvnpost",
        "`hoso carrier map` gives it a meaning",
    ),
    "no movement": ([taken(), reported("DAMAGED")], a_claim("DAMAGED"), "myvnpost", "tells of no movement"),
    "two legs": (
        [taken(), reported(), taken("EA2", code=OTHER)],
        a_claim(reference=f"{OTHER}/D1", item=ITEM),
        "myvnpost",
        f"{ITEM} is of {D1}, not of {OTHER}/D1",
    ),
    "a number used twice": (
        [taken(), taken(code=OTHER)],
        a_claim(reference="", item=ITEM),
        "myvnpost",
        f"{ITEM} is the number of {D1} and {OTHER}/D1",
    ),
    "no name": ([taken()], a_claim(reference=""), "myvnpost", "it names no parcel"),
}


@pytest.mark.parametrize(("log", "claim", "carrier", "says"), REFUSALS.values(), ids=REFUSALS)
def test_a_row_that_the_log_does_not_bear_out_is_refused_with_its_reason(
    log: list[Event], claim: Claim, carrier: str, says: str
) -> None:
    [row] = judged(log, claim, carrier=carrier)

    assert (row.outcome, says in row.says, row.fact) == (Outcome.REFUSED, True, None), row.says


def test_a_refused_row_holds_up_no_other() -> None:
    rows = judged([taken(), reported()], a_claim("IN_TRANSIT"), a_claim(line=3))

    assert [one.outcome for one in rows] == [Outcome.REFUSED, Outcome.CONFIRMED]


# ---------------------------------------------------------------- lists


def a_list(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "list.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_a_list_may_have_the_partners_own_columns_signs_and_mark(tmp_path: Path) -> None:
    file = a_list(tmp_path, f"Ghi chú;SỐ  HIỆU;Trạng thái;Ngày\r\n;{ITEM};14;20/11/2026 10:30\r\n", "utf-8-sig")

    [claim] = claims(file, {"item_code": "Số hiệu", "status": "trạng thái", "time": "Ngày"})

    assert (claim.line, claim.item, claim.status, claim.at) == (2, ITEM, "14", time_of("2026-11-20 10:30"))


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    file = a_list(tmp_path, f'item_code,status\n\n"EA\n1",14\n{ITEM},14,too,many\n{ITEM},14\n')

    rows = read_list(file, ("item_code", "status")).rows

    assert [(row.line, row.fault) for row in rows] == [(3, None), (5, "it has 4 cells, the header 2"), (6, None)]


def test_a_time_that_may_mean_nothing_refuses_its_row_only(tmp_path: Path) -> None:
    file = a_list(tmp_path, f"reference,status,time\n{D1},DELIVERED,soon\n{D1},DELIVERED,\n")

    assert [bool(claim.fault) for claim in claims(file)] == [True, False]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no header"),
        ("status,time\n", "neither reference nor item_code"),
        ("reference,time\n", "no status"),
        ("reference,reference,status\n", "twice"),
        ('reference,status\n"open', "no CSV"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_whole(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(WrongList, match=says):
        claims(a_list(tmp_path, text))


def test_a_list_in_an_old_encoding_and_a_column_nobody_has_are_refused_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(WrongList, match="save it as CSV UTF-8"):
        claims(a_list(tmp_path, "reference,status\nHồ sơ,DELIVERED\n", "utf-16"))
    with pytest.raises(WrongList, match="has no Mã"):
        claims(a_list(tmp_path, "reference,status\n"), {"item_code": "Mã"})
    with pytest.raises(WrongList, match="names no column"):
        renamed(["weight=Cân"], ("reference", "status"))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("35000", 35000),
        ("35.000", 35000),
        ("1,235,000", 1_235_000),
        ("35 000 đ", 35000),
        ("-35.000 VNĐ", -35000),
        ("35000.00", 35000),
        ("0", 0),
        ("35.50", None),
        ("1.235,00", None),
        ("35k", None),
        ("", None),
        ("9" * 20, None),
    ],
)
def test_a_sum_is_read_only_where_it_can_mean_one_thing(text: str, amount: int | None) -> None:
    assert amount_of(text) == amount


# ---------------------------------------------------------------- on a real broker


@pytest.fixture
def code(kafka: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A dossier whose delivery is reported, on the log of a real broker."""
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", kafka)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    topics.apply(kafka, ["H29.12"])
    publish(kafka, a_bundle(f"confirm-{uuid.uuid4()}"))
    code = f"H29.12-261102-{uuid.uuid4().int % 10_000_000:07d}"
    with Producer(kafka) as producer:
        producer.publish([taken(code=code), reported(code=code)])
    return code


def hoso(*words: str) -> Result:
    return CliRunner().invoke(APP, words, env={"COLUMNS": "300"})


def confirmed(kafka: str, code: str) -> list[StatusConfirmed]:
    found = [Event.decode(one.value or b"") for one in read_key(kafka, LOG, code.encode())]
    return [event for event in found if isinstance(event, StatusConfirmed)]


def test_a_days_list_is_said_once_however_often_it_is_read(kafka: str, code: str, tmp_path: Path) -> None:
    file = a_list(tmp_path, f"reference,status,time\n{code}/D1,14,2026-11-04 10:00\n{code}/D9,14,\n")

    tried = hoso("myvnpost", str(file), "--dry-run", "--json")
    nothing = confirmed(kafka, code)
    first, second = (hoso("myvnpost", str(file), "--by", "Trần Thị Mẫu") for _ in range(2))

    assert json.loads(tried.stdout)["counts"] == {"confirmed": 1, "already": 0, "refused": 1}
    assert (tried.exit_code, nothing) == (1, [])
    assert (first.exit_code, "1 confirmed, 0 sure already, 1 refused" in first.stdout) == (1, True), first.output
    assert f"line 3: {code}/D9 14: refused" in first.stdout
    assert "0 confirmed, 1 sure already, 1 refused" in second.stdout
    [fact] = confirmed(kafka, code)
    assert (fact.source, fact.data.by) == ("/operators/tran.thi.mau", "Trần Thị Mẫu")
    assert fact.data.why == "myvnpost's list list.csv, line 2, for 2026-11-04 10:00"
    assert fact.refversion is not None and fact.refversion.startswith("confirm-")


def test_one_parcel_is_confirmed_by_name(kafka: str, code: str) -> None:
    answer = hoso("myvnpost", "--dossier", code, "--leg", "D1", "--status", "delivered", "--why", "the citizen called")

    assert (answer.exit_code, "1 confirmed" in answer.stdout) == (0, True), answer.output
    assert [fact.data.why for fact in confirmed(kafka, code)] == ["the citizen called"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("myvnpost",), "name a list"),
        (("myvnpost", "--dossier", CODE, "--leg", "D1"), "name a list"),
        (("myvnpost", "--dossier", CODE, "--leg", "D1", "--status", "DELIVERED"), "--why is needed"),
        (("myvnpost", "list.csv", "--dossier", CODE), "either a list"),
        (("pigeon", "--dossier", CODE, "--leg", "D1", "--status", "DELIVERED", "--why", "x"), "no carrier pigeon"),
        (("myvnpost", "nowhere.csv"), "there is no file"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_step(words: tuple[str, ...], says: str) -> None:
    answer = hoso(*words)

    assert (answer.exit_code != 0, says in answer.output) == (True, True), answer.output
