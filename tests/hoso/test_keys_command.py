"""`hoso keys`: rotations by commands, one step after the other, each saying what comes next and none a secret."""

import json
import time
from base64 import b64encode
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors import key_files, reference_files
from connectors.certificates import fingerprint, public_keys, public_pem, signed, written
from connectors.seal import Opener, Sealer
from connectors.secrets import ensure_secrets, load_secrets
from connectors.settings import Settings
from connectors.store import open_store
from hoso.certificate.verify import check
from hoso.cli.certificate import certificate
from hoso.cli.erase import erase
from hoso.cli.keys import keys
from schemas import instant
from schemas.event import canonical
from tests.builders import CODE, a_bundle, an_agency
from tests.hoso.test_certificate import EVERYTHING, TOML


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    ensure_secrets(tmp_path / "secrets")
    return tmp_path


def hoso(*argv: str) -> tuple[int, str]:
    done = CliRunner().invoke(keys, argv)
    return done.exit_code, done.output


def shown(which: str = "openers") -> dict[str, Any]:
    status, out = hoso("show", which, "--json")
    assert status == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_three_steps_lead_from_one_pair_to_another_and_each_names_the_next(home: Path) -> None:
    store = open_store(Settings(kafka_bootstrap="127.0.0.1:9", home=home).database_url)
    store.migrate()
    sealer = Sealer(load_secrets(home / "secrets").openers_public, store)
    box = sealer.seal_text(CODE, "text")
    sealer.keep()

    steps = [shown()["stage"]]
    for step in ((), ("--switch",), ("--finish",)):
        status, out = hoso("rotate", *step)
        assert status == 0, out
        steps.append(shown()["stage"])

    assert steps == ["settled", "prepared", "switched", "settled"]
    assert "1 key wrapped anew" in out and "openers.retired.key" in out
    assert Opener(store, load_secrets(home / "secrets").openers_private).open_text(CODE, box) == "text"
    store.close()


def test_a_step_out_of_turn_is_refused_with_the_step_that_comes_first() -> None:
    status, out = hoso("rotate", "--finish")

    assert status == 1 and "`hoso keys rotate`" in out


def test_two_steps_at_once_are_no_step() -> None:
    assert hoso("rotate", "--switch", "--finish")[0] == 2


# ---------------------------------------------------------------- the other keys

ALL = ("openers", "evidence", "feed", "digest", "tracking", "signing")
STEPS = ((), ("--switch",), ("--finish", "--yes"))
UNSIGNED = {name: member for name, member in EVERYTHING.items() if name != "signature"}


def secret_words(home: Path) -> set[str]:
    """Every secret of this installation as it stands in its file."""
    files = (home / "secrets").glob("*.key")
    return {b64encode(line.key).decode() for file in files for line in key_files.read(file)}


def it_is(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime.combine(day, datetime.min.time(), instant.VIETNAM).timestamp()
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(at, 1.0, time.time()),)))


def test_show_names_every_key_its_age_and_what_comes_next(home: Path) -> None:
    status, out = hoso("show")
    _, as_json = hoso("show", "--json")

    found = json.loads(as_json)
    assert status == 0 and [one["key"] for one in found] == list(ALL)
    assert all(one["stage"] == "settled" and one["age_days"] == 0 and len(one["id"]) == 16 for one in found)
    assert all(f"{name} (" in out for name in ALL) and "changed today" in out
    assert fingerprint(load_secrets(home / "secrets").signing).startswith(found[-1]["id"])


def test_a_key_that_is_not_here_or_is_damaged_is_said_and_the_others_are_shown(home: Path) -> None:
    (home / "secrets" / "feed.key").unlink()
    (home / "secrets" / "digest.key").write_text("half")

    status, out = hoso("show")

    assert status == 0
    assert "feed: it is not on this machine" in out and "digest.key is damaged" in out and "signing (" in out


@pytest.mark.parametrize("which", ["evidence", "feed", "signing"])
def test_each_step_says_whom_to_restart_and_the_last_what_is_left(
    home: Path, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = shown(which)["id"]
    said, stages = [], []
    for step in STEPS:
        status, out = hoso("rotate", which, *step)
        assert status == 0, out
        said.append(out)
        stages.append(shown(which)["stage"])

    assert stages == ["prepared", "switched", "settled"] and shown(which)["id"] != before
    assert all("restart" in out and f"hoso keys rotate {which}" in out for out in said[:2])
    assert f"{which}.retired.key" in said[2]
    everything = "".join(said) + caplog.text + hoso("show", "--json")[1]
    assert not [word for word in secret_words(home) if word in everything]


@pytest.mark.parametrize("which", ["digest", "tracking"])
def test_a_dated_key_says_before_which_day_to_restart_and_dropping_the_oldest_takes_yes(
    home: Path, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    it_is(date(2026, 11, 26), monkeypatch)

    status, out = hoso("rotate", which, "--from", "2026-12-01")

    assert status == 0 and "before 2026-12-01" in out and "restart edge" in out
    assert (shown(which)["stage"], shown(which)["from_on"], shown(which)["keys"]) == ("prepared", "2026-12-01", 2)
    assert hoso("rotate", which, "--switch")[0] == 2
    status, out = hoso("rotate", which, "--finish", "--yes")
    assert status == 1 and "finish then" in out

    it_is(date(2026, 12, 1), monkeypatch)
    assert shown(which)["stage"] == "settled"
    status, out = hoso("rotate", which, "--finish")
    assert status == 1 and "from before 2026-12-01" in out
    assert "--finish --yes" in out and shown(which)["keys"] == 2
    status, out = hoso("rotate", which, "--finish", "--yes")
    assert (status, shown(which)["keys"], shown(which)["from_on"]) == (0, 1, None)
    assert not [word for word in secret_words(home) if word in out]


def test_a_day_is_for_dated_keys_and_for_their_first_step(home: Path) -> None:
    assert hoso("rotate", "feed", "--from", "2026-12-01")[0] == 2
    assert hoso("rotate", "digest", "--finish", "--from", "2026-12-01")[0] == 2
    assert hoso("rotate", "nonsense")[0] == 2


def test_an_agency_that_checks_v1a_is_named_before_the_old_signing_key_goes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = an_agency("H29.12", callback={"url": "https://agency.example/hoso", "ed25519": True})
    monkeypatch.setattr(reference_files, "read_dir", lambda _: a_bundle(agencies=[agency]))
    hoso("rotate", "signing")
    hoso("rotate", "signing", "--switch")

    status, out = hoso("rotate", "signing", "--finish")

    assert status == 1 and "H29.12 may check v1a" in out and "--finish --yes" in out
    assert shown("signing")["stage"] == "switched"
    assert hoso("rotate", "signing", "--finish", "--yes")[0] == 0


def test_the_published_keys_are_those_that_sign_and_signed_the_one_in_use_first(home: Path) -> None:
    first = load_secrets(home / "secrets").signing.public_key()
    assert published() == public_pem(first)
    for step in STEPS:
        hoso("rotate", "signing", *step)

    now, before = public_keys(published().encode())
    assert (now, before) == (load_secrets(home / "secrets").signing.public_key(), first)


def published() -> str:
    return CliRunner().invoke(certificate, ["key"]).output


def test_a_certificate_of_before_holds_with_the_keys_published_after(home: Path) -> None:
    old = signed(UNSIGNED, load_secrets(home / "secrets").signing)
    for step in STEPS:
        hoso("rotate", "signing", *step)
    new = signed(UNSIGNED, load_secrets(home / "secrets").signing)

    keys_now = published().encode()
    assert [check(written(one).encode(), keys_now, TOML) for one in (old, new)] == [[], []]
    assert check(written(old).encode(), public_pem(load_secrets(home / "secrets").signing).encode(), TOML) != []


def test_an_erasure_of_before_is_verified_without_naming_a_key(home: Path, tmp_path: Path) -> None:
    from connectors.erasing import FORM

    key = load_secrets(home / "secrets").signing
    said = {"form": FORM, "dossier": CODE, "erasures": [{"keys": 1, "at": "2026-11-26T09:00:00+07:00"}], "expires": []}
    value = b64encode(key.sign(FORM.encode() + b"\n" + canonical(said))).decode()
    file = tmp_path / "erased.json"
    file.write_text(json.dumps(said | {"signature": {"algorithm": "Ed25519", "key": fingerprint(key), "value": value}}))
    for step in STEPS:
        hoso("rotate", "signing", *step)

    ran = CliRunner().invoke(erase, ["verify", str(file)])

    assert ran.exit_code == 0, ran.output
    assert "1 key destroyed" in ran.output
