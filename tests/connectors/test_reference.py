"""Reference data: read with every mistake named, published once a version, known to whoever follows."""

import shutil
from pathlib import Path

import pytest

from connectors import topics
from connectors.broker import read_all
from connectors.reference import References, WrongReference, publish, read_dir
from connectors.reference_files import strays
from connectors.settings import REPOSITORY
from rules.reference import UnknownVersion
from schemas.reference import REFERENCE, ReferencePublished

FOLDER = REPOSITORY / "deploy" / "reference"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(FOLDER, tmp_path / "reference"))


def test_a_version_is_drawn_from_the_calendar_and_the_content(folder: Path) -> None:
    before = read_dir(folder).version
    again = read_dir(folder).version
    agency = folder / "agencies" / "H29.12.toml"
    agency.write_text(agency.read_text().replace("028 0000 0012", "028 0000 0013"))

    after = read_dir(folder).version

    assert before == again != after
    assert {before.rsplit("-", 1)[0], after.rsplit("-", 1)[0]} == {read_dir(folder).calendar.version}


def test_every_mistake_is_named_by_file_and_key(folder: Path) -> None:
    (folder / "agencies" / "H29.07.toml").write_text('code = "H29.08"\nnaem = "x"\n')
    (folder / "agencies" / "H29.64.toml").write_text("not toml")
    procedures = folder / "procedures" / "procedures.csv"
    procedures.write_text(procedures.read_text() + "1.1,Sai mã,ward,0,weeks,RESTART,,maybe,\n")
    policy = folder / "carriers" / "policy.toml"
    policy.write_text(policy.read_text() + 'agencies = ["H29.55"]\nprocedures = ["9.999999"]\n')

    with pytest.raises(WrongReference) as wrong:
        read_dir(folder)

    text = "\n".join(wrong.value.problems)
    for said in (
        "agencies/H29.07.toml: naem: ",
        "agencies/H29.07.toml: name: ",
        "agencies/H29.64.toml: ",
        "procedures/procedures.csv:15: code: ",
        "procedures/procedures.csv:15: amount: ",
        "procedures/procedures.csv:15: unit: ",
        "procedures/procedures.csv:15: by_post: ",
        "carriers/policy.toml: agencies: nobody knows H29.55",
        "carriers/policy.toml: procedures: nobody knows 9.999999",
    ):
        assert said in text


def test_a_file_that_cannot_be_read_is_one_mistake_and_no_traceback(folder: Path) -> None:
    (folder / "agencies" / "H29.64.toml").write_text("not toml")
    (folder / "carriers" / "places" / "myvnpost.csv").write_bytes("level,code,theirs\nward,1,Phường".encode("utf-16"))

    with pytest.raises(WrongReference) as wrong:
        read_dir(folder)

    assert [one.partition(": ")[0] for one in wrong.value.problems] == [
        "agencies/H29.64.toml",
        "carriers/places/myvnpost.csv",
    ]


@pytest.mark.parametrize("line", ["1.004873,Thiếu ô,ward", "1.1,a,ward,3,working_days,RESTART,,yes,,one,too many"])
def test_a_line_with_other_cells_than_its_header_is_a_mistake(folder: Path, line: str) -> None:
    procedures = folder / "procedures" / "procedures.csv"
    procedures.write_text(procedures.read_text() + line + "\n")

    with pytest.raises(WrongReference, match=r"procedures\.csv:15: the line has not as many cells as the header"):
        read_dir(folder)


def test_a_file_that_nobody_reads_is_named(folder: Path) -> None:
    for name in ("agencies/H29.13.tml", "calendar.toml", ".hidden", "README.md"):
        (folder / name).write_text("")

    assert [one.partition(":")[0] for one in strays(folder)] == ["agencies/H29.13.tml", "calendar.toml"]
    assert strays(FOLDER) == []


def test_a_callback_without_tls_says_that_it_is_for_development(folder: Path) -> None:
    agency = folder / "agencies" / "H29.12.toml"
    agency.write_text(agency.read_text().replace("development = true\n", ""))

    with pytest.raises(WrongReference, match=r"callback\.url: http is for development only"):
        read_dir(folder)


def test_one_code_twice_is_a_mistake(folder: Path) -> None:
    agency = folder / "agencies" / "H29.07.toml"
    agency.write_text(agency.read_text().replace('"000.00.07.H29"', '"H29.12"'))

    with pytest.raises(WrongReference, match=r"the agency H29\.12 is there 2 times"):
        read_dir(folder)


def test_the_procedures_are_the_published_ones(folder: Path) -> None:
    procedures = {row.code: row for row in read_dir(folder).procedures}

    assert len(procedures) == 13
    assert (procedures["1.009994"].amount, procedures["1.009994"].supplement_policy) == (15, "PAUSE_RESUME")
    assert (procedures["2.000815"].by_post, procedures["1.001193"].by_post) == (False, True)


def test_a_version_is_published_once_and_followed(kafka: str, folder: Path) -> None:
    topics.apply(kafka, [])
    agency = folder / "agencies" / "H29.12.toml"
    # A version of its own: other tests of the session publish the usual one.
    agency.write_text(agency.read_text().replace("028 0000 0012", "028 0000 0014"))
    first = read_dir(folder)
    agency.write_text(agency.read_text().replace("028 0000 0014", "028 0000 0015"))
    second = read_dir(folder)

    published = [publish(kafka, first), publish(kafka, first)]
    references = References(kafka)
    assert references.start()
    try:
        known = references.newest().version
        published += [publish(kafka, second)]
        followed = references.get(second.version)
        # The earlier version comes back into force: it is said again.
        published += [publish(kafka, first)]
    finally:
        references.close()

    assert published == [True, False, True, True]
    assert (known, followed) == (first.version, second)
    everything = [ReferencePublished.decode(message.value or b"") for message in read_all(kafka, REFERENCE)]
    said = [one for one in everything if one.data.version in (first.version, second.version)]
    assert [one.data.version for one in said] == [first.version, second.version, first.version]
    assert len({one.id for one in said}) == 3


def test_an_unknown_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.reference.WAIT_SECONDS", 0.01)

    with pytest.raises(UnknownVersion, match="v9"):
        References("127.0.0.1:1").get("v9")
