"""Which carrier may carry what: the law first, then the agency's rules in their order; never the price."""

from typing import Any

import pytest

from rules.post.policy import Choice, choose, forbidden
from rules.reference import Edition, reference_of
from schemas.postal import LegKind
from schemas.reference import CarrierRule
from tests.builders import VERSION, a_bundle, a_postal_fact, fold, notices, of, received, result_ready

D, C = LegKind.DELIVER_RESULT, LegKind.COLLECT_DOSSIER


def a_rule(*carriers: str, **fields: Any) -> dict[str, Any]:
    return {"carriers": carriers, "because": "+".join(carriers), **fields}


def edition(*rules: dict[str, Any], **fields: Any) -> Edition:
    return reference_of(a_bundle(carrier_rules=list(rules), **fields)).at(VERSION)


def chosen(found: Choice | None) -> tuple[str, ...]:
    return (found.carrier, *found.fallbacks) if found else ()


RULES = (
    a_rule("ghn", "myvnpost", procedures=["1.004873"], legs=["D"], agencies=["H29.99"]),
    a_rule("vnpost_hcc", provinces=["79"], legs=["D"]),
    a_rule("ems", "viettelpost"),
)
CASES = {
    "a hired carrier where its rule names the procedure": ((D, "1.004873", "H29.99", "79"), ("ghn", "myvnpost")),
    "another agency": ((D, "1.004873", "H29.12", "79"), ("vnpost_hcc",)),
    "another route": ((D, "1.004873", "H29.12", "01"), ("ems",)),
    "a route that nobody stated": ((D, "1.004873", "H29.12", None), ("ems",)),
    "another leg": ((C, "1.004873", "H29.99", "79"), ("ems",)),
    "another procedure": ((D, "1.001193", "H29.99", "01"), ("ems",)),
}


@pytest.mark.parametrize(("asked", "carriers"), CASES.values(), ids=CASES.keys())
def test_the_first_rule_that_fits_names_the_carriers(asked: tuple[Any, ...], carriers: tuple[str, ...]) -> None:
    assert chosen(choose(edition(*RULES), *asked)) == carriers


def test_a_hired_carrier_is_never_sent_to_whatever_comes() -> None:
    rule = CarrierRule.model_validate(a_rule("ghtk", "ems", "ghn"))

    assert forbidden(rule) == ("ghtk", "ghn")
    assert chosen(choose(edition(a_rule("ghtk", "ems", "ghn")), D, "1.004873", "H29.12")) == ("ems",)
    assert choose(edition(a_rule("ghtk")), D, "1.004873", "H29.12") is None


def test_why_it_was_chosen_stands_in_the_request_with_who_comes_next() -> None:
    rules = [a_rule("myvnpost", "ems", because="the designated enterprise")]
    _, said = fold(
        [received(return_mode="POST"), result_ready("2026-11-05 09:00")],
        reference=reference_of(a_bundle(carrier_rules=rules)),
    )

    [asked] = of(said, "postal.delivery_requested")
    assert (asked.data.carrier, asked.data.because, asked.data.fallbacks) == (
        "myvnpost",
        "the designated enterprise",
        ("ems",),
    )


@pytest.mark.parametrize(("verdict", "asked"), [("refused", ["myvnpost", "ems"]), ("in_doubt", ["myvnpost"])])
def test_the_next_carrier_is_asked_unless_the_first_may_have_the_order(verdict: str, asked: list[str]) -> None:
    refused = a_postal_fact("order_refused", "2026-11-06 09:00", leg="D1", verdict=verdict, carrier_words="x")
    _, said = fold(
        [received(return_mode="POST"), result_ready("2026-11-05 09:00"), refused],
        reference=reference_of(a_bundle(carrier_rules=[a_rule("myvnpost", "ems")])),
    )

    assert [one.data.carrier for one in of(said, "postal.delivery_requested")] == asked
    assert notices(said).count("order_refused") == (verdict == "in_doubt")


def test_where_nobody_may_carry_it_nothing_is_asked_and_the_agency_is_told() -> None:
    rules = [a_rule("ghn")]
    dossier, said = fold(
        [received(return_mode="POST"), result_ready("2026-11-05 09:00")],
        reference=reference_of(a_bundle(carrier_rules=rules)),
    )

    assert of(said, "postal.delivery_requested") == []
    assert notices(said).count("order_refused") == 1
    assert [leg.because for leg in dossier.legs] == ["no carrier may carry D1 of procedure 1.004873"]
