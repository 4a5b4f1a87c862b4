"""A read model of its own for each test: on SQLite and on PostgreSQL."""

from tests.connectors.project.conftest import store

__all__ = ["store"]
