"""`hoso reconcile`: a carrier's statement of money against what the log tells of each leg."""

import csv
import json
import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Producer
from connectors.partner_lists import WrongList
from connectors.statement import Period, collected, lines
from hoso.cli.reconcile import reconcile
from rules.post.statement import Amount, Ours
from schemas.event import Event
from schemas.postal import DeliveryRequested
from tests.builders import CODE, a_move, a_postal_fact, result_ready

D1 = f"{CODE}/D1"
ITEM = "EA000000011VN"
COLLECTED, REMITTED, FEE = Amount
ALWAYS = Period()
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
APP = typer.Typer()
APP.command("reconcile")(reconcile)


def taken(time: str = "2026-11-03 15:40", *, carrier: str = "myvnpost", code: str = CODE, **more: Any) -> Event:
    given: dict[str, Any] = {"leg": "D1", "item_code": ITEM, "reference": f"{code}/D1", "fee": 22_000} | more
    return a_postal_fact("order_accepted", time, code=code, carrier=carrier, **given)


def moved(status: str = "DELIVERED", time: str = "2026-11-04 10:00", **more: Any) -> Event:
    return a_move(status, time, item_code=ITEM, **more)


def money(fact: str, amount: int, time: str, *, code: str = CODE, carrier: str = "myvnpost", **more: Any) -> Event:
    event = a_postal_fact(fact, time, code=code, leg="D1", amount=amount, borne_by="CITIZEN", **more)
    return event.model_copy(update={"source": f"/carriers/{carrier}"})


def asked(amount: int, code: str = CODE, carrier: str = "myvnpost") -> DeliveryRequested:
    data = DeliveryRequested.Data(
        leg="D1", reference=f"{code}/D1", carrier=carrier, because="the law", cash_on_delivery=amount
    )
    at = taken().time
    return DeliveryRequested(id=f"asked-{code}", source="/hoso/worker", subject=code, time=at, data=data)


def of(log: Sequence[Event], period: Period = ALWAYS, *requests: Event, carrier: str = "myvnpost") -> list[Ours]:
    return [purse.ours(period) for purse in collected(carrier, log, requests)]


def amounts(one: Ours) -> tuple[int | None, ...]:
    return tuple(one.amounts[amount] for amount in Amount)


# ---------------------------------------------------------------- ours

COLLECTED_ON_TIME = money("fee_collected", 35_000, "2026-11-04 10:00")
REMITTED_LATER = money("fee_remitted", 35_000, "2026-12-02 10:00")
CASES: dict[str, tuple[Sequence[Event], Period, tuple[int | None, ...], bool]] = {
    "taken and passed on": (
        [taken(), moved(), COLLECTED_ON_TIME, REMITTED_LATER],
        Period(),
        (35_000, 35_000, 22_000),
        True,
    ),
    "a repetition": ([taken(), taken(), COLLECTED_ON_TIME, COLLECTED_ON_TIME], Period(), (35_000, 0, 22_000), True),
    "of this month": ([taken(), moved(), COLLECTED_ON_TIME, REMITTED_LATER], NOVEMBER, (35_000, 0, 22_000), True),
    "of another month": ([taken("2026-12-01 08:00"), REMITTED_LATER], NOVEMBER, (0, 0, 0), False),
    "still on its way": ([taken()], Period(), (0, 0, 22_000), False),
    "delivered, the taking not told": ([taken(), moved()], Period(), (50_000, 0, 22_000), True),
    "passed on, the taking not told": (
        [taken(), moved(), REMITTED_LATER],
        NOVEMBER,
        (35_000, 0, 22_000),
        True,
    ),
    "came back": ([taken(), moved("RETURNED_TO_SENDER")], Period(), (0, 0, 22_000), True),
    "a carrier that states no charge": (
        [taken(fee=None), moved(), COLLECTED_ON_TIME],
        Period(),
        (35_000, 0, None),
        True,
    ),
    "charged in this month, ended in the next": (
        [taken("2026-11-30 16:00"), moved(time="2026-12-01 09:00")],
        NOVEMBER,
        (0, 0, 22_000),
        False,
    ),
}


@pytest.mark.parametrize(("log", "period", "wanted", "due"), CASES.values(), ids=CASES)
def test_a_legs_money_is_what_the_log_tells_of_these_days(
    log: Sequence[Event], period: Period, wanted: tuple[int | None, ...], due: bool
) -> None:
    [one] = of(log, period, asked(50_000))

    assert (amounts(one), one.due, one.items >= {ITEM} or not one.items) == (wanted, due, True)


def test_what_a_carrier_was_to_take_stands_on_the_log_when_its_request_is_gone() -> None:
    log = [result_ready("2026-11-03 15:30", fee=35_000), taken(), moved()]

    assert [amounts(one)[0] for one in of(log)] == [35_000]
    assert [amounts(one)[0] for one in of(log, Period(), asked(40_000))] == [40_000]


def test_anothers_legs_are_no_part_of_it() -> None:
    log = [taken(carrier="ghn"), money("fee_collected", 35_000, "2026-11-04 10:00", carrier="ghn")]

    assert of(log) == []
    assert [one.reference for one in of(log, carrier="ghn")] == [D1]


# ---------------------------------------------------------------- theirs


def a_statement(folder: Path, text: str) -> Path:
    file = folder / "statement.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_line_is_left_out_with_its_number_where_a_sum_cannot_be_read(tmp_path: Path) -> None:
    text = f"item_code,cash_collected,fee\n{ITEM},35.000,\n{ITEM},35k,1\n,1,1\n{ITEM},1\n"

    read, faults = lines(a_statement(tmp_path, text))

    assert [(one.number, dict(one.amounts)) for one in read] == [(2, {COLLECTED: 35_000, FEE: 0})]
    assert faults == [
        "line 3: cash_collected '35k' is no sum in dong",
        "line 4: it names no item",
        "line 5: it has 2 cells, the header 3",
    ]


def test_only_the_amounts_that_are_asked_for_are_read(tmp_path: Path) -> None:
    read, _ = lines(a_statement(tmp_path, f"item_code,cash_collected,fee\n{ITEM},1,2\n"), only=[FEE])

    assert [dict(one.amounts) for one in read] == [{FEE: 2}]


@pytest.mark.parametrize(
    ("header", "says"), [("fee,cash_collected\n", "neither item_code nor reference"), ("item_code\n", "states none of")]
)
def test_a_file_that_is_no_statement_is_refused(tmp_path: Path, header: str, says: str) -> None:
    with pytest.raises(WrongList, match=says):
        lines(a_statement(tmp_path, header))


# ---------------------------------------------------------------- on a real broker


def hoso(*words: str) -> Result:
    return CliRunner().invoke(APP, words, env={"COLUMNS": "300"})


def a_code() -> str:
    return f"H29.12-261102-{uuid.uuid4().int % 10_000_000:07d}"


def an_item() -> str:
    return f"EA{uuid.uuid4().int % 10**9:09d}VN"


# The post that no other test of the session reports money of.
CARRIER = "ghtk"


@pytest.fixture
def here(kafka: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", kafka)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    topics.apply(kafka, ["H29.12"])
    return kafka


def test_a_statement_is_compared_item_by_item_and_in_sums(here: str, tmp_path: Path) -> None:
    (one, two, three), items = (a_code() for _ in range(3)), [an_item() for _ in range(3)]
    with Producer(here) as producer:
        for code, item in zip((one, two, three), items, strict=True):
            delivered = a_move("DELIVERED", "2026-11-04 10:00", code=code, carrier=CARRIER, item_code=item)
            producer.publish(
                [asked(35_000, code, CARRIER), taken(code=code, carrier=CARRIER, item_code=item), delivered]
            )
        producer.publish([money("fee_remitted", 35_000, "2026-11-20 10:00", code=one, carrier=CARRIER)])
    text = (
        "Mã đơn;Mã hồ sơ;Thu hộ;Đã trả;Cước\n"
        f"{items[0]};;35.000;35.000;22.000\n"
        f";{two}/D1;30.000;;22.000\n"
        "=cmd;;35.000;;22.000\n"
    )
    file, out = a_statement(tmp_path, text), tmp_path / "compared.csv"
    columns = "item_code=mã đơn,reference=Mã hồ sơ,cash_collected=Thu hộ,cash_remitted=Đã trả,fee=Cước"
    days = ("--from", "2026-11-01", "--to", "2026-11-30", "--columns", columns)

    answer = hoso(CARRIER, str(file), *days, "--csv", str(out), "--json")
    shown = hoso(CARRIER, str(file), *days)

    said = json.loads(answer.stdout)
    assert answer.exit_code == shown.exit_code == 1
    assert {row["reference"]: (row["verdict"], row["differs"]) for row in said["items"]} == {
        f"{one}/D1": ("matched", []),
        f"{two}/D1": ("different", ["cash_collected"]),
        f"{three}/D1": ("missing_there", []),
        None: ("missing_here", []),
    }
    assert said["totals"]["different"]["here"]["cash_collected"] == 35_000
    assert said["totals"]["different"]["there"]["cash_collected"] == 30_000
    assert f"different: {two}/D1 {items[1]} (line 3): cash_collected here 35000, there 30000" in shown.stdout
    assert "matched: 1 item: cash_collected here 35,000, there 35,000" in shown.stdout
    with out.open(newline="") as written:
        rows = list(csv.DictReader(written))
    assert [row["item_code"] for row in rows if row["verdict"] == "missing_here"] == ["'=cmd"]


def test_a_statement_in_which_all_matches_is_status_0_and_an_unreadable_line_is_not(here: str, tmp_path: Path) -> None:
    code, item, carrier = a_code(), an_item(), "ems"
    with Producer(here) as producer:
        producer.publish([asked(0, code, carrier), taken(code=code, carrier=carrier, item_code=item)])
        producer.publish([a_move("DELIVERED", "2026-11-04 10:00", code=code, carrier=carrier, item_code=item)])

    right = hoso(carrier, str(a_statement(tmp_path, f"item_code,fee\n{item},22000\n")))
    half = hoso(carrier, str(a_statement(tmp_path, f"item_code,fee\n{item},22000\n{item},x\n")))

    assert (right.exit_code, "matched: 1 item" in right.stdout) == (0, True), right.output
    assert (half.exit_code, "line 3: fee 'x' is no sum in dong" in half.stdout) == (1, True), half.output


def test_what_cannot_be_done_is_said_with_the_next_step(here: str, tmp_path: Path) -> None:
    file = a_statement(tmp_path, "item_code,fee\n")

    assert "there is no carrier pigeon" in hoso("pigeon", str(file)).output
    assert "names no column" in hoso("ems", str(file), "--columns", "weight=Cân").output
    assert "there is no file" in hoso("ems", str(tmp_path / "nowhere.csv")).output
