"""On a real broker and in the fold: a new version is read from its first day, and written from its finalising on."""

import json
import shutil
from pathlib import Path

from connectors import topics
from connectors.broker import Message, Producer, read_all
from connectors.letters import readable
from connectors.reference import References, publish, read_dir
from connectors.settings import REPOSITORY
from rules.kept import Kept
from rules.parking import advance
from schemas import upcasting
from schemas.dossier import LOG, SupplementReceived
from schemas.event import Event, type_of
from schemas.reference import REFERENCE, Bundle, ReferencePublished
from tests.builders import CODE, a_bundle, a_fact, received
from tests.builders import REFERENCE as EDITIONS
from tests.connectors.doubles import KeptProducer
from tests.schemas.versions import NEW, OLD, SINCE, SupplementReceivedAnew, a_new_one, the_next_release

REQUESTED = a_fact("supplement_requested", "2026-11-04 10:00", stage="APPRAISAL", documents=["x"], reason="x")
BROUGHT = a_fact("supplement_received", "2026-11-06 09:00", complete=True)


def test_a_fleet_writes_the_old_version_until_reference_says_that_it_is_finalised(kafka: str, tmp_path: Path) -> None:
    topics.apply(kafka, [])
    folder = Path(shutil.copytree(REPOSITORY / "deploy" / "reference", tmp_path / "reference"))
    # A version of its own: what others of the session publish changes nothing here.
    _with_a_name(folder, "Ví Dụ Trước")
    publish(kafka, read_dir(folder))
    code = "H29.12-261102-7001"
    with the_next_release(), Producer(kafka) as producer:
        references = References(kafka)
        assert references.start()
        event = a_new_one(BROUGHT, papers=2).model_copy(update={"subject": code})
        producer.publish([event])

        (folder / "fleet.toml").write_text(f'finalised = "{SINCE}"\n')
        publish(kafka, after := read_dir(folder), finalises=True)
        references.get(after.version)
        producer.publish([event])
        references.close()
        publish(kafka, read_dir(_lowered(folder)))

    written = [record.value or b"" for record in read_all(kafka, LOG) if record.key == code.encode()]
    assert [type_of(raw) for raw in written] == [OLD, NEW]
    assert isinstance(Event.decode(written[0]), SupplementReceived)
    with the_next_release():
        assert all(isinstance(Event.decode(raw), SupplementReceivedAnew) for raw in written)


def _with_a_name(folder: Path, name: str) -> None:
    agency = folder / "agencies" / "H29.12.toml"
    agency.write_text(agency.read_text().replace("Ví Dụ", name))


def _lowered(folder: Path) -> Path:
    """What is read by others of this session stays as it was."""
    (folder / "fleet.toml").unlink()
    return folder


def test_a_dossier_folds_to_the_same_whichever_version_its_log_holds() -> None:
    def folded(*raws: bytes) -> Kept:
        kept = Kept()
        for raw in raws:
            event = Event.decode(raw)
            kept, _ = advance(kept, event, raw, event.ref, EDITIONS)
        return kept

    before = [one.encode() for one in (received(id="in-1"), REQUESTED, BROUGHT)]
    with the_next_release(SINCE):
        new = a_new_one(BROUGHT, papers=2).encode()
        straight, mixed = folded(*before), folded(*before[:2], new)

    assert type_of(new) == NEW
    assert straight.dossier is not None and mixed.dossier is not None
    assert (straight.dossier.clock, straight.dossier.status) == (mixed.dossier.clock, mixed.dossier.status)
    assert straight.parked == mixed.parked == ()


def test_a_fact_of_the_new_version_parks_in_the_release_before_and_is_folded_by_the_next() -> None:
    with the_next_release(SINCE):
        raw = a_new_one(BROUGHT, papers=2).encode()
    kept, _ = advance(Kept(), opening := received(), opening.encode(), opening.ref, EDITIONS)

    parked, _ = advance(kept, None, raw, BROUGHT.ref, EDITIONS)

    assert [one.raw for one in parked.parked] == [raw]
    with the_next_release(SINCE):
        assert isinstance(Event.decode(parked.parked[0].raw), SupplementReceivedAnew)


def test_a_door_that_wants_one_type_takes_its_older_versions_too() -> None:
    records = [Message(LOG, 0, 0, CODE.encode(), BROUGHT.encode()), Message(LOG, 0, 1, b"", received().encode())]

    with the_next_release():
        found = readable(records, KeptProducer(), only=(SupplementReceivedAnew,))

    assert [message.offset for message, _ in found] == [0]


def test_a_bundle_of_a_newer_release_is_read_by_this_one() -> None:
    said = json.loads(_published(a_bundle()).encode())
    said["data"] |= {"colour": "green"}
    said["data"]["agencies"][0]["fax"] = "none"

    read = ReferencePublished.decode(json.dumps(said).encode())

    assert read.data == a_bundle()


def test_a_process_may_write_no_more_than_the_bundle_in_force_says() -> None:
    references = References("nowhere:1")
    raw = _published(a_bundle(finalised="0.3.0")).encode()
    with the_next_release():
        references._take([Message(REFERENCE, 0, 0, b"k", raw)])
        high = upcasting.VERSIONS.finalised
        references._take([Message(REFERENCE, 0, 1, b"k", _published(a_bundle("test-2")).encode())])
        low = upcasting.VERSIONS.finalised

    assert (high, low) == ("0.3.0", "0.1.0")


def _published(bundle: Bundle) -> ReferencePublished:
    time = received().time
    return ReferencePublished(id="r-1", source="/hoso/reference", subject=bundle.version, time=time, data=bundle)
