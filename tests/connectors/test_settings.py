"""A wrong setting stops a process with a sentence that says which and why."""

from pathlib import Path

import pytest

from connectors.settings import Settings, load


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOSO_KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.delenv("HOSO_HOME", raising=False)


def test_what_is_not_said_lies_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    monkeypatch.setenv("HOSO_HOME", "/tmp/somewhere")

    settings = load(Settings)

    assert settings.database_url == "sqlite:////tmp/somewhere/hoso.db"
    assert settings.secrets_dir == Path("/tmp/somewhere/secrets")
    assert (settings.reference_dir / "agencies").is_dir()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("HOSO_KAFKA_BOOTSTRAP", None, "not set"),
        ("HOSO_KAFKA_BOOTSTRAP", "nowhere", "'nowhere' is not host:port"),
        ("HOSO_OPS_PORT", "http", "integer"),
        ("HOSO_DATABASE_URL", "mysql://x", "pattern"),
        ("HOSO_MYVNPOST_SIGNATURE", "maybe", "'required' or 'observed'"),
        ("HOSO_MYVNPOST_WEBHOOK_KEY_FILE", "/nowhere.pem", "there is no file"),
        ("HOSO_MYVNPOST_URL", "vnpost", "pattern"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str | None, why: str
) -> None:
    if name != "HOSO_KAFKA_BOOTSTRAP":
        monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    if value is not None:
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as stopped:
        load(Settings)

    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.startswith(f"{name} is wrong: ")
    assert why in said
    assert said.count("\n") == 1


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    monkeypatch.setenv("HOSO_MYVNPOST_PASSWORD", "hush")

    assert "hush" not in repr(load(Settings))
