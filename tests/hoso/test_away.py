"""What operators mend with, on a cluster that is not as it should be: one sentence, the next step, and status 1."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hoso import broker
from hoso.ports import LOOPBACK, free_port
from tests.saying import says

COMMANDS = {
    "list of parked": ("parked", "list"),
    "parked one": ("parked", "show", "H29.12-261102-0001"),
    "retry": ("parked", "retry", "H29.12-261102-0001", "--why", "x"),
    "skip": ("parked", "skip", "H29.12-261102-0001", "--why", "x"),
    "list of letters": ("dead-letters", "list"),
    "letter": ("dead-letters", "show", "6d0f3a52"),
    "redrive": ("dead-letters", "redrive", "6d0f3a52", "--why", "x"),
    "list of silent": ("silent", "list"),
    "silent one": ("silent", "age-out", "H29.12-261102-0001", "D1", "--why", "x"),
}


@pytest.fixture(scope="module")
def bare() -> Iterator[str]:
    """A cluster of which nobody has made the topics."""
    with broker.running() as running:
        yield running.bootstrap


@pytest.mark.broker
@pytest.mark.parametrize("case", COMMANDS)
def test_a_topic_that_is_not_there_is_named_with_what_makes_it(bare: str, tmp_path: Path, case: str) -> None:
    answer = says({"HOSO_KAFKA_BOOTSTRAP": bare, "HOSO_HOME": str(tmp_path)}, *COMMANDS[case])

    assert answer.returncode == 1
    assert answer.stderr.startswith("there is no topic ") and answer.stderr.endswith(": `hoso topics apply` makes it\n")


def test_where_nobody_answers_the_next_step_is_a_look_at_the_machine(tmp_path: Path) -> None:
    nobody = f"{LOOPBACK}:{free_port()}"

    answer = says({"HOSO_KAFKA_BOOTSTRAP": nobody, "HOSO_HOME": str(tmp_path)}, "parked", "list")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("no broker: ") and answer.stderr.endswith(": `hoso doctor` says what is away\n")
