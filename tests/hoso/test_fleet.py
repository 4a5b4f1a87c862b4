"""A release is finalised once everybody runs it: who is older prevents it, who is not known must be vouched for."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import topics
from connectors.broker import Consumer, read_all
from connectors.ops_port import OpsPort
from connectors.reference import in_force, publish, read_dir
from connectors.settings import REPOSITORY
from hoso.fleet import Asked, Fleet, ask, remember, remembered
from hoso.ports import LOOPBACK, free_port
from hoso.processes import PROCESSES
from hoso.supervised import Spec
from schemas.notice import NOTICES
from schemas.reference import REFERENCE
from schemas.release import RELEASE, Running, running
from tests.joining import join
from tests.saying import says

KINDS = [process.name for process in PROCESSES if process.exists()]


def a_fleet(**releases: str) -> Fleet:
    """One of each kind, of this release unless said otherwise, all of them asked and all of them on Kafka."""
    asked = [Asked(f"{kind}:1", Running(kind, f"{kind}-0", releases.get(kind, "0.2.0"))) for kind in KINDS]
    return Fleet(asked, {f"hoso-{kind}": [f"{kind}-0"] for kind in KINDS if kind != "edge"})


def test_a_fleet_of_one_release_has_nobody_in_the_way() -> None:
    assert (a_fleet().older_than("0.2.0"), a_fleet().unseen()) == ([], [])


def test_who_runs_an_older_release_is_named() -> None:
    assert a_fleet(notify="0.1.9").older_than("0.2.0") == ["notify-0 at notify:1 runs 0.1.9"]


def test_who_reads_on_kafka_and_was_not_asked_is_named() -> None:
    fleet = a_fleet()
    fleet.members["hoso-worker"] = ["worker-0", "worker-1"]

    assert fleet.unseen() == ["worker-1 reads as hoso-worker and was not asked"]


def test_a_kind_of_process_that_nobody_has_seen_is_named() -> None:
    fleet = a_fleet()
    without = [one for one in fleet.asked if one.who and one.who.kind != "edge"]

    assert Fleet(without, fleet.members).unseen() == ["no edge is known"]


@pytest.fixture
def port() -> Iterator[int]:
    """A process's operators' port; it says that it is a notify of an older release."""
    chosen = free_port()
    serving = OpsPort(LOOPBACK, chosen, who=Running("notify", "notify-0", "0.0.1"))
    yield chosen
    serving.close()


def test_a_process_says_at_its_operators_port_who_it_is(port: int) -> None:
    assert ask(f"{LOOPBACK}:{port}") == ask(f"http://{LOOPBACK}:{port}/readyz")
    assert ask(f"{LOOPBACK}:{port}").who == Running("notify", "notify-0", "0.0.1")


def test_a_port_where_nobody_of_ours_answers_is_told_apart() -> None:
    silent, chosen = free_port(), free_port()
    older = OpsPort(LOOPBACK, chosen)

    assert "does not answer" in ask(f"{LOOPBACK}:{silent}").why
    assert "does not say which release" in ask(f"{LOOPBACK}:{chosen}").why
    assert running("") is running("one two") is None
    older.close()


def test_a_supervisor_leaves_word_of_where_its_processes_can_be_asked(tmp_path: Path) -> None:
    assert remembered(tmp_path) == []

    remember(
        tmp_path, [Spec("edge", [], ready="http://127.0.0.1:7001/readyz"), Spec("sandbox", [], ready="http://x:1/")]
    )

    assert remembered(tmp_path) == ["127.0.0.1:7001"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPOSITORY / "deploy" / "reference", tmp_path / "reference"))


def settings(kafka: str, folder: Path) -> dict[str, str]:
    """An operator's."""
    return {"HOSO_KAFKA_BOOTSTRAP": kafka, "HOSO_HOME": str(folder.parent), "HOSO_REFERENCE_DIR": str(folder)}


def typed(kafka: str, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command as an operator types it."""
    argv, env = [sys.executable, "-m", "hoso.cli.main", *words], os.environ | settings(kafka, folder)
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)


def hoso(kafka: str, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The same without a process of its own."""
    return says(settings(kafka, folder), *words)


def test_a_release_is_finalised_in_reference_once_nobody_is_older(kafka: str, folder: Path, port: int) -> None:
    topics.apply(kafka, [])
    (folder / "fleet.toml").write_text('finalised = "0.0.1"\n')
    publish(kafka, read_dir(folder))
    with_an_older_one = hoso(kafka, folder, "fleet", "finalise", "--ask", f"{LOOPBACK}:{port}", "--yes")
    (folder / "fleet.toml").write_text(f'finalised = "{RELEASE}"\n')
    by_the_back_door = hoso(kafka, folder, "reference", "apply")
    (folder / "fleet.toml").write_text('finalised = "0.0.1"\n')
    reader = Consumer([NOTICES], "hoso-notify", "notify-7", kafka)
    join(reader)

    unvouched = hoso(kafka, folder, "fleet", "finalise")
    shown = hoso(kafka, folder, "fleet", "show", "--json")
    reader.close()
    vouched = typed(kafka, folder, "fleet", "finalise", "--yes")

    assert "notify-0 at" in with_an_older_one.stderr, with_an_older_one.stderr
    assert with_an_older_one.returncode == 1
    assert "hoso fleet finalise" in by_the_back_door.stderr, by_the_back_door.stderr
    assert by_the_back_door.returncode == 1
    assert "notify-7 reads as hoso-notify and was not asked" in unvouched.stderr, unvouched.stderr
    assert unvouched.returncode == 1
    assert json.loads(shown.stdout)["finalised"] == "0.0.1"
    assert vouched.returncode == 0, vouched.stderr
    bundle = in_force(kafka)
    assert bundle is not None and bundle.finalised == RELEASE
    assert read_dir(folder) == bundle
    assert "finalised already" in hoso(kafka, folder, "fleet", "finalise").stdout


def test_a_release_that_this_command_does_not_know_is_not_finalised_by_it(kafka: str, folder: Path) -> None:
    before = len(read_all(kafka, REFERENCE))

    for release in ("99.0.0", "next"):
        refused = hoso(kafka, folder, "fleet", "finalise", release, "--yes")
        assert (refused.returncode, "newest release's command" in refused.stderr) == (1, True)

    assert len(read_all(kafka, REFERENCE)) == before
