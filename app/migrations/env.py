"""Runs the migrations on the connection `app.database.migrate` hands over."""

from alembic import context

from app.schema import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
