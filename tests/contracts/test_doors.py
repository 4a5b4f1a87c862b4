"""Drift of the doors: tables and migrations, metrics and log names, carriers, reference data, settings."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from connectors import settings as room
from connectors.carrier_settings import CarrierSettings
from connectors.carriers import InDoubt, carriers, settings_of
from connectors.reference import read_dir
from connectors.settings import REPOSITORY, Settings
from connectors.store import open_store
from connectors.store.tables import METADATA
from schemas.telemetry import NAMES

CONNECTORS = REPOSITORY / "connectors"


def _sources() -> Iterator[tuple[Path, str]]:
    for file in sorted(CONNECTORS.rglob("*.py")):
        yield file.relative_to(REPOSITORY), file.read_text()


def test_the_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'hoso.db'}")
    store.migrate()

    with store.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)

    assert differences == []


def test_every_table_names_its_writer() -> None:
    assert [table.name for table in METADATA.tables.values() if "Writer: " not in (table.comment or "")] == []


def test_every_metric_of_the_room_has_its_row() -> None:
    rows = {(row.kind.value, row.name) for row in NAMES}
    counted = {
        found for _, text in _sources() for found in re.findall(r"\b(counter|gauge|histogram)\(\"([^\"]+)\"\)", text)
    }

    assert counted <= rows


@pytest.mark.parametrize("name", sorted(carriers()))
def test_a_carrier_is_complete(name: str) -> None:
    carrier, settings = carriers()[name], Settings(kafka_bootstrap="localhost:9092")

    assert carrier.name == name == type(carrier).__module__.rpartition(".")[2]
    assert isinstance(carrier.in_doubt, InDoubt)
    assert isinstance(settings_of(settings, name), CarrierSettings)
    assert carrier.answer().status == 200
    assert carrier.table_version.startswith(name)
    assert not carrier.asks or carrier.query(settings_of(settings, name), "H29.12-261102-0001/D1").path


def test_the_reference_data_is_valid_and_names_carriers_that_exist() -> None:
    bundle = read_dir(REPOSITORY / "deploy" / "reference")

    named = {name for rule in bundle.carrier_rules for name in rule.carriers} | {t.carrier for t in bundle.places}
    assert named <= set(carriers())
    assert len(bundle.agencies) >= 5
    assert all(agency.callback for agency in bundle.agencies)


def test_every_setting_says_what_it_is() -> None:
    kinds = [kind for kind in vars(room).values() if isinstance(kind, type) and kind.__module__ == room.__name__]
    bare = [f"{kind.__name__}.{name}" for kind in kinds for name in _undescribed(kind)]

    assert bare == []


def _undescribed(kind: type) -> Iterator[str]:
    """The fields without a docstring beneath them."""
    tree = ast.parse((CONNECTORS / "settings.py").read_text())
    body = next((n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind.__name__), [])
    for field, following in zip(body, [*body[1:], None], strict=True):
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if named and not (isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)):
            assert isinstance(field, ast.AnnAssign)
            assert isinstance(field.target, ast.Name)
            yield field.target.id
