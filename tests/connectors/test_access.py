"""The plan of rights: nobody has more than the topics' table says, an agency has its own and nothing else."""

from pathlib import Path

import pytest

from connectors.access import ACCESS, EVENTS, ours, process_user, quotas, rights
from connectors.broker.rights import Does, On, Right
from connectors.settings import REPOSITORY
from schemas.reference import Agency
from schemas.topics import TOPICS, Topic
from tests.builders import an_agency

WORDS = {
    "gate": {"edge", "intake"},
    "streams": {"worker"},
    "timers": {"worker"},
    "monitors": {"monitor"},
    "lanes that hold themselves": {"dispatch"},
    "whoever met bytes no schema reads": {"worker", "intake", "dispatch", "translate", "poll", "notify", "project"},
    "every process": {"worker", "edge", "intake", "dispatch", "translate", "notify", "project"},
}
"""What the topics' table calls a writer or a reader, as processes; a word that is not here is a process's name, an
operator's command or an outsider."""
LOOKS_AND_MENDS = {"monitor", "console"}
"""These see every topic; the console's operators put dead letters back where they came from."""
A, B = (Agency.model_validate(an_agency(code, results_topic=True)) for code in ("H29.12", "H29.07"))


def processes(words: str) -> set[str]:
    """Whom the topics' table names."""
    named = [word.strip() for word in words.split(",")]
    return {process for word in named for process in WORDS.get(word, {word})} & ACCESS.keys()


@pytest.mark.parametrize("row", TOPICS, ids=lambda row: row.name)
def test_who_writes_and_reads_is_who_the_topics_table_names(row: Topic) -> None:
    name = f"{row.name}." if row.per_agency else row.name

    writers = {process for process, access in ACCESS.items() if name in access.writes} - LOOKS_AND_MENDS
    readers = {process for process, access in ACCESS.items() if name in access.reads} - LOOKS_AND_MENDS

    assert processes(row.writer) - LOOKS_AND_MENDS == writers
    assert processes(row.read_by) - LOOKS_AND_MENDS <= readers


def test_an_agency_may_write_its_topic_and_read_its_results_and_nothing_else() -> None:
    plain = B.model_copy(update={"results_topic": False})

    found = [one for one in rights([A, plain]) if not one.user.startswith("hoso-")]

    assert found == [
        Right("H29.12", Does.WRITE, On.TOPIC, "agency.events.H29.12"),
        Right("H29.12", Does.READ, On.TOPIC, "results.H29.12"),
        Right("H29.12", Does.READ, On.GROUP, "H29.12-", prefixed=True),
        Right("H29.07", Does.WRITE, On.TOPIC, "agency.events.H29.07"),
    ]


def test_no_agencys_groups_begin_as_anothers() -> None:
    long = A.model_copy(update={"code": "H29.12.1"})

    groups = [one.name for one in rights([A, long]) if one.prefixed and not one.user.startswith("hoso-")]

    assert not groups[1].startswith(groups[0])


def test_only_intake_and_those_who_look_read_what_agencies_wrote() -> None:
    assert {process for process, access in ACCESS.items() if EVENTS in access.reads} == {"intake"} | LOOKS_AND_MENDS


def test_a_right_of_an_agency_that_left_is_ours_to_take_and_one_of_others_is_not() -> None:
    left = Right("H29.64", Does.WRITE, On.TOPIC, "agency.events.H29.64")
    others = Right("archive-of-the-city", Does.READ, On.TOPIC, "dossier.events")

    assert (ours(left, []), ours(others, ["H29.12"])) == (True, False)


def test_an_agencys_quota_of_events_is_its_quota_of_bytes() -> None:
    slow = A.model_copy(update={"events_per_minute": 600})

    assert quotas([slow])["H29.12"] == {"producer_byte_rate": 40_960.0, "consumer_byte_rate": 40_960.0}


def test_a_process_without_a_row_has_no_name() -> None:
    with pytest.raises(LookupError, match="there is no process sandbox"):
        process_user("sandbox")


def test_the_page_shows_what_each_process_may_do() -> None:
    page = Path(REPOSITORY / "docs" / "security.md").read_text()

    rows = [line for line in page.splitlines() if line.startswith("| `hoso-")]

    assert rows == list(the_rows())


def the_rows() -> list[str]:
    """The table of docs/security.md."""
    return [
        f"| `{process_user(process)}` | {_names(access.reads)} | {_names(access.writes)} | {_names(access.groups)} |"
        for process, access in ACCESS.items()
    ]


def _names(names: object) -> str:
    assert isinstance(names, tuple)
    if set(names) == {f"{row.name}." if row.per_agency else row.name for row in TOPICS}:
        return "every topic"
    return ", ".join(f"`{name}*`" if name.endswith(".") else f"`{name}`" for name in names) or "–"
