"""What `hoso up` and `hoso demo` need beside the pipeline: this installation's keys and tables, and a sandbox
that plays the others.
"""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from hoso.ports import LOOPBACK, free_port
from hoso.supervised import Spec

USUAL_PORT = 8790
"""Where the reference data's agencies of the sandbox have their callbacks."""
ACCOUNT = {"USERNAME": "sandbox", "PASSWORD": "sandbox"}
SECRET = {"WEBHOOK_SECRET": "sandbox"}
CONTRACTS: dict[str, dict[str, str]] = {
    "myvnpost": {**ACCOUNT, "CUSTOMER_CODE": "T000000001"},
    "vnpost_hcc": {
        **ACCOUNT,
        **SECRET,
        "TOKEN_PATH": "/token",
        "ORDER_PATH": "/order",
        "ORDER_PATH_WITH_CODE": "/order-with-code",
        "CUSTOMER_CODE": "T000000001",
    },
    "ems": {**SECRET, "MERCHANT_TOKEN": "sandbox", "CANCEL_PATH": "/shipments/cancel"},
    "viettelpost": {**ACCOUNT, **SECRET},
    "ghn": {**SECRET, "ACCESS_TOKEN": "sandbox", "SHOP_ID": "1"},
    "ghtk": {**SECRET, "ACCESS_TOKEN": "sandbox", "CLIENT_SOURCE": "S0000001"},
}
"""What each carrier's contract says in the sandbox, beside its address: by the endings of its settings' names."""


@dataclass(frozen=True)
class Sandbox:
    """A sandbox's place: its port, its files, and the reference data whose callbacks lead to it."""

    home: Path
    port: int
    reference: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def credentials(self) -> Path:
        """Keys and callback secrets of its agencies."""
        return self.home / "sandbox" / "credentials.json"

    @property
    def public_key(self) -> Path:
        """The public key of its post's webhooks."""
        return self.home / "sandbox" / "myvnpost.pem"

    def for_the_pipeline(self) -> dict[str, str]:
        """What the pipeline must be told so that the carriers it speaks to are the sandbox's."""
        carriers = {
            name: {"URL": f"{self.url}/{name}", "SIGNATURE": "required", **said} for name, said in CONTRACTS.items()
        }
        return {
            "HOSO_REFERENCE_DIR": str(self.reference),
            "HOSO_MYVNPOST_WEBHOOK_KEY_FILE": str(self.public_key),
            **{f"HOSO_{name.upper()}_{key}": value for name, said in carriers.items() for key, value in said.items()},
        }

    def spec(self, bootstrap: str, edge: str, extra: dict[str, str]) -> Spec:
        """The sandbox as a supervised process."""
        env = {
            "HOSO_SANDBOX_PORT": str(self.port),
            "HOSO_SANDBOX_CREDENTIALS": str(self.credentials),
            "HOSO_SANDBOX_PUBLIC_KEY": str(self.public_key),
            "HOSO_SANDBOX_CALENDAR": str(self.reference / "calendars" / "vn-public-offices.toml"),
            "HOSO_WEBHOOK_URL": f"{edge}/v1/webhooks/myvnpost",
            "HOSO_EDGE_URL": edge,
            "HOSO_KAFKA_BOOTSTRAP": bootstrap,
            "PYTHONUNBUFFERED": "1",
        }
        argv = [sys.executable, "-m", "hoso.cli.main", "sandbox"]
        # It outlives the doors: their last webhooks and callbacks still find somebody.
        return Spec("sandbox", argv, env | extra, ready=f"{self.url}/healthz", stop_order=9, address=self.url)


def reference_dir() -> Path:
    """The reference data that HOSO_REFERENCE_DIR names, or the repository's."""
    from connectors.settings import Settings

    return Settings(kafka_bootstrap=f"{LOOPBACK}:1").reference_dir


def sandbox(home: Path, reference: Path, usual_port: int | None = USUAL_PORT) -> Sandbox:
    """A sandbox of this home, its keys made. On another port than the usual one it gets reference data of its own."""
    from sandbox import keys

    port = free_port(usual_port)
    found = Sandbox(home.resolve(), port, reference.resolve() if port == USUAL_PORT else _moved(home, reference, port))
    found.public_key.parent.mkdir(parents=True, exist_ok=True)
    keys.ensure(found.public_key)
    return found


def install(home: Path, reference: Path, credentials: Path | None, database_url: str | None = None) -> None:
    """Make what this installation lacks: keys, tables, and for a sandbox its agencies' keys and secrets."""
    from connectors.agencies import ensure_sandbox_credentials
    from connectors.reference import read_dir
    from connectors.secrets import ensure_secrets
    from connectors.settings import Settings
    from connectors.store import open_store

    settings = Settings(home=home, kafka_bootstrap=f"{LOOPBACK}:1")
    secrets = ensure_secrets(settings.secrets_dir)
    store = open_store(database_url or settings.database_url)
    store.migrate()
    if credentials is not None:
        agencies = [agency.code for agency in read_dir(reference).agencies]
        ensure_sandbox_credentials(store, secrets.openers_public, agencies, credentials)
    store.close()


def _moved(home: Path, reference: Path, port: int) -> Path:
    """A copy of the reference data whose callbacks lead to another port."""
    copy = home.resolve() / "reference"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(reference, copy)
    for file in (copy / "agencies").glob("*.toml"):
        file.write_text(re.sub(rf"127\.0\.0\.1:{USUAL_PORT}\b", f"{LOOPBACK}:{port}", file.read_text()))
    return copy
