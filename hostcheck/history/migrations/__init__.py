"""Revisions of the schema, applied by Alembic in one transaction."""
