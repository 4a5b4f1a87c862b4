"""The one door to SQL: the engine, the tables of all components, their migrations, and the queue of what is owed."""

from connectors.store.store import Store, open_store

__all__ = ["Store", "open_store"]
