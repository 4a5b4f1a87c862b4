"""The envelope: what was encoded is decoded, ids are derived, digests are of the content, unknown types are told
apart.
"""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.dossier import ResultReady
from schemas.event import _AT_HOME, Event, NotAnEvent, UnknownType, _here, canonical, derived_id, digest_of
from schemas.narrow import narrowed
from tests.builders import CODE, admitted, sample

GOOD = (1, 2, 3, 4, 5, 6, 7, 8, 21, 22, 23, 24, 33)


@pytest.mark.parametrize("number", GOOD)
def test_what_was_encoded_is_decoded(number: int) -> None:
    event = admitted(sample(number))

    assert Event.decode(event.encode()) == event


def test_a_field_that_a_newer_release_added_is_ignored_inside() -> None:
    raw = sample(7)
    raw["data"]["colour"] = "green"

    assert isinstance(Event.decode(json.dumps(raw).encode()), ResultReady)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b"{}", b'{"type": 7}', b'{"type": "vn.hoso.dossier.received.v1"}']
)
def test_bytes_that_are_no_event_are_told_so(raw: bytes) -> None:
    with pytest.raises(NotAnEvent):
        Event.decode(raw)


def test_a_type_of_a_newer_release_is_told_apart_from_rubbish() -> None:
    raw = sample(1) | {"type": "vn.hoso.dossier.submitted.v9"}

    with pytest.raises(UnknownType):
        Event.decode(json.dumps(raw).encode())


@pytest.mark.parametrize("time", [1762045200, "2026-11-02T08:15:00", "yesterday", None])
def test_a_time_is_text_with_a_zone(time: object) -> None:
    with pytest.raises(NotAnEvent):
        Event.decode(json.dumps(sample(1) | {"time": time}).encode())


def test_an_instant_comes_out_in_viet_nams_zone() -> None:
    event = Event.decode(json.dumps(sample(1) | {"time": "2026-11-02T01:15:00Z"}).encode())

    assert json.loads(event.encode())["time"] == "2026-11-02T08:15:00+07:00"


@pytest.mark.parametrize("number", GOOD)
def test_an_event_reads_the_same_whether_its_instants_are_in_viet_nams_zone_or_in_another(number: int) -> None:
    event = admitted(sample(number))
    abroad = json.loads(event.encode())
    for name in ("time", "recordedtime"):
        abroad[name] = datetime.fromisoformat(abroad[name]).astimezone(UTC).isoformat()

    read = Event.decode(json.dumps(abroad).encode())

    assert read == event
    assert read.encode() == event.encode()


def test_the_narrow_reader_takes_no_instant_of_another_zone() -> None:
    abroad = json.dumps(sample(7) | {"time": "2026-11-02T01:15:00Z"})

    with pytest.raises(ValidationError, match="timezone"):
        narrowed(ResultReady, {_here: _AT_HOME}).validate_json(abroad)


@pytest.mark.parametrize("time", ["1989-12-31T23:59:59+07:00", "2201-01-01T00:00:00+07:00"])
def test_an_instant_of_another_age_is_refused_in_viet_nams_zone_too(time: str) -> None:
    with pytest.raises(NotAnEvent):
        Event.decode(json.dumps(sample(1) | {"time": time}).encode())


def test_the_same_cause_purpose_and_subject_give_the_same_id_for_ever() -> None:
    assert derived_id("/agencies/H29.12 e-1", "notice", "D1") == "2897aa2f-0a98-5e21-8286-bafc6bebe69a"
    assert derived_id("a", "b", "D1") == derived_id("a", "b", "D1")
    assert derived_id("a", "b", "D1") != derived_id("a", "b", "D2")


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.dictionaries(st.text(), Json))
def test_a_digest_is_of_the_content_and_not_of_its_order(data: dict[str, object]) -> None:
    turned = dict(reversed(list(data.items())))

    assert canonical(data) == canonical(turned)
    assert digest_of(data, b"k") == digest_of(turned, b"k") != digest_of(data, b"other")


def test_a_dossiers_code_is_its_subject() -> None:
    assert admitted(sample(1)).subject == CODE
