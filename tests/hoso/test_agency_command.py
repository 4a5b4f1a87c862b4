"""`hoso agency`: an agency's file, keys and secrets, and its callback tried over real HTTP."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner, Result

from connectors.agencies import CACHED_SECONDS, KEY_PREFIX, SECRET_PREFIX, verify_key
from connectors.reference_files import read_dir
from connectors.settings import REPOSITORY
from connectors.store import Store, endpoints, open_store
from hoso.cli.agency import agency
from hoso.cli.reference import reference
from schemas.reference import Stage
from tests.connectors.notify.ear import Ear

CODE = "H29.13"
SAID = [
    "--name", 'Bộ phận Một cửa "Thử"', "--name-en", "Thu One-Stop", "--phone", "028 0000 0013", "--line", "1 Đường Mẫu",
    "--ward-code", "26740", "--ward", "Phường Mẫu", "--province-code", "79", "--province", "TP Mẫu",
]  # fmt: skip


class Rig:
    """Reference data and a home of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.home, self.reference = folder / "home", folder / "reference"
        shutil.copytree(REPOSITORY / "deploy" / "reference", self.reference)

    def says(self, *words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(agency, words, input=given)

    def adds(self, *more: str) -> Result:
        return self.says("add", CODE, *SAID, *more)

    @property
    def file(self) -> Path:
        return self.reference / "agencies" / f"{CODE}.toml"

    @property
    def store(self) -> Store:
        return open_store(f"sqlite:///{self.home / 'hoso.db'}")

    def row(self, code: str = CODE) -> dict[str, Any]:
        rows = json.loads(self.says("list", "--json").stdout)
        found: dict[str, Any] = next(one for one in rows if one["code"] == code)
        return found


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    for name in ("HOSO_DATABASE_URL", "HOSO_SECRETS_DIR", "HOSO_KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    rig = Rig(tmp_path)
    monkeypatch.setenv("HOSO_HOME", str(rig.home))
    monkeypatch.setenv("HOSO_REFERENCE_DIR", str(rig.reference))
    return rig


@pytest.fixture
def ear(rig: Rig) -> Iterator[Ear]:
    """An agency that verifies, its address in its file and its secret made."""
    with Ear("") as ear:
        rig.adds("--callback", ear.url, "--development", "--ed25519")
        ear.secret = rig.says("secret", CODE).stdout.strip()
        yield ear


# ---------------------------------------------------------------- add


def test_a_new_agency_is_a_file_that_the_reference_data_takes(rig: Rig) -> None:
    answer = rig.adds("--alias", "000.00.13.H29", "--callback", "https://motcua.example/hoso")

    found = next(one for one in read_dir(rig.reference).agencies if one.code == CODE)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.strip() == str(rig.file)
    assert (found.name, found.stage, found.aliases) == ('Bộ phận Một cửa "Thử"', Stage.SHADOW, ("000.00.13.H29",))
    assert found.callback is not None and found.callback.url == "https://motcua.example/hoso"
    assert f"hoso agency key {CODE}" in answer.stderr


def test_what_no_option_says_is_asked_for(rig: Rig) -> None:
    answer = rig.says("add", CODE, *SAID[2:], given="Tên mẫu\n")

    assert answer.exit_code == 0, answer.output
    assert 'name = "Tên mẫu"' in rig.file.read_text("utf-8")


def test_where_nobody_answers_it_ends_with_a_sentence(rig: Rig) -> None:
    answer = rig.says("add", CODE, *SAID[2:], given="")

    assert answer.exit_code == 1
    assert "nobody answers" in answer.stderr
    assert not rig.file.exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--callback", "http://motcua.example"], "callback.url: http is for development only"),
        (["--alias", "H29.12"], "the agency H29.12 is there 2 times"),
        (["--alias", "no code"], "aliases.0: "),
        (["--callback", "ftp://motcua.example"], "callback.url: "),
    ],
)
def test_a_wrong_agency_is_named_by_its_key_and_not_written(rig: Rig, more: list[str], says: str) -> None:
    answer = rig.adds(*more)

    assert answer.exit_code == 1
    assert says in answer.stderr
    assert not rig.file.exists()
    assert len(read_dir(rig.reference).agencies) == 5


def test_an_agency_that_is_there_is_not_written_over(rig: Rig) -> None:
    rig.adds()
    before = rig.file.read_bytes()

    answer = rig.adds("--stage", "act")

    assert (answer.exit_code, rig.file.read_bytes()) == (1, before)


def test_check_names_file_key_and_reason(rig: Rig) -> None:
    rig.adds()
    rig.file.write_text(rig.file.read_text("utf-8").replace('stage = "shadow"', 'stage = "loud"'), "utf-8")

    answer = CliRunner().invoke(reference, ["check"])

    assert answer.exit_code == 1
    assert f"agencies/{CODE}.toml: stage: " in answer.stderr


# ---------------------------------------------------------------- keys


def test_a_key_is_shown_once_and_lets_its_agency_in(rig: Rig) -> None:
    rig.adds()

    made = rig.says("key", CODE).stdout.strip()

    assert made.startswith(KEY_PREFIX)
    assert verify_key(rig.store, made) == CODE
    assert made not in rig.says("list").stdout
    assert made.encode() not in b"".join(file.read_bytes() for file in rig.home.rglob("hoso.db*"))


def test_a_revoked_key_lets_nobody_in_and_the_others_stay_good(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.adds()
    lost, kept = (rig.says("key", CODE).stdout.strip() for _ in range(2))
    names = [one["name"] for one in rig.row()["keys"]]

    answer = rig.says("key", CODE, "--revoke", names[0])

    assert answer.exit_code == 0, answer.output
    assert CACHED_SECONDS > 0
    assert sorted([verify_key(rig.store, lost) or "", verify_key(rig.store, kept) or ""]) == ["", CODE]
    assert len(rig.row()["keys"]) == 1
    assert rig.says("key", CODE, "--revoke", names[0]).exit_code == 1
    assert rig.says("key", CODE, "--revoke", "3").exit_code == 1


def test_the_list_shows_stage_callback_and_ages(rig: Rig) -> None:
    rig.adds("--callback", "https://motcua.example/hoso")
    rig.says("key", CODE)
    rig.says("secret", CODE)

    row = rig.row()

    assert (row["stage"], row["callback"]) == ("shadow", "not verified")
    assert [one["days"] for one in (*row["keys"], *row["secrets"])] == [0, 0]
    assert "today" in rig.says("list").stdout


# ---------------------------------------------------------------- the callback, over HTTP


def verified(exchange: dict[str, Any], secret: str) -> bool:
    """Whether a library that nobody here wrote takes this call for ours, with this secret."""
    request = exchange["request"]
    try:
        Webhook(secret).verify(request["body"], request["headers"])
    except WebhookVerificationError:
        return False
    return True


def test_a_callback_gets_a_challenge_and_then_a_signed_test_notice(rig: Rig, ear: Ear) -> None:
    answer = rig.says("test", CODE, "--json")

    challenge, told = json.loads(answer.stdout)
    assert answer.exit_code == 0, answer.output
    assert (ear.challenges, len(ear.calls)) == (1, 1)
    assert ear.calls[0].said["type"] == "vn.hoso.endpoint.test.v1"
    assert ear.calls[0].said["subject"] == CODE
    assert [one["verdict"] for one in (challenge, told)] == ["ok", "ok"]
    assert verified(told, ear.secret)
    assert "v1a," in told["request"]["headers"]["webhook-signature"]


def test_the_exchange_is_shown_whole_and_without_a_secret(rig: Rig, ear: Ear) -> None:
    shown = rig.says("test", CODE).output

    assert all(part in shown for part in ("> webhook-signature: v1,", "> webhook-id: ", "< 200 in ", "= ok", ear.url))
    assert ear.secret.removeprefix(SECRET_PREFIX) not in shown
    assert SECRET_PREFIX not in shown


@pytest.mark.parametrize(("status", "says"), [(500, "2xx is wanted"), (410, "wants no more"), (503, "busy")])
def test_a_callback_that_takes_nothing_is_told_so(rig: Rig, ear: Ear, status: int, says: str) -> None:
    ear.answers = lambda _: (status, {})

    answer = rig.says("test", CODE)

    assert answer.exit_code == 1
    assert says in answer.stdout


def test_a_callback_that_fails_its_challenge_gets_no_notice(rig: Rig, ear: Ear) -> None:
    ear.proves = False

    answer = rig.says("test", CODE)

    assert answer.exit_code == 1
    assert "the answer to the challenge is not" in answer.stdout
    assert ear.calls == []


def test_where_nobody_listens_it_is_said(rig: Rig, ear: Ear) -> None:
    rig.file.write_text(rig.file.read_text("utf-8").replace(ear.url, "http://127.0.0.1:1/x?token=geheim"), "utf-8")

    answer = rig.says("test", CODE)

    assert answer.exit_code == 1
    assert "connection failed" in answer.stdout
    assert "geheim" not in answer.output


def test_a_callback_that_may_not_be_called_is_not(rig: Rig, ear: Ear) -> None:
    text = rig.file.read_text("utf-8").replace("development = true", "development = false")
    rig.file.write_text(text.replace("http://", "https://"), "utf-8")

    answer = rig.says("test", CODE)

    assert answer.exit_code == 1
    assert "not on the open net" in answer.stderr
    assert ear.challenges == 0


def test_a_secret_is_rotated_without_a_gap(rig: Rig, ear: Ear) -> None:
    old = ear.secret
    new = rig.says("rotate", CODE).stdout.strip()

    while_both = json.loads(rig.says("test", CODE, "--json").stdout)
    ear.secret = new
    with_new = json.loads(rig.says("test", CODE, "--json").stdout)
    finished = rig.says("rotate", CODE, "--finish")
    after = json.loads(rig.says("test", CODE, "--json").stdout)

    assert finished.exit_code == 0, finished.output
    assert all(verified(one, secret) for one in (*while_both, *with_new) for secret in (old, new))
    assert all(verified(one, new) and not verified(one, old) for one in after)
    assert len(rig.row()["secrets"]) == 1


def test_a_rotation_begins_and_ends_once(rig: Rig, ear: Ear) -> None:
    finished_first = rig.says("rotate", CODE, "--finish")
    rig.says("rotate", CODE)
    again = rig.says("rotate", CODE)

    assert (finished_first.exit_code, again.exit_code) == (1, 1)
    assert "--finish" in again.stderr
    assert len(rig.row()["secrets"]) == 2


def test_without_a_first_secret_there_is_nothing_to_rotate_or_test(rig: Rig) -> None:
    rig.adds("--callback", "https://motcua.example/hoso")

    for words in (["rotate", CODE], ["test", CODE]):
        answer = rig.says(*words)
        assert answer.exit_code == 1
        assert f"hoso agency secret {CODE}" in answer.stderr


def test_a_callback_that_had_answered_410_is_used_again_once_it_is_well(rig: Rig, ear: Ear) -> None:
    with rig.store.begin() as transaction:
        endpoints.disabled(transaction, CODE, ear.url, "410")

    rig.says("test", CODE)
    still = rig.row()["callback"]
    rig.says("test", CODE, "--reopen")

    assert still == "disabled: 410"
    assert rig.row()["callback"] == "not verified"
