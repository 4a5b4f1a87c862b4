"""How Alembic reaches the database: on the connection that `Store.migrate` holds."""

from alembic import context

from connectors.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
)
with context.begin_transaction():
    context.run_migrations()
