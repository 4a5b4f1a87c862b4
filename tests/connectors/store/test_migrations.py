"""The migrations: the newest one is the one that processes look for before they read Alembic; they only add."""

import re

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from connectors.store import Store
from connectors.store.store import HEAD, MIGRATIONS


def test_the_newest_migration_is_the_one_a_process_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_migration_only_adds_so_that_the_release_before_works_on_the_new_tables() -> None:
    # An index is searched and never named: another may take its place.
    takes_away = re.compile(r"op\.(drop_(?!index)|rename_|alter_column|execute)|\.drop_(?!index)")
    upgrades = {path.name: path.read_text().partition("def downgrade")[0] for path in MIGRATIONS.glob("versions/*.py")}

    assert upgrades
    assert {name for name, text in upgrades.items() if takes_away.search(text)} == set()


def test_tables_of_a_newer_release_are_left_as_they_are(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    store.migrate()

    with store.read() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
