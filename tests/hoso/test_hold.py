"""`hoso hold` on a real broker: what an operator says is known to whoever follows, until it is said otherwise."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.holds import Holds
from connectors.reference import publish
from hoso.cli.hold import hold
from rules.kept import Kept
from schemas.ops import Brake
from streams.holds import Holds as WorkersHolds
from tests.builders import a_bundle, fold, received
from tests.streams.endings import never
from tests.waiting import until

OF_THE_TEST = ("--agency", "000.00.12.H29", "--procedure", "1.003003")
"""A scope of its own: the session's other tests read the same topic."""
SCOPE = "post agency=H29.12 procedure=1.003003"


@pytest.fixture(autouse=True)
def here(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", kafka)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    monkeypatch.setenv("USER", "truc-ban")
    topics.apply(kafka, [])


@pytest.fixture
def reference(kafka: str, here: None) -> None:
    publish(kafka, a_bundle("of-the-holds-test"))


@pytest.fixture
def followed(kafka: str, here: None) -> Iterator[Holds]:
    holds = Holds(kafka)
    assert holds.start()
    yield holds
    holds.close()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What followers log does not mix with what the command prints."""
    with capture_logs():
        yield


def said(*words: str) -> Result:
    return CliRunner().invoke(hold, words)


def why(holds: Holds) -> str | None:
    return holds.why_held(Brake.POST, carrier="myvnpost", agency="H29.12", procedure="1.003003")


@pytest.mark.usefixtures("reference")
def test_a_hold_is_known_to_whoever_follows_and_to_whoever_starts_later_until_it_is_released(
    kafka: str, followed: Holds
) -> None:
    before = why(followed)

    set_ = said("post", *OF_THE_TEST, "--why", "the road is flooded")
    until(lambda: why(followed) is not None)
    listed = [row for row in json.loads(said("list", "--json").stdout) if row["scope"] == SCOPE]
    later = Holds(kafka)
    assert later.start()
    at_once = why(later)
    later.close()
    again = said("post", *OF_THE_TEST, "--why", "it is under water still", "--by", "ca-dem")
    until(lambda: "ca-dem" in (why(followed) or ""))
    released = said("release", "post", *OF_THE_TEST, "--why", "the road is dry")
    until(lambda: why(followed) is None)

    assert before is None
    assert (set_.exit_code, set_.stdout.split(":")[0]) == (0, f"{SCOPE} is held")
    assert at_once == f"{SCOPE}, by truc-ban: the road is flooded"
    assert [(row["by"], row["asks"], row["agency"]) for row in listed] == [("truc-ban", False, "H29.12")]
    assert f"{SCOPE} was held already, by truc-ban" in again.stdout
    assert f"{SCOPE} is released" in released.stdout
    assert followed.lifted_at(Brake.POST, agency="H29.12", procedure="1.003003") is not None
    assert SCOPE not in said("list").stdout


@pytest.mark.usefixtures("reference")
def test_a_worker_knows_the_holds_before_its_first_timer_fires_and_follows_them(kafka: str) -> None:
    dossier, _ = fold([received(procedure_code="1.009994")])
    said("timers", "--procedure", "1.009994", "--why", "its term is about to change")
    holds = WorkersHolds(kafka)

    holds.start(never)
    at_once = holds.stops(Kept(dossier))
    said("release", "timers", "--procedure", "1.009994", "--why", "it has changed")
    until(lambda: not holds.stops(Kept(dossier)))

    assert at_once


REFUSED = {
    "without a reason": (("post",), "--why"),
    "with an empty one": (("post", "--why", " "), "--why"),
    "of a carrier that nobody has": (("post", "--carrier", "pigeon", "--why", "x"), "there is no carrier pigeon"),
    "of an agency that nobody knows": (("notices", "--agency", "H29.55", "--why", "x"), "knows no agency H29.55"),
    "of a procedure that nobody knows": (("timers", "--procedure", "9.999999", "--why", "x"), "no procedure 9.999999"),
    "of what is no code": (("post", "--agency", "ward twelve", "--why", "x"), "--agency ward twelve: that is no such"),
    "of notices to a carrier": (("notices", "--carrier", "myvnpost", "--why", "x"), "--carrier"),
    "to release what is not held": (("release", "timers", "--why", "x"), "timers is not held"),
}


@pytest.mark.usefixtures("reference")
@pytest.mark.parametrize("case", REFUSED)
def test_a_hold_is_refused(case: str, followed: Holds) -> None:
    words, sentence = REFUSED[case]

    result = said(*words)

    assert result.exit_code != 0
    assert sentence in result.output
    assert not followed.on
