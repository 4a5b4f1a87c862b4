"""A test notice from this installation to where the kit listens: what `hoso agency test` does, to another address."""

from connectors.agencies import secrets_of
from connectors.notify.guard import Forbidden
from connectors.notify.trying import try_out
from connectors.reference_files import WrongReference, read_dir
from connectors.secrets import NoSuchSecret, load_secrets
from connectors.settings import Settings
from connectors.store import open_store
from connectors.verdicts import TryLater
from hoso.kit.hearing import CannotSend
from schemas.reference import Callback

ELSEWHERE = "; where hoso is not installed, --by-operator waits for an operator's `hoso agency test`"


def send(code: str, url: str, ed25519: bool) -> list[str]:
    """What was wrong with the challenge and the test notice, as the sender sees it. Raises CannotSend."""
    settings = Settings(kafka_bootstrap="127.0.0.1:9092")
    try:
        keys = load_secrets(settings.secrets_dir)
        # Before the database is opened: on a machine without an installation nothing is made.
        opener, signing = keys.openers_private, keys.signing_callbacks if ed25519 else ()
        agency = next((one for one in read_dir(settings.reference_dir).agencies if one.code == code), None)
        if agency is None:
            raise CannotSend(f"there is no agency {code} in {settings.reference_dir}/agencies{ELSEWHERE}")
        store = open_store(settings.database_url)
        try:
            secrets = secrets_of(store, opener, code)
        finally:
            store.close()
        if not secrets:
            raise CannotSend(f"{code} has no callback secret here: `hoso agency secret {code}` makes the first")
        # This address is of the one who runs the kit, and no agency's.
        found = try_out(agency, Callback(url=url, development=True, ed25519=ed25519), secrets, signing)
    except (NoSuchSecret, WrongReference, TryLater, Forbidden) as error:
        raise CannotSend(f"{error}{ELSEWHERE}") from error
    return [f"{one.what}: {one.verdict}" for one in found if one.verdict is not None]
