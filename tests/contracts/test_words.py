"""Drift guards of the words: every type has a topic and one writer, every topic a row, every agency's fact its
rules.
"""

import re

import pytest

from rules.life import KEPT
from rules.transitions import FOLLOWS
from rules.words import SENTENCES
from schemas.dossier import NATIONAL, Corrected, DossierFact, DossierStatus, Rated
from schemas.event import TYPES, Event
from schemas.postal import RANK, TERMINAL, ParcelStatus
from schemas.topics import TOPICS, types_by_topic


@pytest.mark.parametrize(
    ("name", "known"), sorted(TYPES.items()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_type_names_the_topic_it_travels_on_and_its_one_writer(name: str, known: type[Event]) -> None:
    assert re.fullmatch(r"vn\.hoso\.[a-z]+\.[a-z_]+\.v[1-9]", name)
    assert known.topic and known.writer, name


def test_every_topic_that_a_type_names_has_a_row() -> None:
    assert set(types_by_topic()) <= {row.name for row in TOPICS}


def test_every_fact_an_agency_may_state_is_known_to_the_rules() -> None:
    stated = {name.split(".")[3] for name, known in TYPES.items() if issubclass(known, DossierFact)}

    assert stated - {"corrected"} == set(KEPT)
    assert Corrected.opens is False and Rated.writer == "edge"


def test_every_status_has_its_row_in_the_table_of_transitions() -> None:
    assert set(FOLLOWS) == set(DossierStatus)
    assert set(NATIONAL) == set(DossierStatus) - {DossierStatus.UNKNOWN}


def test_every_end_of_a_parcel_has_the_highest_rank() -> None:
    assert {status for status in ParcelStatus if RANK.get(status) == 100} == set(TERMINAL)


def test_a_notice_that_rules_speak_of_has_its_sentence_in_both_languages() -> None:
    assert all(vi and en and vi != en for vi, en in SENTENCES.values())
