"""A deadline certificate: what is issued holds, what was changed does not, and the checker owes the engine nothing."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.certificates import fingerprint, public_pem, signed, written
from hoso.certificate import verify
from hoso.certificate.verify import check
from rules.deadlines.certificate import Inputs, NothingToCertify, calendar_digest, calendar_document, certificate
from rules.deadlines.clock import project
from schemas.clock import OFFICE_HOURS, CalendarTable, ClockFact, DayOff, SupplementPolicy, Term, Unit
from schemas.instant import VIETNAM
from tests.rules.deadlines.builders import (
    CALENDAR,
    CASES_PATH,
    FIVE_DAYS,
    TABLE,
    TABLE_PATH,
    asked,
    completed,
    extended,
    facts_of,
    received,
    rule_of,
    stopped,
)
from tests.rules.deadlines.builders import (
    signed as minutes_signed,
)
from tests.rules.deadlines.builders import (
    written as written_cases,
)
from tests.rules.deadlines.histories import a_case

SCRIPT = Path(verify.__file__)
KEY, OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PUBLIC, TOML = public_pem(KEY).encode(), TABLE_PATH.read_bytes()
JSON = written(calendar_document(TABLE)).encode()
AT = datetime(2026, 11, 24, 9, tzinfo=VIETNAM)
CASES = written_cases(CASES_PATH)
WITH_DATE = [case for case in CASES if case["expect"]["due_on"]]
WITHOUT_DATE = [case for case in CASES if not case["expect"]["due_on"]]
SEEDED = 200

Json = dict[str, Any]
Leaf = tuple[tuple[str | int, ...], Any]


def inputs(
    *facts: ClockFact, term: Term | None = FIVE_DAYS, policy: SupplementPolicy = SupplementPolicy.RESTART
) -> Inputs:
    """The inputs of a dossier of five working days, unless said otherwise."""
    return Inputs("H29.12-261102-0001", "1.004873", "test-1", "test-1", term, policy, OFFICE_HOURS, CALENDAR, facts)


def inputs_of(case: Json) -> Inputs:
    """The inputs of a written case."""
    term, policy, hours = rule_of(case)
    return Inputs(case["id"], "1.004873", "test-1", "test-1", term, policy, hours, CALENDAR, tuple(facts_of(case)))


def issued(rests_on: Inputs) -> Json:
    """A certificate, signed."""
    return signed(certificate(rests_on, AT), KEY)


def faults(document: Json, key: bytes = PUBLIC, calendar: bytes = JSON) -> list[str]:
    """What the checker finds."""
    return check(written(document).encode(), key, calendar)


def signed_anew(document: Json) -> Json:
    """What an issuer would sign that lies."""
    return signed({name: member for name, member in document.items() if name != "signature"}, KEY)


EVERYTHING = issued(
    inputs(
        received("2025-04-10 09:00"),
        minutes_signed("2025-04-11 16:00"),
        asked("2025-04-14 10:00"),
        completed("2025-04-15 08:00", complete=False),
        completed("2025-04-18 10:00"),
        extended("2025-04-23 09:00", to="2025-05-10"),
        extended("2025-04-24 09:00", to="2025-06-10", id="again"),
        stopped("2025-05-13 09:00"),
    )
)
IN_HOURS = issued(
    inputs(
        received("2025-04-28 15:00"),
        asked("2025-04-29 08:30"),
        completed("2025-05-05 16:00"),
        term=Term(8, Unit.WORKING_HOURS),
        policy=SupplementPolicy.PAUSE_RESUME,
    )
)
OVER_A_HOLIDAY = issued(inputs(received("2025-12-31 10:00")))
IN_DAYS = issued(inputs(received("2024-02-01 10:00"), term=Term(10, Unit.CALENDAR_DAYS)))
CHANGED = [EVERYTHING, IN_HOURS, IN_DAYS]


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Every value of a document that is no list and no object, with the way to it."""
    match value:
        case dict():
            for name, member in value.items():
                yield from leaves(member, (*path, name))
        case list():
            for place, member in enumerate(value):
                yield from leaves(member, (*path, place))
        case _:
            yield path, value


def others(value: Any) -> list[Any]:
    """Other values that somebody might put in a leaf's place."""
    match value:
        case bool():
            return [not value, int(value)]
        case int():
            return [value + 1, float(value)]
        case str() if value[:4].isdigit() and "-" in value:
            return [str(int(value[:4]) + 1) + value[4:], ""]
        case str():
            return [value + "x", None]
        case _:
            return ["x", 0]


def changed(document: Json, path: tuple[str | int, ...], value: Any) -> Json:
    """The document with another value there."""
    copy = deepcopy(document)
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


# ---------------------------------------------------------------- what holds


@pytest.mark.parametrize("case", WITH_DATE, ids=lambda case: case["id"])
def test_the_certificate_of_a_worked_case_states_its_date_and_holds(case: Json) -> None:
    document = issued(inputs_of(case))

    assert faults(document) == []
    assert document["deadline"]["due_on"] == case["expect"]["due_on"]
    assert document["deadline"]["due_at"] == case["expect"]["due_at"]
    assert document["deadline"]["rolled"] == case["expect"]["rolled"]
    assert document["working"][-1]["day"] == case["expect"]["due_on"]


@pytest.mark.parametrize("case", WITHOUT_DATE, ids=lambda case: case["id"])
def test_there_is_no_certificate_of_no_date(case: Json) -> None:
    with pytest.raises(NothingToCertify, match="has no due date now: its clock is"):
        certificate(inputs_of(case), AT)


def test_a_procedure_without_a_term_has_no_certificate() -> None:
    with pytest.raises(NothingToCertify, match="has no term"):
        certificate(inputs(received("2025-03-03 09:00"), term=None), AT)


def test_engine_and_checker_agree_on_seeded_histories() -> None:
    random, held = Random(20261129), 0
    for _ in range(SEEDED):
        rests_on = inputs_of(a_case(random))
        clock = project(rests_on.term, rests_on.policy, rests_on.facts, CALENDAR, rests_on.hours)
        if clock.due_on is None:
            continue
        document = issued(rests_on)
        assert faults(document) == [], written(document)
        held += 1

    assert held > SEEDED / 2


def test_layout_and_the_order_of_members_mean_nothing() -> None:
    turned = dict(reversed(EVERYTHING.items()))

    for raw in (json.dumps(turned), json.dumps(EVERYTHING, indent=8), json.dumps(EVERYTHING, ensure_ascii=True)):
        assert check(raw.encode(), PUBLIC, TOML) == []


def test_the_calendar_is_the_same_as_toml_and_as_json_and_in_any_order_of_rows() -> None:
    turned = CalendarTable(
        TABLE.calendar,
        TABLE.version,
        TABLE.first_year,
        TABLE.last_year,
        TABLE.closed[::-1],
        TABLE.worked[::-1],
        TABLE.provisional_years[::-1],
    )

    assert faults(EVERYTHING, calendar=TOML) == faults(EVERYTHING, calendar=JSON) == []
    assert calendar_digest(turned) == calendar_digest(TABLE) == EVERYTHING["calendar"]["sha256"]


def test_a_date_in_a_year_that_is_not_settled_is_certified_as_provisional() -> None:
    document = issued(inputs(received("2026-12-31 09:00")))

    assert document["deadline"]["provisional"] is True
    assert faults(document) == []
    lie = signed_anew(changed(document, ("deadline", "provisional"), False))
    assert faults(lie) == ["deadline: provisional is said to be False, and it is True"]


# ---------------------------------------------------------------- what does not


@pytest.mark.parametrize("document", CHANGED, ids=["everything", "in hours", "in days"])
def test_any_single_changed_field_is_refused_with_a_sentence(document: Json) -> None:
    accepted = [
        (path, value, other)
        for path, value in leaves(document)
        for other in others(value)
        if not faults(changed(document, path, other))
    ]

    assert accepted == []


COMPUTED = ("deadline", "calendar", "working")
ON_THE_ISSUERS_WORD = ("basis",)


@pytest.mark.parametrize("document", CHANGED, ids=["everything", "in hours", "in days"])
def test_what_follows_from_the_facts_is_refused_even_where_the_issuer_signs_it(document: Json) -> None:
    for path, value in leaves(document):
        if path[0] not in COMPUTED or path[-1] in ON_THE_ISSUERS_WORD:
            continue
        found = faults(signed_anew(changed(document, path, others(value)[0])))

        assert any(f"{path[-1]} is said to be" in sentence for sentence in found), (path, found)


def test_the_calendars_words_for_a_day_are_checked_and_an_article_is_the_issuers_word() -> None:
    closed = next(place for place, line in enumerate(IN_DAYS["working"]) if line["counted_as"] == "ROLLED")
    official = next(place for place, line in enumerate(OVER_A_HOLIDAY["working"]) if line["counted_as"] == "CLOSED")

    assert faults(signed_anew(changed(IN_DAYS, ("working", closed, "basis"), "another article"))) == []
    lie = signed_anew(changed(OVER_A_HOLIDAY, ("working", official, "basis"), "a festival"))
    assert "basis is said to be 'a festival'" in faults(lie)[0]


def test_a_line_too_few_or_too_many_is_refused() -> None:
    short, long = deepcopy(EVERYTHING), deepcopy(EVERYTHING)
    del short["working"][3]
    long["working"].append(dict(long["working"][-1], day="2025-05-13"))

    lines = len(EVERYTHING["working"])
    assert f"working: lines is said to be {lines - 1}, and it is {lines}" in faults(signed_anew(short))
    assert faults(signed_anew(long)) == [f"working: lines is said to be {lines + 1}, and it is {lines}"]


def test_a_fact_left_out_moves_the_date_and_is_refused() -> None:
    for place, fact in enumerate(EVERYTHING["facts"]):
        cut = deepcopy(EVERYTHING)
        del cut["facts"][place]
        matters = fact["kind"] in ("handover_signed", "supplement_requested") or (
            fact.get("complete") or fact.get("new_due_on") == "2025-05-10"
        )

        assert any("deadline" in fault or "working" in fault for fault in faults(signed_anew(cut))) == bool(matters)
        assert faults(cut)[-1].startswith("the signature does not fit")


def test_a_date_while_a_supplement_is_awaited_is_refused() -> None:
    open_again = issued(inputs(received("2025-03-03 09:00"), asked("2025-03-05 10:00"), completed("2025-03-05 11:00")))
    del open_again["facts"][-1]

    assert any("reason is said to be 'RESTARTED', and it is 'SUSPENDED'" in one for one in faults(open_again))


def test_another_key_is_named() -> None:
    named, unfit = faults(EVERYTHING, key=public_pem(OTHER_KEY).encode())

    assert named == f"signature: key is said to be {fingerprint(KEY)!r}, and it is {fingerprint(OTHER_KEY)!r}"
    assert unfit.startswith("the signature does not fit")


def test_a_signature_under_anothers_name_does_not_fit() -> None:
    forged = signed({name: member for name, member in EVERYTHING.items() if name != "signature"}, OTHER_KEY)
    forged["signature"]["key"] = fingerprint(KEY)

    [unfit] = faults(forged)

    assert unfit.startswith("the signature does not fit")


def test_another_calendar_is_refused_and_says_in_what() -> None:
    table = CalendarTable(
        TABLE.calendar,
        TABLE.version,
        TABLE.first_year,
        TABLE.last_year,
        (*TABLE.closed, DayOff(date(2025, 5, 6), "announced late")),
        TABLE.worked,
        TABLE.provisional_years,
    )

    found = faults(EVERYTHING, calendar=written(calendar_document(table)).encode())

    assert found[0].startswith("calendar: sha256 is said to be")
    assert "working, 2025-05-06: counted_as is said to be 'WORKING_DAY', and it is 'CLOSED'" in found


@pytest.mark.parametrize(
    ("certificate", "key", "calendar"),
    [
        (b"", PUBLIC, TOML),
        (b"[]", PUBLIC, TOML),
        (b"{}", PUBLIC, TOML),
        (b"[" * 100_000, PUBLIC, TOML),
        (b"\xff\xfe", PUBLIC, TOML),
        (written(EVERYTHING).encode(), b"no key", TOML),
        (written(EVERYTHING).encode(), PUBLIC, b"no calendar"),
        (written(EVERYTHING).encode(), PUBLIC, b"{}"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_no_traceback(certificate: bytes, key: bytes, calendar: bytes) -> None:
    [found] = check(certificate, key, calendar)

    assert found.startswith("it cannot be read, or its days cannot be counted:")


def test_a_member_that_is_there_twice_is_refused_though_one_of_them_is_right() -> None:
    raw = written(EVERYTHING)
    twice = raw.replace('"due_on": "2025-05-12"', '"due_on": "2025-01-02",\n    "due_on": "2025-05-12"')

    assert json.loads(twice) == EVERYTHING and twice != raw
    assert check(twice.encode(), PUBLIC, TOML) != []


def test_nothing_can_be_added_to_a_signature() -> None:
    more = deepcopy(EVERYTHING)
    more["signature"]["comment"] = "seen by nobody"

    assert faults(more) == ["signature: comment is said to be 'seen by nobody', and it is None"]


@pytest.mark.parametrize(
    ("member", "value"), [("unit", "weeks"), ("supplement_policy", "FORGIVE"), ("amount", -1), ("amount", "5")]
)
def test_a_rule_that_is_none_is_refused(member: str, value: object) -> None:
    assert faults(signed_anew(changed(EVERYTHING, ("rule", member), value))) != []


def test_a_count_that_would_never_end_is_refused() -> None:
    endless = signed_anew(changed(EVERYTHING, ("rule", "amount"), 10**9))

    assert "leaves the years 2000 to 2099" in faults(endless)[-1]


# ---------------------------------------------------------------- the checker itself


def test_the_checker_is_one_short_file_that_imports_nothing_of_ours() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert len(text.splitlines()) <= 200
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.parametrize("holds", [True, False])
def test_the_checker_works_alone_as_a_script(tmp_path: Path, holds: bool) -> None:
    document = EVERYTHING if holds else changed(EVERYTHING, ("deadline", "due_on"), "2025-05-13")
    alone = tmp_path / "verify.py"
    alone.write_bytes(SCRIPT.read_bytes())
    for name, content in (("c.json", written(document).encode()), ("k.pem", PUBLIC), ("cal.toml", TOML)):
        (tmp_path / name).write_bytes(content)

    ran = subprocess.run(
        [sys.executable, "-I", str(alone), "c.json", "--key", "k.pem", "--calendar", "cal.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == (0 if holds else 1), ran.stderr
    assert ("it holds" in ran.stdout) == holds
    assert holds or "deadline: due_on is said to be '2025-05-13', and it is '2025-05-12'" in ran.stdout
