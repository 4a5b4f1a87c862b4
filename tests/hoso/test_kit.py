"""`hoso kit check`: every scenario holds on the real door over a real Kafka, and each one sees an edge that lies."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.agencies import new_key, new_secret, secrets_of
from connectors.broker import read_key
from connectors.certificates import public_pem
from connectors.notify.trying import try_out
from connectors.reference import publish
from connectors.secrets import Secrets, ensure_secrets
from connectors.settings import REPOSITORY, Settings
from connectors.store import Store, feed, open_store
from connectors.store.feed import Told
from connectors.transport import Call, Reply, send
from connectors.verdicts import TryLater
from hoso import broker, pipeline
from hoso.cli.kit import kit
from hoso.kit import visit
from hoso.kit.checking import SCENARIOS, Report, check
from hoso.kit.edge import Edge
from hoso.kit.scenario import Needs, Outcome
from hoso.kit.visit import Visit
from hoso.ports import free_port
from hoso.settings import Settings as Command
from hoso.supervisor import Supervisor
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import REJECTIONS, EventRejected
from schemas.reference import Agency, Callback
from tests.builders import SAMPLES, a_bundle, an_agency
from tests.listening import Heard, Listener, Said

CODE, OTHER = "H29.12", "H29.99"
UNSET = "HOSO_DATABASE_URL", "HOSO_SECRETS_DIR", "HOSO_CLOCK"
READY_SECONDS = 60


@dataclass(frozen=True)
class Rig:
    """A running edge, and what an agency has of it."""

    settings: Settings
    url: str
    store: Store
    secrets: Secrets
    key: str
    other_key: str
    secret: str

    def visit(self, url: str | None = None) -> Visit:
        return Visit(Edge(url or self.url, self.key), CODE, other_key=self.other_key)

    def says(self, *words: object, url: str | None = None) -> Result:
        argv = ["check", url or self.url, "--agency", CODE, "--key", self.key, *map(str, words)]
        return CliRunner().invoke(kit, argv)

    def log(self, dossier: str) -> list[Event]:
        found = read_key(self.settings.kafka_bootstrap, LOG, dossier.encode())
        return [Event.decode(one.value) for one in found if one.value]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """`hoso edge` as it is, on a broker of its own: its reference data is nobody else's."""
    home: Path = tmp_path_factory.mktemp("kit")
    with broker.running() as running:
        settings = Settings(kafka_bootstrap=running.bootstrap, home=home)
        store, secrets = open_store(settings.database_url), ensure_secrets(settings.secrets_dir)
        store.migrate()
        topics.apply(running.bootstrap, [CODE, OTHER])
        publish(running.bootstrap, a_bundle("kit-1", agencies=[an_agency(CODE), an_agency(OTHER)]))
        with store.begin() as transaction:
            feed.put(transaction, [a_notice(number) for number in (1, 2, 3)])
        keys = new_key(store, CODE), new_key(store, OTHER)
        specs = pipeline.specs(running.bootstrap, Command(home=home, edge_port=free_port()), dict.fromkeys(UNSET, ""))
        [edge] = [spec for spec in specs if spec.name == "edge"]
        with Supervisor([edge], home / "logs") as supervisor:
            assert supervisor.wait_ready(READY_SECONDS), supervisor.state()[0].log.read_text()
            yield Rig(settings, edge.address, store, secrets, *keys, new_secret(store, secrets.openers_public, CODE))
        store.close()


def a_notice(number: int) -> Told:
    said: dict[str, Any] = json.loads(next(SAMPLES.glob("01-*.json")).read_bytes())
    body = json.dumps(said | {"id": f"n-{number}"}).encode()
    return Told(CODE, f"n-{number}", "agency.notices", 0, number, body)


@pytest.fixture(autouse=True)
def installation(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*UNSET, "HOSO_KEY", "HOSO_SECRET", "HOSO_OTHER_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOSO_HOME", str(rig.settings.home))
    monkeypatch.setenv("HOSO_REFERENCE_DIR", str(REPOSITORY / "deploy" / "reference"))


# ---------------------------------------------------------------- a good edge


def test_every_scenario_holds_on_a_running_edge(rig: Rig, tmp_path: Path) -> None:
    pem = tmp_path / "hoso.pem"
    pem.write_text(public_pem(rig.secrets.signing))
    words = "--other-key", rig.other_key, "--callback-port", 0, "--secret", rig.secret, "--public-key", pem

    answer = rig.says(*words, "--json")

    found = json.loads(answer.stdout)
    assert (found["failed"], found["skipped"]) == (0, 0), [one for one in found["scenarios"] if one["came"]]
    assert found["passed"] == len(SCENARIOS)
    assert answer.exit_code == 0


def test_it_leaves_what_it_says_and_no_running_clock(rig: Rig) -> None:
    report = check(rig.visit())

    dossier = report.visit.dossier
    facts = {one.id: one.type.split(".")[3] for one in rig.log(dossier)}
    found = read_key(rig.settings.kafka_bootstrap, REJECTIONS, CODE.encode())
    told = [one for row in found if row.value and isinstance(one := Event.decode(row.value), EventRejected)]
    mine = [one for one in told if (one.data.id or "").startswith(f"rehearsal-{report.visit.run}")]
    theirs = read_key(rig.settings.kafka_bootstrap, REJECTIONS, OTHER.encode())
    others = [row for row in theirs if f"rehearsal-{report.visit.run}" in (row.value or b"").decode()]
    assert re.fullmatch(rf"{CODE}-[0-9]{{6}}-999[0-9]{{4}}", dossier)
    assert list(facts.values()) == report.facts == ["received", "payment_requested", "payment_received", "withdrawn"]
    assert report.is_over
    assert len(mine) + len(others) == report.visit.rejections
    state = rig.visit().edge.get(f"/v1/dossiers/{dossier}").said["state"]
    assert (state["status"], state["clock"]["state"]) == ("WITHDRAWN", "STOPPED")


def test_what_it_was_not_given_is_skipped_and_said(rig: Rig) -> None:
    answer = rig.says()

    assert answer.exit_code == 0, answer.output
    assert answer.stdout.count("skipped ") == 3
    assert "give it as --other-key" in answer.stdout
    assert "give --callback-port" in answer.stdout
    assert "Left behind: the dossier H29.12-" in answer.stdout
    assert rig.key not in answer.output


def test_a_notice_that_an_operator_sends_is_waited_for(rig: Rig) -> None:
    words = ["--callback-port", "0", "--secret", rig.secret, "--by-operator", "--wait", "60", "--json"]
    argv = [sys.executable, "-m", "hoso.cli.main", "kit", "check", rig.url, "--agency", CODE, *words]
    env = os.environ | {"HOSO_KEY": rig.key}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        callback = Callback(url=process.stderr.readline().split()[2], development=True)
        secrets = secrets_of(rig.store, rig.secrets.openers_private, CODE)

        found = try_out(Agency.model_validate(an_agency(CODE)), callback, secrets)

        said = json.loads(process.stdout.read())
    assert [one.verdict for one in found] == [None, None]
    assert {one["name"]: one["outcome"] for one in said["scenarios"]}["callback"] == "passed"
    assert process.returncode == 0


# ---------------------------------------------------------------- an edge that lies

Lie = Callable[[Reply, bytes], Reply]
"""What the double answers instead of this reply, to a call with this body."""


def with_status(status: int) -> Lie:
    return lambda reply, _: replace(reply, status=status)


def with_header(name: str, value: str) -> Lie:
    return lambda reply, _: replace(reply, headers={**reply.headers, name: value})


def saying(change: Callable[[Any], Any]) -> Lie:
    return lambda reply, _: replace(reply, body=json.dumps(change(json.loads(reply.body))).encode())


def as_taken(reply: Reply, body: bytes) -> Reply:
    try:
        ids = [json.loads(body)["id"]]
    except (ValueError, TypeError):
        ids = []
    said = json.dumps({"accepted": ids, "rejected": []}).encode()
    return replace(reply, status=202, headers={"content-type": "application/json"}, body=said)


def without(name: str) -> Lie:
    return saying(lambda said: said | {name: []})


def unnamed(said: Any) -> Any:
    errors = [{"field": "event", "problem": "It is wrong."}]
    return said | {"rejected": [one | {"errors": errors} for one in said["rejected"]]}


def first_fault_only(said: Any) -> Any:
    return said | {"rejected": [one | {"errors": one["errors"][:1]} for one in said["rejected"]]}


def knowingly(said: Any) -> Any:
    is_there = f"-{visit.SEQUENCE}" in said["detail"] and CODE in said["detail"]
    return said | ({"detail": "This dossier is another's."} if is_there else {})


LIES: dict[str, Lie] = {
    "good-fact": without("accepted"),
    "repetition": with_status(409),
    "conflict": as_taken,
    "batch": without("rejected"),
    "binary": with_status(400),
    "faulty-field": saying(unnamed),
    "every-faulty-field": saying(first_fault_only),
    "unknown-field": as_taken,
    "unknown-type": as_taken,
    "no-zone": as_taken,
    "time-ahead": with_header("content-type", "application/json"),
    "foreign-dossier": as_taken,
    "foreign-source": with_status(422),
    "foreign-key": as_taken,
    "no-key": with_header("www-authenticate", ""),
    "wrong-key": with_status(403),
    "not-json": with_status(500),
    "event-too-large": as_taken,
    "body-too-large": as_taken,
    "too-many-events": with_status(422),
    "own-dossier": with_status(404),
    "own-timeline": without("timeline"),
    "own-deadline": saying(lambda said: {"code": said["code"]}),
    "unknown-dossier": with_status(200),
    "foreign-view": saying(knowingly),
    "no-key-no-view": with_status(200),
    "feed": saying(lambda said: said | {"next": "0"}),
    "feed-cursor": with_status(200),
    "contract": saying(lambda said: said | {"paths": {}}),
    "last": without("last"),
}


class Liar(Listener):
    """Stands before an edge and passes everything on; it lies once it is told to."""

    def __init__(self, edge: str) -> None:
        super().__init__(self._passed_on)
        self.edge, self.lie = edge, (lambda reply, _: reply)

    lie: Lie

    def _passed_on(self, heard: Heard) -> Said:
        kept = {name: value for name, value in heard.headers.items() if name not in ("host", "content-length")}
        try:
            reply = send(self.edge, Call(heard.method, heard.path, data=heard.body, headers=kept), 60)
        except TryLater:
            # A body that is too large may be cut off before its sender hears why.
            reply = Reply(413, {"content-type": "application/problem+json"}, b"{}")
        said = self.lie(reply, heard.body)
        of_the_line = ("content-length", "connection", "transfer-encoding")
        return Said(said.status, said.body, {name: v for name, v in said.headers.items() if name not in of_the_line})


def test_every_scenario_has_a_lie_that_it_sees() -> None:
    assert set(LIES) == {one.name for one in SCENARIOS if one.needs is not Needs.CALLBACK}


@pytest.mark.parametrize("name", LIES)
def test_a_scenario_sees_an_edge_that_lies(rig: Rig, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(visit, "SHOWS_SECONDS", 0.0)
    [good, wanted] = (next(one for one in SCENARIOS if one.name == which) for which in ("good-fact", name))
    with Liar(rig.url) as liar:
        here = rig.visit(liar.address)
        honest = check(here, [good, wanted] if wanted is not good else [good])
        liar.lie = LIES[name]

        lied = check(here, [wanted])

    assert came(honest) == [None] * len(honest.results)
    [result] = lied.results
    assert (result.outcome, lied.count(Outcome.FAILED)) == (Outcome.FAILED, 1)
    assert result.came


def came(report: Report) -> list[str | None]:
    return [one.came for one in report.results]


def test_a_failure_says_what_was_expected_what_came_and_what_to_do(rig: Rig) -> None:
    with Liar(rig.url) as liar:
        liar.lie = lambda reply, body: replace(reply, status=418) if reply.status == 409 else reply

        answer = rig.says(url=liar.address)
        machines = json.loads(rig.says("--json", url=liar.address).stdout)

    assert answer.exit_code == 1
    assert re.search(
        r"^failed +conflict .*\n +expected: 409, `id` named\n +came: +418 .*\n +next: ", answer.stdout, re.M
    )
    [failed] = [one for one in machines["scenarios"] if one["outcome"] == "failed"]
    assert (failed["name"], failed["expected"], failed["came"][:3]) == ("conflict", "409, `id` named", "418")
    assert failed["next"]


def test_a_wrong_key_fails_the_first_fact_and_the_rest_is_not_tried(rig: Rig) -> None:
    answer = CliRunner().invoke(kit, ["check", rig.url, "--agency", CODE, "--key", "hoso_wrong", "--json"])

    found = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert [one["name"] for one in found["scenarios"] if one["outcome"] == "failed"] == ["good-fact"]
    assert "hoso agency key" in found["scenarios"][0]["next"]
    assert found["left"]["facts"] == []


def test_where_nobody_listens_it_is_said() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    answer = CliRunner().invoke(kit, ["check", url, "--agency", CODE, "--key", "hoso_x"])

    assert answer.exit_code == 1
    assert "no answer: connection failed" in answer.stdout
    assert "next:     nobody answers at this address: is it the edge's own, with its port" in answer.stdout
    assert "the sentence names the field" not in answer.stdout
    assert "Left behind: no fact" in answer.stdout


def test_a_test_notice_that_does_not_verify_fails(rig: Rig) -> None:
    answer = rig.says("--callback-port", 0, "--secret", "whsec_" + "A" * 32, "--json")

    [failed] = [one for one in json.loads(answer.stdout)["scenarios"] if one["outcome"] == "failed"]
    assert failed["name"] == "callback"
    assert failed["came"].startswith("a call that does not verify: No matching signature")


def test_where_there_is_no_installation_nothing_is_made(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOSO_HOME", str(tmp_path / "none"))

    answer = rig.says("--callback-port", 0, "--secret", rig.secret, "--json")

    [failed] = [one for one in json.loads(answer.stdout)["scenarios"] if one["outcome"] == "failed"]
    assert "--by-operator" in failed["came"]
    assert not (tmp_path / "none").exists()


def test_a_port_that_is_taken_is_one_sentence(rig: Rig) -> None:
    answer = rig.says("--callback-port", rig.url.rpartition(":")[2], "--secret", rig.secret)

    assert answer.exit_code == 1
    assert "another --port" in answer.stderr


def test_the_list_names_every_scenario() -> None:
    answer = CliRunner().invoke(kit, ["list", "--json"])

    assert [one["name"] for one in json.loads(answer.stdout)] == [one.name for one in SCENARIOS]
