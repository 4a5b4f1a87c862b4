"""The migrations: the newest one is the one that processes look for before they read Alembic."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from connectors.store.store import HEAD, MIGRATIONS


def test_the_newest_migration_is_the_one_a_process_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
